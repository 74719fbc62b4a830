"""python -m benchmarks.importing.one_import STORE: one import in a process of its own, for benchmarks.

Says `ready` when it is at rest, and begins when it reads a line; then its report and seconds, as JSON.
"""

import json
import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402

from persona_site.store_import import import_store  # noqa: E402


def main() -> None:
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    report = import_store(Path(sys.argv[1]))
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "report": report.as_json()}))


if __name__ == "__main__":
    main()
