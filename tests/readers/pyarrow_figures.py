"""Figures of a lake as PyArrow reads the Parquet files of the live version."""
import sys
from collections import Counter, defaultdict

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

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


def read(name):
    root = f"{sys.argv[1]}/{name}"
    files = DeltaTable(root).file_uris()
    if not files:
        return []
    by_date = ds.partitioning(pa.schema([("date", pa.date32())]), flavor="hive")
    table = ds.dataset(files, format="parquet", partitioning=by_date, partition_base_dir=root).to_table()
    assert table.column("date").null_count == 0, "the partition column is read from the folders' names"
    return table.to_pylist()


tables = {name: read(name) for name in KEYS}


def truth(name):
    newest = {}
    for row in tables[name]:
        key = tuple(row[k] for k in KEYS[name])
        if key not in newest or newest[key]["revision"] < row["revision"]:
            newest[key] = row
    return [r for r in newest.values() if not r.get("retracted") and r.get("merged_into") is None]


visits, calls, recordings = truth("queue_visits"), truth("calls"), truth("recordings")
queues = defaultdict(lambda: [0] * 5)
for v in visits:
    q, answered = queues[v["queue"]], v["outcome"] == "answered"
    q[0] += 1
    q[1] += answered
    q[2] += v["outcome"] == "abandoned"
    q[3] += answered and v["wait_ms"] <= 20000
    q[4] += v["wait_ms"] if answered else 0
agents, states = Counter(), Counter()
for leg in truth("agent_legs"):
    agents[leg["agent"]] += leg["talk_ms"] or 0
for s in truth("agent_states"):
    states[s["kind"]] += int((s["to"] - s["from"]).total_seconds() * 1000)
joined = [v["joined_at"] for v in visits]
figures = {
    "rows": {name: len(rows) for name, rows in tables.items()},
    "queues": queues,
    "agents": agents,
    "states": states,
    "calls": {
        "contacts": len(calls),
        "visits": sum(len(c["queue_visits"]) for c in calls),
        "talk_ms": sum(v["talk_ms"] or 0 for c in calls for v in c["queue_visits"]),
        "legs": sum(len(c["agent_legs"]) for c in calls),
        "holds": sum(len(c["holds"]) for c in calls),
        "accounts": sum(p["key"] == "account" for c in calls for p in c["ivr"]),
        "recordings": sum(len(c["recordings"]) for c in calls),
        "notes": sum(len(c["notes"]) for c in calls),
    },
    "received": sum(i["received"] for i in truth("queue_intervals")),
    "missing": sum(r["state"] == "missing" for r in recordings),
    "suspended": sum(len(r["suspended"]) for r in recordings),
    "first_join_us": pa.scalar(min(joined), pa.timestamp("us", "UTC")).value if joined else None,
    "last_event": max((v["last_event"] for v in visits), default=None),
}
tell(figures)
