"""python -m benchmarks.import_lessons [--scale 0.1]: a store as large as one ever gets, imported twice.

Each round: a raw COPY of all personal texts into a bare table; the whole import in a fresh process, with its
peak memory; the import again, with nothing changed; the database's part alone. All files are read once
before, and the server has written and vacuumed what came before: what is measured is the work, not the disk
that the files lie on, nor what an earlier import left to do. The figures are medians over
the rounds, the ratios medians of the rounds' own ratios. Exits 1 when a promise is broken.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # noqa: F401  sets Django up; must stay first
from benchmarks.importing.big_store import BigStore, Size
from benchmarks.importing.database import (
    SAMPLE,
    emptied,
    raw_copy,
    row_by_row,
    save_blocks,
    save_rows,
    staged_upsert,
    warm,
)
from benchmarks.importing.memory import Peak, proportional_set

MB = 1024 * 1024
MOST_MEMORY = 150 * MB
LEAST_UPSERT, LEAST_IMPORT, MOST_AGAIN = 0.6, 0.25, 0.5  # of the raw COPY, of it, and of the first import


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds, bytes beyond the process at rest, and what the second import wrote."""

    copy: float
    upsert: float
    kept: float  # the same with history
    first: float
    again: float
    memory: int
    rows: int
    rows_again: int


def main() -> int:
    options = _options()
    size = Size.of(options.scale, options.courses)
    with tempfile.TemporaryDirectory(prefix="persona-store-") as folder:
        store, blocks, rows = (Path(folder) / name for name in ("store", "blocks", "rows"))
        console = Console()
        console.print(f"The store: {size}.", highlight=False)
        began = time.perf_counter()
        BigStore(store, size).make()
        call_command("migrate", verbosity=0)
        save_blocks(store, blocks)
        save_rows(blocks, rows)
        console.print(f"Made in {time.perf_counter() - began:.0f} s.", highlight=False)
        rounds = [_round(store, blocks, rows, size) for _ in range(options.rounds)]
        old = row_by_row(store)
    console.print(_table(rounds, size, old))
    broken = _broken(rounds)
    for promise in broken:
        print(f"BROKEN: {promise}", file=sys.stderr)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_lessons")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1: 500,000 texts; 0.1: a tenth of everything"
    )
    parser.add_argument("--courses", type=int, default=20, help="among which all is spread")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def _round(store: Path, blocks: Path, rows: Path, size: Size) -> Round:
    emptied("courses", "profiles")
    warm(rows)
    copy = raw_copy(rows)
    warm(store)
    first, memory = _import(store)
    again, _ = _import(store)
    warm(blocks)
    return Round(
        copy=copy,
        first=first["seconds"],
        again=again["seconds"],
        memory=memory,
        rows=first["report"]["tables"]["personalized_lesson_descriptions"]["created"],
        rows_again=again["report"]["changed"],
        upsert=staged_upsert(blocks, size, history=False),
        kept=staged_upsert(blocks, size, history=True),
    )


def _import(store: Path) -> tuple[dict[str, Any], int]:
    """The report of an import in a process of its own, and the memory that it took while it worked."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    command = [sys.executable, "-m", "benchmarks.importing.one_import", str(store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        if process.stdout:
            process.stdout.readline()
        at_rest = proportional_set(process.pid)
        with Peak(process.pid) as peak:
            output, _ = process.communicate("\n")
    return json.loads(output), peak.bytes - at_rest


def _figures(rounds: list[Round]) -> dict[str, float]:
    return {
        "upsert": median(it.copy / it.upsert for it in rounds),
        "kept": median(it.copy / it.kept for it in rounds),
        "import": median(it.copy / it.first for it in rounds),
        "again": median(it.again / it.first for it in rounds),
        "memory": max(it.memory for it in rounds),
    }


def _broken(rounds: list[Round]) -> list[str]:
    ratio = _figures(rounds)
    promises = {
        f"the database's part is at least {LEAST_UPSERT} of a raw COPY": ratio["upsert"] >= LEAST_UPSERT,
        f"the whole import is at least {LEAST_IMPORT} of a raw COPY": ratio["import"] >= LEAST_IMPORT,
        f"the second import takes at most {MOST_AGAIN} of the first": ratio["again"] <= MOST_AGAIN,
        "the second import writes nothing": not any(it.rows_again for it in rounds),
        f"an import takes at most {MOST_MEMORY // MB} MB": ratio["memory"] <= MOST_MEMORY,
    }
    return [promise for promise, kept in promises.items() if not kept]


def _table(rounds: list[Round], size: Size, old: float) -> Table:
    texts, ratio = size.all_texts, _figures(rounds)
    table = Table("what", "texts per second", "ratio", title=f"Medians of {len(rounds)} rounds")
    for name, field, shown in (
        ("raw COPY into a bare table", "copy", ""),
        (
            "database part: staged COPY and upsert",
            "upsert",
            f"{ratio['upsert']:.2f} of COPY (≥ {LEAST_UPSERT})",
        ),
        ("the same, every change kept", "kept", f"{ratio['kept']:.2f} of COPY"),
        ("whole import", "first", f"{ratio['import']:.2f} of COPY (≥ {LEAST_IMPORT})"),
        ("second import", "again", f"{ratio['again']:.2f} of the first's time (≤ {MOST_AGAIN})"),
    ):
        seconds = median(getattr(it, field) for it in rounds)
        table.add_row(name, f"{texts / seconds:,.0f}  ({seconds:.1f} s)", shown)
    table.add_row(f"update_or_create, {SAMPLE} rows, as the old system", f"{old:,.0f}", "")
    table.add_row(
        "rows written by the first, second import", f"{rounds[0].rows:,}, {rounds[0].rows_again:,}", ""
    )
    table.add_row(
        "peak memory beyond the process at rest",
        f"{ratio['memory'] / MB:.0f} MB",
        f"(≤ {MOST_MEMORY // MB} MB)",
    )
    return table


if __name__ == "__main__":
    sys.exit(main())
