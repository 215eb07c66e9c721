"""Figures of a lake as the Python package of Delta reads it, with its own SQL."""
import sys

from deltalake import DeltaTable, QueryBuilder

from tell import tell

KEYS = {
    "events": None,
    "queue_visits": "visit_id",
    "agent_legs": "leg_id",
    "agent_states": "stretch_id",
    "calls": "switch, call_id",
    "queue_intervals": "switch, queue, interval_start",
    "recordings": "recording_id",
}
builder = QueryBuilder()
for name in KEYS:
    builder.register(name, DeltaTable(f"{sys.argv[1]}/{name}"))


def rows(sql):
    found = []
    for batch in builder.execute(sql):
        columns = [column.to_pylist() for column in batch.columns]
        found.extend(zip(*columns))
    return found


def truth(table, *where):
    conditions = " AND ".join(["newest = 1", *where])
    return (
        f"(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {KEYS[table]} ORDER BY revision DESC) AS newest"
        f" FROM {table}) AS numbered WHERE {conditions}) AS truth"
    )


def one(sql):
    found = rows(sql)
    return found[0] if found else (None,)


visits = truth("queue_visits", "NOT retracted")
calls = truth("calls", "merged_into IS NULL")
figures = {
    "rows": {t: one(f"SELECT count(*) FROM {t}")[0] for t in KEYS},
    "queues": {
        row[0]: list(row[1:])
        for row in rows(
            f"""SELECT queue, count(*), count(*) FILTER (WHERE outcome = 'answered'),
            count(*) FILTER (WHERE outcome = 'abandoned'),
            count(*) FILTER (WHERE outcome = 'answered' AND wait_ms <= 20000),
            coalesce(sum(wait_ms) FILTER (WHERE outcome = 'answered'), 0) FROM {visits} GROUP BY queue"""
        )
    },
    "agents": dict(
        rows(f"SELECT agent, coalesce(sum(talk_ms), 0) FROM {truth('agent_legs', 'NOT retracted')} GROUP BY agent")
    ),
    "states": dict(
        rows(
            f"""SELECT kind, sum((arrow_cast("to", 'Int64') - arrow_cast("from", 'Int64')) / 1000)
            FROM {truth('agent_states', 'NOT retracted')} GROUP BY kind"""
        )
    ),
    "received": one(f"SELECT coalesce(sum(received), 0) FROM {truth('queue_intervals')}")[0],
    "missing": one(f"SELECT count(*) FROM {truth('recordings')} WHERE state = 'missing'")[0],
    "suspended": sum(len(s) for (s,) in rows(f"SELECT suspended FROM {truth('recordings')}")),
    "first_join_us": one(f"SELECT arrow_cast(min(joined_at), 'Int64') FROM {visits}")[0],
    "last_event": one(f"SELECT max(last_event) FROM {visits}")[0],
}
nested = rows(f"SELECT queue_visits, agent_legs, holds, ivr, recordings, notes FROM {calls}")
figures["calls"] = {
    "contacts": len(nested),
    "visits": sum(len(c[0]) for c in nested),
    "talk_ms": sum(v["talk_ms"] or 0 for c in nested for v in c[0]),
    "legs": sum(len(c[1]) for c in nested),
    "holds": sum(len(c[2]) for c in nested),
    "accounts": sum(p["key"] == "account" for c in nested for p in c[3]),
    "recordings": sum(len(c[4]) for c in nested),
    "notes": sum(len(c[5]) for c in nested),
}
tell(figures)
