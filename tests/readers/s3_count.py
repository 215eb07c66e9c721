"""Counts visits of a table on S3 through the Python package of Delta."""
import os
import sys

from deltalake import DeltaTable

from tell import tell

options = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
options["AWS_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT"]
table = DeltaTable(sys.argv[1], storage_options=options)
newest = {}
for row in table.to_pyarrow_table(columns=["visit_id", "revision", "retracted"]).to_pylist():
    if row["visit_id"] not in newest or newest[row["visit_id"]]["revision"] < row["revision"]:
        newest[row["visit_id"]] = row
tell({"visits": sum(not row["retracted"] for row in newest.values())})
