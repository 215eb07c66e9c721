package ringledger.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;

/**
 * Queue visits to Parquet, and figures of each queue and quarter hour.
 *
 * <p>Arguments: brokers, topic, records in it, a folder. Ends when all of it is done; prints one
 * JSON object.
 */
public final class QueueVisits {
  private static final Duration INTERVAL = Duration.ofMinutes(15);
  /** Switches are read at different speeds: none of them is late because of another. */
  private static final Duration GRACE = Duration.ofDays(366);

  private final AtomicLong read = new AtomicLong();
  private final AtomicLong made = new AtomicLong();
  private final AtomicLong counted = new AtomicLong();
  private final Map<Windowed<String>, Figures> figures = new ConcurrentHashMap<>();

  private Topology topology(String topic, Path folder) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, Visit> visits =
        builder.stream(topic, Consumed.with(Serdes.String(), JsonSerde.of(AmiEvent.class)))
            .peek((key, event) -> read.incrementAndGet())
            .filter((key, event) -> event != null && event.event() != null)
            .process(VisitProcessor.supplier(made));
    visits.process(() -> new ParquetSink(folder));
    visits
        .groupByKey(Grouped.with(Serdes.String(), JsonSerde.of(Visit.class)))
        .windowedBy(TimeWindows.ofSizeAndGrace(INTERVAL, GRACE))
        .aggregate(
            () -> Figures.NONE,
            (key, visit, sum) -> {
              counted.incrementAndGet();
              return sum.plus(visit);
            },
            Materialized.with(Serdes.String(), JsonSerde.of(Figures.class)))
        .toStream()
        .foreach(figures::put);
    return builder.build();
  }

  private static Properties settings(String brokers, Path folder) {
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench-kafka-streams");
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    p.put(StreamsConfig.STATE_DIR_CONFIG, folder.resolve("state").toString());
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Runtime.getRuntime().availableProcessors());
    p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    return p;
  }

  private boolean done(long records) {
    return read.get() >= records && counted.get() >= made.get();
  }

  private ObjectNode run(String brokers, String topic, long records, Path folder) throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    KafkaStreams streams =
        new KafkaStreams(topology(topic, folder.resolve("visits")), settings(brokers, folder));
    streams.setUncaughtExceptionHandler(
        e -> {
          e.printStackTrace();
          failed.countDown();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    long begun = System.nanoTime();
    streams.start();
    while (!done(records)) {
      if (failed.await(10, java.util.concurrent.TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("a stream thread failed");
      }
    }
    // Flushes caches and closes the Parquet files.
    streams.close();
    double seconds = (System.nanoTime() - begun) / 1e9;
    return told(seconds);
  }

  private ObjectNode told(double seconds) throws IOException {
    ObjectNode out = JsonSerde.mapper().createObjectNode();
    out.put("records", read.get());
    out.put("visits", made.get());
    out.put("seconds", seconds);
    out.put("rss_peak_mib", peakMib());
    ProcessHandle.current().info().totalCpuDuration()
        .ifPresent(d -> out.put("processor_s", d.toMillis() / 1000.0));
    Map<String, Figures> queues = new TreeMap<>();
    figures.forEach(
        (window, f) -> {
          String key = window.key();
          queues.merge(key.substring(key.indexOf('/') + 1), f, Figures::plus);
        });
    ObjectNode all = out.putObject("queues");
    queues.forEach(
        (queue, f) ->
            all.putObject(queue)
                .put("offered", f.offered())
                .put("answered", f.answered())
                .put("abandoned", f.abandoned())
                .put("wait_answered_ms_sum", f.waitAnsweredMs())
                .put("wait_abandoned_ms_sum", f.waitAbandonedMs()));
    return out;
  }

  private static double peakMib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    return 0;
  }

  /** See the class. */
  public static void main(String[] args) throws Exception {
    ObjectNode out =
        new QueueVisits().run(args[0], args[1], Long.parseLong(args[2]), Path.of(args[3]));
    System.out.println(out);
  }
}
