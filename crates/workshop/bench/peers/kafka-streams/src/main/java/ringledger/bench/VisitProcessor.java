package ringledger.bench;

import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Events of a switch to visits that have ended, keyed by switch and queue. A switch's events lie in
 * one partition, in order, so nothing is partitioned anew before.
 */
final class VisitProcessor implements Processor<String, AmiEvent, String, Visit> {
  private static final String STORE = "waiting-callers";
  private final AtomicLong made;
  private ProcessorContext<String, Visit> context;
  private KeyValueStore<String, Visit> waiting;

  private VisitProcessor(AtomicLong made) {
    this.made = made;
  }

  /** With its store of callers who wait: persistent, with a changelog, as is the default. */
  static ProcessorSupplier<String, AmiEvent, String, Visit> supplier(AtomicLong made) {
    return new ProcessorSupplier<>() {
      @Override
      public Processor<String, AmiEvent, String, Visit> get() {
        return new VisitProcessor(made);
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return Set.of(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.String(), JsonSerde.of(Visit.class))
                .withCachingEnabled());
      }
    };
  }

  @Override
  public void init(ProcessorContext<String, Visit> context) {
    this.context = context;
    this.waiting = context.getStateStore(STORE);
  }

  @Override
  public void process(Record<String, AmiEvent> record) {
    AmiEvent e = record.value();
    if (e.uniqueid() == null || e.atMs() == null) {
      return;
    }
    String key = record.key() + "/" + e.uniqueid();
    switch (e.event()) {
      case "QueueCallerJoin" -> {
        settle(record, key, false);
        waiting.put(key, Visit.joined(e));
      }
      case "QueueCallerAbandon" -> leaves(key, e, Visit.GIVING_UP, e.holdMs());
      case "QueueCallerLeave" -> leaves(key, e, Visit.LEAVING, null);
      case "AgentConnect" -> ends(record, key, Visit.ANSWERED, e.holdMs(), e.agent());
      case "VarSet" -> status(record, key, e);
      case "Hangup" -> settle(record, key, true);
      default -> {}
    }
  }

  /** The abandon that the switch sends tells more than the leave behind it. */
  private void leaves(String key, AmiEvent e, String how, Long wait) {
    Visit v = waiting.get(key);
    if (v != null && (v.outcome().equals(Visit.WAITING) || how.equals(Visit.GIVING_UP))) {
      waiting.put(key, v.leaving(how, e.atMs(), wait));
    }
  }

  /** Only QUEUESTATUS tells a time-out or an empty queue from an abandon. */
  private void status(Record<String, AmiEvent> record, String key, AmiEvent e) {
    if (!"QUEUESTATUS".equals(e.variable()) || e.value() == null) {
      return;
    }
    switch (e.value()) {
      case "TIMEOUT", "LEAVEEMPTY", "LEAVEUNAVAIL", "WITHDRAW" -> {
        Visit v = waiting.get(key);
        ends(record, key, Visit.FLOW_OUT, v == null ? null : v.waitMs(), null);
      }
      case "JOINEMPTY", "JOINUNAVAIL", "FULL" -> settle(record, key, false);
      default -> {}
    }
  }

  /** The caller went on or hung up: what was left open is what it looked like. */
  private void settle(Record<String, AmiEvent> record, String key, boolean gone) {
    Visit v = waiting.get(key);
    if (v == null) {
      return;
    }
    switch (v.outcome()) {
      case Visit.GIVING_UP -> ends(record, key, Visit.ABANDONED, v.waitMs(), null);
      case Visit.LEAVING -> ends(record, key, Visit.FLOW_OUT, null, null);
      default -> {
        if (gone) {
          ends(record, key, Visit.ABANDONED, null, null);
        }
      }
    }
  }

  private void ends(Record<String, AmiEvent> record, String key, String how, Long wait, String by) {
    Visit v = waiting.delete(key);
    if (v == null) {
      return;
    }
    Visit ended = v.ended(how, record.value().atMs(), wait, by);
    made.incrementAndGet();
    // Windows go by arrival.
    context.forward(new Record<>(record.key() + "/" + v.queue(), ended, v.joinedAt()));
  }
}
