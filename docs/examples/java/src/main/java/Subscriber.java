import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Follows change orders, or takes their current state. A service of your own can begin like this.
 *
 * <pre>
 * mvn package
 * java -cp "target/classes:target/lib/*" Subscriber changes --kafka localhost:9092 --registry http://localhost:8081 \
 *     --store changes.json
 * java -cp "target/classes:target/lib/*" Subscriber current --kafka localhost:9092 --schemas schemas/versions \
 *     --store current.json
 * </pre>
 *
 * <p>{@code changes} reads every event from the beginning (the backfill) and goes on with what comes. {@code current}
 * reads the newest event of each change order, drops what did not come, and goes on, too. Both keep what they know in a
 * JSON file, where a service would have its database; {@code --once} ends them when everything that was there at their
 * start is read. What the topics promise stands in {@code docs/contract/index.html}.
 */
public final class Subscriber {
  private static final String OBSERVED = "change-orders.observed.v1";
  private static final String CURRENT = "change-orders.current.v1";
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  private final Store store;
  private final Decoder decoder;
  private final boolean once;

  private Subscriber(Store store, Decoder decoder, boolean once) {
    this.store = store;
    this.decoder = decoder;
    this.once = once;
  }

  public static void main(String[] words) throws IOException, InterruptedException {
    List<String> given = Arrays.asList(words);
    String prefix = option(given, "--prefix", "");
    String registry = option(given, "--registry", null);
    String schemas = option(given, "--schemas", null);
    String kafka = option(given, "--kafka", null);
    String file = option(given, "--store", null);
    boolean changes = given.contains("changes");
    if (kafka == null || file == null || changes == given.contains("current")) {
      System.err.println(
          "changes|current --kafka HOST:PORT --store FILE [--registry URL] [--schemas FOLDER] [--prefix PREFIX]"
              + " [--group GROUP] [--once]");
      System.exit(2);
    }
    Store store = new Store(Path.of(file));
    Decoder decoder = new Decoder(registry, schemas == null ? null : Path.of(schemas));
    Subscriber subscriber = new Subscriber(store, decoder, given.contains("--once"));
    String group = changes ? option(given, "--group", "my-service") : null;
    try (Consumer<String, byte[]> consumer = consumer(kafka, group)) {
      if (changes) {
        subscriber.followChanges(consumer, prefix + OBSERVED);
      } else {
        subscriber.takeCurrent(consumer, prefix + CURRENT);
      }
    } catch (Decoder.UnknownSchema unknown) {
      System.err.println(unknown.getMessage());
      System.exit(1);
    }
    OUT.println(store.total());
  }

  /** Every event, from the beginning where the group is new. First saved, then committed: a crash between reads twice. */
  private void followChanges(Consumer<String, byte[]> consumer, String topic) throws IOException, InterruptedException {
    consumer.subscribe(List.of(topic));
    Map<TopicPartition, Long> ends = new HashMap<>();
    do {
      ConsumerRecords<String, byte[]> records = consumer.poll(Duration.ofSeconds(1));
      for (ConsumerRecord<String, byte[]> record : records) {
        OUT.println(changed(record));
      }
      if (!records.isEmpty()) {
        store.save();
        consumer.commitSync();
      }
      if (ends.isEmpty() && !consumer.assignment().isEmpty()) {
        ends.putAll(consumer.endOffsets(consumer.assignment()));
      }
    } while (!once || ends.isEmpty() || !reached(consumer, ends));
  }

  /**
   * The newest event of each change order, always from the beginning; without a group, since all of it is read. A key
   * that is stored and did not come was deleted so long ago that its tombstone is gone, too.
   */
  private void takeCurrent(Consumer<String, byte[]> consumer, String topic) throws IOException, InterruptedException {
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream().map(one -> new TopicPartition(topic, one.partition())).toList();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    Set<String> came = new HashSet<>();
    while (!reached(consumer, ends)) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
        OUT.println(now(record));
        came.add(record.key());
      }
    }
    Set<String> gone = new TreeSet<>(store.orders.keySet());
    gone.removeAll(came);
    for (String key : gone) {
      store.orders.remove(key);
      OUT.println(key + " gone");
    }
    store.save();
    while (!once) {
      ConsumerRecords<String, byte[]> records = consumer.poll(Duration.ofSeconds(1));
      for (ConsumerRecord<String, byte[]> record : records) {
        OUT.println(now(record));
      }
      if (!records.isEmpty()) {
        store.save();
      }
    }
  }

  /**
   * Takes one event over. What comes twice, or late, changes nothing: the store knows a sequence at least as high. A
   * deleted change order keeps its entry, so that an older event that is read again does not bring it back.
   */
  private String changed(ConsumerRecord<String, byte[]> record) throws IOException, InterruptedException {
    GenericRecord event = decoder.decode(record.value());
    Store.Entry entry = entry(event);
    Store.Entry known = store.orders.get(record.key());
    if (known != null && known.sequence() >= entry.sequence()) {
      return "%s %d seen before".formatted(record.key(), entry.sequence());
    }
    store.orders.put(record.key(), entry);
    return told(record.key(), entry, event.get("change"));
  }

  /** Takes over how a change order stands now. A record without a value (a tombstone): it was deleted. */
  private String now(ConsumerRecord<String, byte[]> record) throws IOException, InterruptedException {
    if (record.value() == null) {
      store.orders.remove(record.key());
      return record.key() + " deleted";
    }
    Store.Entry entry = entry(decoder.decode(record.value()));
    store.orders.put(record.key(), entry);
    return told(record.key(), entry, entry.status());
  }

  private static String told(String key, Store.Entry entry, Object how) {
    return "%s %d %s: %s, %s".formatted(key, entry.sequence(), how, entry.title(), entry.client_price());
  }

  private static Store.Entry entry(GenericRecord event) {
    GenericRecord order = (GenericRecord) event.get("change_order");
    BigDecimal price = (BigDecimal) order.get("client_price");
    return new Store.Entry(
        (Long) event.get("sequence"),
        event.get("change").toString().equals("deleted"),
        order.get("status").toString(),
        text(order.get("title")),
        price == null ? null : price.toPlainString());
  }

  private static String text(Object value) {
    return value == null ? null : value.toString();
  }

  private static boolean reached(Consumer<?, ?> consumer, Map<TopicPartition, Long> ends) {
    return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  private static Consumer<String, byte[]> consumer(String kafka, String group) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", kafka);
    settings.put("isolation.level", "read_committed"); // Without it events of aborted transactions would show, too.
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    if (group != null) {
      settings.put("group.id", group);
    }
    return new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
  }

  private static String option(List<String> words, String name, String otherwise) {
    int at = words.indexOf(name);
    return at < 0 || at + 1 == words.size() ? otherwise : words.get(at + 1);
  }
}
