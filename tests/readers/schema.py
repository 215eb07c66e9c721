"""Names everything in the tables' schemas and files that is not as docs/tables.md section 1 promises."""
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from tell import tell

TABLES = ["events", "queue_visits", "agent_legs", "agent_states", "calls", "queue_intervals", "recordings"]
problems = []


def check(where, data_type):
    if pa.types.is_binary(data_type) or pa.types.is_large_binary(data_type):
        problems.append(f"{where} is binary")
    if pa.types.is_timestamp(data_type) and (data_type.unit, data_type.tz) != ("us", "UTC"):
        problems.append(f"{where} is {data_type}")
    if pa.types.is_list(data_type):
        check(f"{where}[]", data_type.value_type)
    if pa.types.is_struct(data_type):
        for field in data_type:
            check(f"{where}.{field.name}", field.type)
    if where.endswith("_ms") and not pa.types.is_int64(data_type):
        problems.append(f"{where} is {data_type}, no int64")


for name in TABLES:
    table = DeltaTable(f"{sys.argv[1]}/{name}")
    fields = json.loads(table.schema().to_json())["fields"]
    problems += [f"{name}.{f['name']} has no description" for f in fields if not f["metadata"].get("comment")]
    if table.metadata().partition_columns != ["date"]:
        problems.append(f"{name} is not partitioned by date")
    if any("setTransactionRetentionDuration" in key for key in table.metadata().configuration):
        problems.append(f"{name} forgets transactions")
    for path in table.file_uris():
        file = pq.ParquetFile(path)
        for field in file.schema_arrow:
            check(f"{name}.{field.name}", field.type)
        for g in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(g)
            columns = [group.column(i) for i in range(group.num_columns)]
            problems += [f"{name}: {c.path_in_schema} is {c.compression}" for c in columns if c.compression != "ZSTD"]
            for column in columns:
                flat = "." not in column.path_in_schema
                if flat and not column.is_stats_set:
                    problems.append(f"{name}: {column.path_in_schema} has no statistics")
                text = column.physical_type == "BYTE_ARRAY"
                if text and not any("DICTIONARY" in e for e in column.encodings):
                    problems.append(f"{name}: {column.path_in_schema} has no dictionary")
        if name == "queue_visits":
            table_rows = file.read(["center", "queue", "joined_at"]).to_pylist()
            keys = [tuple(r.values()) for r in table_rows]
            if keys != sorted(keys):
                problems.append(f"{path} is not sorted")
tell(sorted(set(problems)))
