"""A report's workbook and its Parquet file, as openpyxl and Polars read them.

Arguments: the workbook, the Parquet file. Prints their columns and rows, instants as epoch
seconds, durations of the workbook as milliseconds, and what the workbook says of itself.
"""
import datetime
import sys

import openpyxl
import polars as pl

from tell import tell

DAY_MS = 86_400_000


def of_sheet(cell):
    value = cell.value
    if isinstance(value, datetime.datetime):
        if "h" in cell.number_format and "[" in cell.number_format:
            return round((value - datetime.datetime(1899, 12, 30)).total_seconds() * 1000)
        return value.replace(tzinfo=datetime.timezone.utc).timestamp()
    if isinstance(value, datetime.timedelta):
        return round(value.total_seconds() * 1000)
    if isinstance(value, datetime.time):
        return round((value.hour * 3600 + value.minute * 60 + value.second) * 1000 + value.microsecond / 1000)
    if isinstance(value, (int, float)) and "[h]" in cell.number_format:
        return round(value * DAY_MS)
    return value


def of_column(value):
    return value.timestamp() if isinstance(value, datetime.datetime) else value


book = openpyxl.load_workbook(sys.argv[1])
sheet = book.worksheets[0]
lines = list(sheet.iter_rows())
frame = pl.read_parquet(sys.argv[2])
tell({
    "xlsx": {
        "names": [c.value for c in lines[0]],
        "rows": [[of_sheet(c) for c in line] for line in lines[1:]],
        "formats": {lines[0][i].value: c.number_format for i, c in enumerate(lines[1])},
        "frozen": sheet.freeze_panes,
        "sheets": book.sheetnames,
        "question": {r[0].value: r[1].value for r in book.worksheets[1].iter_rows()},
    },
    "parquet": {
        "names": frame.columns,
        "types": {name: str(kind) for name, kind in frame.schema.items()},
        "rows": [[of_column(v) for v in row] for row in frame.rows()],
    },
})
