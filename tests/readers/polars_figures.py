"""Figures of a lake as Polars reads it."""
import sys

import polars as pl

from tell import tell

KEYS = {
    "events": None,
    "queue_visits": ["visit_id"],
    "agent_legs": ["leg_id"],
    "agent_states": ["stretch_id"],
    "calls": ["call_id"],
    "queue_intervals": ["switch", "queue", "interval_start"],
    "recordings": ["recording_id"],
}
tables = {name: pl.scan_delta(f"{sys.argv[1]}/{name}").collect() for name in KEYS}


def truth(name):
    newest = tables[name].filter(pl.col("revision") == pl.col("revision").max().over(KEYS[name]))
    if "retracted" in newest.columns:
        newest = newest.filter(~pl.col("retracted"))
    if "merged_into" in newest.columns:
        newest = newest.filter(pl.col("merged_into").is_null())
    return newest


visits, calls, recordings = truth("queue_visits"), truth("calls"), truth("recordings")
answered = pl.col("outcome") == "answered"
by_queue = visits.group_by("queue").agg(
    pl.len().alias("received"),
    answered.sum().alias("answered"),
    (pl.col("outcome") == "abandoned").sum().alias("abandoned"),
    (answered & (pl.col("wait_ms") <= 20000)).sum().alias("in_sl"),
    pl.col("wait_ms").filter(answered).sum().alias("wait"),
)
states = truth("agent_states").group_by("kind").agg((pl.col("to") - pl.col("from")).dt.total_milliseconds().sum())
first = visits["joined_at"].min()
figures = {
    "rows": {name: table.height for name, table in tables.items()},
    "queues": {row[0]: list(row[1:]) for row in by_queue.iter_rows()},
    "agents": dict(truth("agent_legs").group_by("agent").agg(pl.col("talk_ms").sum()).iter_rows()),
    "states": dict(states.iter_rows()),
    "calls": {
        "contacts": calls.height,
        "visits": int(calls["queue_visits"].list.len().sum()),
        "talk_ms": sum(v["talk_ms"] or 0 for c in calls["queue_visits"].to_list() for v in c),
        "legs": int(calls["agent_legs"].list.len().sum()),
        "holds": int(calls["holds"].list.len().sum()),
        "accounts": sum(p["key"] == "account" for c in calls["ivr"].to_list() for p in c),
        "recordings": int(calls["recordings"].list.len().sum()),
        "notes": int(calls["notes"].list.len().sum()),
    },
    "received": int(truth("queue_intervals")["received"].sum()),
    "missing": recordings.filter(pl.col("state") == "missing").height,
    "suspended": int(recordings["suspended"].list.len().sum()),
    "first_join_us": None if first is None else int(visits["joined_at"].dt.epoch("us").min()),
    "last_event": visits["last_event"].max(),
}
tell(figures)
