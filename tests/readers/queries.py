"""Runs the example queries on the views, by DuckDB: rows as JSON objects, by query."""
import datetime as dt
import decimal
import pathlib
import sys

import duckdb

from tell import tell

db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
db.execute(open(sys.argv[1], encoding="utf-8").read())


def plain(value):
    if isinstance(value, dt.datetime):
        value = value.astimezone(dt.timezone.utc)
        if value.microsecond == 0:
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        if value.microsecond % 1000 == 0:
            return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, decimal.Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


found = {}
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.sql")):
    cursor = db.execute(path.read_text(encoding="utf-8"))
    names = [column[0] for column in cursor.description]
    found[path.stem] = [dict(zip(names, map(plain, row))) for row in cursor.fetchall()]
tell(found)
