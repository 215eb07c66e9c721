"""Figures of a lake as DuckDB reads it through the views of `ringledger tables views`."""
import sys

import duckdb

from tell import tell

db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
db.execute(open(sys.argv[1], encoding="utf-8").read())
TABLES = ["events", "queue_visits", "agent_legs", "agent_states", "calls", "queue_intervals", "recordings"]


def one(sql):
    return db.execute(sql).fetchone()


def pairs(sql):
    return {row[0]: row[1] if len(row) == 2 else list(row[1:]) for row in db.execute(sql).fetchall()}


contact = one(
    """SELECT count(*), sum(len(queue_visits)),
       sum(list_sum(list_transform(queue_visits, lambda v: coalesce(v.talk_ms, 0)))), sum(len(agent_legs)), sum(len(holds)),
       sum(len(list_filter(ivr, lambda p: p.key = 'account'))), sum(len(recordings)), sum(len(notes)) FROM calls"""
)
names = ["contacts", "visits", "talk_ms", "legs", "holds", "accounts", "recordings", "notes"]
figures = {
    "rows": {t: one(f"SELECT count(*) FROM {t}_revisions")[0] for t in TABLES},
    "queues": pairs(
        """SELECT queue, count(*), count(*) FILTER (outcome = 'answered'), count(*) FILTER (outcome = 'abandoned'),
           count(*) FILTER (outcome = 'answered' AND wait_ms <= 20000),
           coalesce(sum(wait_ms) FILTER (outcome = 'answered'), 0)::BIGINT FROM queue_visits GROUP BY queue"""
    ),
    "agents": pairs("SELECT agent, coalesce(sum(talk_ms), 0)::BIGINT FROM agent_legs GROUP BY agent"),
    "states": pairs("""SELECT kind, sum(date_diff('millisecond', "from", "to"))::BIGINT FROM agent_states GROUP BY kind"""),
    "calls": {name: int(value or 0) for name, value in zip(names, contact)},
    "received": int(one("SELECT coalesce(sum(received), 0) FROM queue_intervals")[0]),
    "missing": one("SELECT count(*) FROM recordings WHERE state = 'missing'")[0],
    "suspended": int(one("SELECT coalesce(sum(len(suspended)), 0) FROM recordings")[0]),
    "first_join_us": one("SELECT epoch_us(min(joined_at)) FROM queue_visits")[0],
    "last_event": one("SELECT max(last_event) FROM queue_visits")[0],
}
tell(figures)
