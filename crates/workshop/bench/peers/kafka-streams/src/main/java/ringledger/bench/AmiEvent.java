package ringledger.bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;

/** What this program reads of one message of the manager stream. */
@JsonIgnoreProperties(ignoreUnknown = true)
public record AmiEvent(
    @JsonProperty("Event") String event,
    @JsonProperty("Timestamp") String timestamp,
    @JsonProperty("Uniqueid") String uniqueid,
    @JsonProperty("Queue") String queue,
    @JsonProperty("HoldTime") String holdTime,
    @JsonProperty("Interface") String agent,
    @JsonProperty("Variable") String variable,
    @JsonProperty("Value") String value) {

  /** Milliseconds since the epoch; null where the message bears no time. */
  Long atMs() {
    return timestamp == null ? null : (long) (Double.parseDouble(timestamp) * 1000.0);
  }

  long holdMs() {
    return holdTime == null ? 0 : Long.parseLong(holdTime) * 1000;
  }
}
