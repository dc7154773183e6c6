import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Kafka Streams: a processor with a cached, logged store; changed sums once a second; arguments: guarantee, threads. */
public class App {
  static final long[] TIERS =
      Arrays.stream(System.getenv("BENCH_TIERS").split(",")).mapToLong(Long::parseLong).toArray();
  static final ObjectMapper MAPPER = new ObjectMapper();
  static final ObjectReader READER = MAPPER.readerFor(Event.class);

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Event {
    public String id, type, time;
    public Data data;
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Data {
    public String employee, currency, customer;
    public BigDecimal amount;
  }

  static class Sums implements Processor<String, byte[], String, byte[]> {
    private final Set<String> changed = new HashSet<>();
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> store;

    @Override
    public void init(ProcessorContext<String, byte[]> given) {
      context = given;
      store = given.getStateStore("sums");
      given.schedule(Duration.ofSeconds(1), PunctuationType.WALL_CLOCK_TIME, this::tell);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      try {
        Event event = READER.readValue(record.value());
        if (!event.type.equals("sale")) return;
        String month = event.time.substring(0, 7), key = event.data.employee + "|" + month;
        byte[] stored = store.get(key);
        long before = 0, count = 0;
        if (stored != null) {
          ByteBuffer buffer = ByteBuffer.wrap(stored);
          before = buffer.getLong();
          count = buffer.getLong();
        }
        long after = before + event.data.amount.movePointRight(2).longValueExact();
        store.put(key, ByteBuffer.allocate(16).putLong(after).putLong(count + 1).array());
        changed.add(key);
        for (long tier : TIERS) {
          if (before < tier && tier <= after) {
            ObjectNode award = MAPPER.createObjectNode().put("employee", event.data.employee).put("month", month);
            award.put("tier", tier).put("event", event.id);
            context.forward(
                new Record<>(event.data.employee, MAPPER.writeValueAsBytes(award), record.timestamp()), "awards");
          }
        }
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    private void tell(long now) {
      try {
        for (String key : changed) {
          ByteBuffer sum = ByteBuffer.wrap(store.get(key));
          String[] parts = key.split("\\|");
          ObjectNode row = MAPPER.createObjectNode().put("employee", parts[0]).put("month", parts[1]);
          row.put("cents", sum.getLong()).put("count", sum.getLong());
          context.forward(new Record<>(parts[0], MAPPER.writeValueAsBytes(row), now), "kpis");
        }
        changed.clear();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }

  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, System.getenv("BENCH_GROUP"));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, System.getenv("BENCH_BROKER"));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("BENCH_STATE"));
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, arguments[0]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments[1]);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    settings.put("auto.offset.reset", "earliest");
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    Topology topology = new Topology();
    topology.addSource(
        "sales", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), System.getenv("BENCH_TOPIC"));
    topology.addProcessor("sums", Sums::new, "sales");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore("sums"), Serdes.String(), Serdes.ByteArray())
            .withCachingEnabled()
            .withLoggingEnabled(Map.of()),
        "sums");
    for (String name : new String[] {"awards", "kpis"}) {
      String topic = System.getenv("BENCH_" + name.toUpperCase());
      topology.addSink(name, topic, Serdes.String().serializer(), Serdes.ByteArray().serializer(), "sums");
    }
    KafkaStreams streams = new KafkaStreams(topology, settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }
}
