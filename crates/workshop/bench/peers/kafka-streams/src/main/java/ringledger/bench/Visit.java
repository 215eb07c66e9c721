package ringledger.bench;

/** A caller's stay in one queue. */
public record Visit(
    String uniqueid,
    String queue,
    long joinedAt,
    Long leftAt,
    String outcome,
    Long waitMs,
    String agent) {

  static final String WAITING = "waiting";
  /** The switch has told the end of the wait, and not yet why. */
  static final String LEAVING = "leaving";
  static final String GIVING_UP = "giving_up";
  static final String ANSWERED = "answered";
  static final String ABANDONED = "abandoned";
  static final String FLOW_OUT = "flow_out";

  static Visit joined(AmiEvent e) {
    return new Visit(e.uniqueid(), e.queue(), e.atMs(), null, WAITING, null, null);
  }

  Visit leaving(String how, long at, Long wait) {
    return new Visit(uniqueid, queue, joinedAt, at, how, wait, null);
  }

  Visit ended(String how, long at, Long wait, String by) {
    return new Visit(uniqueid, queue, joinedAt, leftAt == null ? at : leftAt, how, wait, by);
  }
}
