package ringledger.bench;

/** What is counted of one queue in one interval. */
public record Figures(
    long offered, long answered, long abandoned, long waitAnsweredMs, long waitAbandonedMs) {

  static final Figures NONE = new Figures(0, 0, 0, 0, 0);

  Figures plus(Visit v) {
    long wait = v.waitMs() == null ? 0 : v.waitMs();
    boolean answered = v.outcome().equals(Visit.ANSWERED);
    boolean abandoned = v.outcome().equals(Visit.ABANDONED);
    return new Figures(
        offered + 1,
        this.answered + (answered ? 1 : 0),
        this.abandoned + (abandoned ? 1 : 0),
        waitAnsweredMs + (answered ? wait : 0),
        waitAbandonedMs + (abandoned ? wait : 0));
  }

  Figures plus(Figures o) {
    return new Figures(
        offered + o.offered,
        answered + o.answered,
        abandoned + o.abandoned,
        waitAnsweredMs + o.waitAnsweredMs,
        waitAbandonedMs + o.waitAbandonedMs);
  }
}
