"""Queue visits to Parquet, and figures of each queue and quarter hour, by Quix Streams.

Arguments: brokers, topic, records in it, a folder. Ends when all of it is done; prints one
JSON object.
"""

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from quixstreams import Application, State
from quixstreams.sinks.community.file.formats import ParquetFormat
from quixstreams.sinks.community.file.local import LocalFileSink

NOT_ANSWERED = {"TIMEOUT", "LEAVEEMPTY", "LEAVEUNAVAIL", "WITHDRAW"}
NOT_ADMITTED = {"JOINEMPTY", "JOINUNAVAIL", "FULL"}
READ = {"QueueCallerJoin", "QueueCallerAbandon", "QueueCallerLeave", "AgentConnect", "Hangup"}


class Progress:
    """How far it is: all is done when the last record is read and every visit counted."""

    def __init__(self, app: Application, records: int):
        self.app, self.records = app, records
        self.read = self.made = self.counted = 0

    def look(self) -> None:
        if self.read >= self.records and self.counted >= self.made:
            self.app.stop()


def milliseconds(event: dict) -> int:
    return int(float(event["Timestamp"]) * 1000)


def ended(visit: dict, outcome: str, at: int, wait, agent=None) -> dict:
    return {
        "uniqueid": visit["uniqueid"],
        "queue": visit["queue"],
        "joined_at": visit["joined_at"],
        "left_at": visit["left_at"] or at,
        "outcome": outcome,
        "wait_ms": wait,
        "agent": agent,
    }


def settled(visit: dict, at: int, gone: bool):
    """The caller went on or hung up: what was left open is what it looked like."""
    if visit["leaving"] == "giving_up":
        return ended(visit, "abandoned", at, visit["wait_ms"])
    if visit["leaving"] == "leaving":
        return ended(visit, "flow_out", at, None)
    return ended(visit, "abandoned", at, None) if gone else None


def matters(event: dict) -> bool:
    """Only QUEUESTATUS tells a time-out or an empty queue from an abandon."""
    name = event.get("Event")
    return name in READ or (name == "VarSet" and event.get("Variable") == "QUEUESTATUS")


def visits_of(event: dict, state: State) -> list:
    """Takes one event of a switch; the visits that it ends."""
    uniqueid, name, at = event["Uniqueid"], event["Event"], milliseconds(event)
    visit, done = state.get(uniqueid), None
    if name == "QueueCallerJoin":
        done = settled(visit, at, False) if visit else None
        state.set(
            uniqueid,
            {
                "uniqueid": uniqueid,
                "queue": event["Queue"],
                "joined_at": at,
                "left_at": None,
                "leaving": None,
                "wait_ms": None,
            },
        )
        return [done] if done else []
    if visit is None:
        return []
    if name == "QueueCallerAbandon":
        wait = int(event["HoldTime"]) * 1000
        state.set(uniqueid, {**visit, "leaving": "giving_up", "left_at": at, "wait_ms": wait})
    elif name == "QueueCallerLeave" and not visit["leaving"]:
        state.set(uniqueid, {**visit, "leaving": "leaving", "left_at": at})
    elif name == "AgentConnect":
        done = ended(visit, "answered", at, int(event["HoldTime"]) * 1000, event["Interface"])
    elif name == "VarSet" and event["Value"] in NOT_ANSWERED:
        done = ended(visit, "flow_out", at, visit["wait_ms"])
    elif name == "Hangup" or (name == "VarSet" and event["Value"] in NOT_ADMITTED):
        done = settled(visit, at, name == "Hangup")
    if done is None:
        return []
    state.delete(uniqueid)
    return [done]


def none_counted(visit: dict) -> dict:
    figures = dict.fromkeys(
        ("offered", "answered", "abandoned", "wait_answered_ms_sum", "wait_abandoned_ms_sum"), 0
    )
    return counted(figures, visit)


def counted(figures: dict, visit: dict) -> dict:
    figures["offered"] += 1
    outcome = visit["outcome"]
    if outcome in ("answered", "abandoned"):
        figures[outcome] += 1
        figures[f"wait_{outcome}_ms_sum"] += visit["wait_ms"] or 0
    return figures


def run(brokers: str, topic_name: str, records: int, folder: Path) -> dict:
    app = Application(
        broker_address=brokers,
        consumer_group="bench-quix",
        auto_offset_reset="earliest",
        state_dir=str(folder / "state"),
        loglevel="WARNING",
    )
    progress, windows = Progress(app, records), {}
    # (The sink takes no path with other than letters, digits, dots and underscores.)
    os.chdir(folder)

    def see_record(_event) -> None:
        progress.read += 1
        progress.look()

    def see_visit(_visit) -> None:
        progress.made += 1

    def see_window(window: dict, key, _timestamp, _headers) -> None:
        windows[(key, window["start"])] = window["value"]
        progress.counted += 1
        progress.look()

    topic = app.topic(topic_name, key_deserializer="str", value_deserializer="json")
    events = app.dataframe(topic)
    # What ends a visit must be made before the record counts as read.
    kept = events.filter(matters)
    visits = kept.apply(visits_of, stateful=True, expand=True)
    visits = visits.set_timestamp(lambda visit, *_: visit["joined_at"])
    visits.update(see_visit)
    visits.sink(LocalFileSink(directory="visits", format=ParquetFormat(compression="zstd")))
    figures = (
        visits.group_by("queue", key_serializer="str", key_deserializer="str")
        .tumbling_window(timedelta(minutes=15), grace_ms=timedelta(days=366))
        .reduce(reducer=counted, initializer=none_counted)
        .current()
    )
    figures.update(see_window, metadata=True)
    events.update(see_record)

    begun = time.perf_counter()
    app.run()
    seconds = time.perf_counter() - begun

    queues: dict = {}
    for (queue, _start), counts in windows.items():
        sums = queues.setdefault(queue, dict.fromkeys(counts, 0))
        for name, count in counts.items():
            sums[name] += count
    used = os.times()
    return {
        "records": progress.read,
        "visits": progress.made,
        "seconds": seconds,
        "rss_peak_mib": peak_mib(),
        "processor_s": used.user + used.system,
        "queues": queues,
    }


def peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))))
