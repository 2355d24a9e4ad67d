import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;

/** What is known of each change order, by key; in a file that is replaced as a whole. */
final class Store {
  /** What this service wants to know. An amount is text in JSON: a double would not be exact. */
  record Entry(long sequence, boolean deleted, String status, String title, String client_price) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  final Map<String, Entry> orders;
  private final Path file;

  Store(Path file) throws IOException {
    this.file = file;
    this.orders =
        Files.exists(file)
            ? JSON.readValue(Files.readString(file), new TypeReference<TreeMap<String, Entry>>() {})
            : new TreeMap<>();
  }

  void save() throws IOException {
    Path written = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(written, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(orders));
    Files.move(written, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  /** How many change orders are there, and what they come to for the client, exactly. */
  String total() {
    BigDecimal total = BigDecimal.ZERO.setScale(4);
    long living = 0;
    for (Entry entry : orders.values()) {
      if (!entry.deleted()) {
        living++;
        total = entry.client_price() == null ? total : total.add(new BigDecimal(entry.client_price()));
      }
    }
    return "%d change orders, %s in all".formatted(living, total.toPlainString());
  }
}
