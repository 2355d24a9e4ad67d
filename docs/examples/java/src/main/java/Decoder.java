import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;

/**
 * Reads both wire formats: {@code 00} and the schema's id in the registry (four bytes), or {@code C3 01} and its
 * fingerprint (eight bytes, little-endian), then Avro. Amounts are {@link java.math.BigDecimal}, times {@link
 * java.time.Instant}.
 */
final class Decoder {
  /** A record names a schema that cannot be had here; the message says what to name. */
  static final class UnknownSchema extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnknownSchema(String message) {
      super(message);
    }
  }

  private final String registry;
  private final HttpClient http = HttpClient.newHttpClient();
  private final GenericData types = new GenericData();
  private final Map<Long, Schema> byFingerprint = new HashMap<>();
  private final Map<Integer, Schema> byId = new HashMap<>();

  /** {@code registry}: its address, or null. {@code folder}: {@code schemas/versions} of the relay, or null. */
  Decoder(String registry, Path folder) throws IOException {
    this.registry = registry;
    types.addLogicalTypeConversion(new Conversions.DecimalConversion());
    types.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    if (folder != null) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.resolve("ChangeOrderObserved"), "*.avsc")) {
        for (Path file : files) {
          Schema schema = parsed(Files.readString(file));
          byFingerprint.put(SchemaNormalization.parsingFingerprint64(schema), schema);
        }
      }
    }
  }

  GenericRecord decode(byte[] data) throws IOException, InterruptedException {
    boolean confluent = data[0] == 0;
    int head = confluent ? 5 : 10;
    Schema schema =
        confluent
            ? registered(ByteBuffer.wrap(data).getInt(1))
            : published(ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).getLong(2));
    var reader = new GenericDatumReader<GenericRecord>(schema, schema, types);
    return reader.read(null, DecoderFactory.get().binaryDecoder(data, head, data.length - head, null));
  }

  private Schema published(long fingerprint) {
    Schema schema = byFingerprint.get(fingerprint);
    if (schema == null) {
      throw new UnknownSchema(
          "No schema is known with the fingerprint %016x: name the folder schemas/versions of the release that writes"
                  .formatted(Long.reverseBytes(fingerprint))
              + " this topic (--schemas).");
    }
    return schema;
  }

  private Schema registered(int id) throws IOException, InterruptedException {
    if (registry == null) {
      throw new UnknownSchema(
          "The record was written with a schema registry (id %d): name its address (--registry).".formatted(id));
    }
    Schema schema = byId.get(id);
    if (schema == null) {
      var request = HttpRequest.newBuilder(URI.create("%s/schemas/ids/%d".formatted(registry, id))).build();
      var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException("The schema registry answers %d for id %d.".formatted(answer.statusCode(), id));
      }
      schema = parsed(new ObjectMapper().readTree(answer.body()).get("schema").asText());
      byId.put(id, schema);
    }
    return schema;
  }

  private static Schema parsed(String text) {
    return new Schema.Parser().parse(text);
  }
}
