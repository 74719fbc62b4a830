"""The table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.faulting.play import Row

COLUMNS = ("fault", "ended after", "back after", "lost", "twice", "no text", "calls", "unknown", "verdict")


def print_rows(console: Console, rows: Sequence[Row], title: str) -> None:
    table = Table(title=title)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("fault", "verdict") else "right")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    for row in rows:
        for line in (*row.broken, *(row.notes if row.broken else ())):
            console.print(f"BROKEN: {row.name}: {line}", style="red")


def _cells(row: Row) -> list[str]:
    verdict = "[red]BROKEN[/red]" if row.broken else row.verdict
    found = row.figures
    if found is None:
        return [row.what, *[""] * (len(COLUMNS) - 2), verdict]
    return [
        row.what,
        _seconds(row.ended_after),
        _seconds(row.back_after) + (f" of {row.back_within:g}" if row.back_within else ""),
        str(found.lost),
        str(found.twice),
        f"{found.misses} of {found.scans:,}",
        f"{found.requests:,} for {found.items:,}",
        str(found.unknown),
        verdict,
    ]


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
