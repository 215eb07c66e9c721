"""How every reader ends: it says what it read, and leaves at once.

Arrow's threads sometimes abort a process whose interpreter winds down after all work is
done (apache/arrow, issue 34314, open): "terminate called without an active exception". Only
who has read everything comes here; an error before ends the process as ever.
"""
import json
import os
import sys


def tell(value):
    """Prints a value as JSON and ends the process well."""
    print(json.dumps(value), flush=True)
    sys.stderr.flush()
    os._exit(0)
