"""What an import did, or would do: a record, its text and its JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from courses.errors import Problem


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one table. `kept`: the database's text is newer than the store's; `locked`: an editor's own."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    locked: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(mine + theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))

    @property
    def changed(self) -> int:
        return self.created + self.updated


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`courses`: slugs. With problems nothing was written, and the tables are empty."""

    store: str
    dry_run: bool
    courses: tuple[str, ...] = ()
    tables: Mapping[str, Counts] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def changed(self) -> int:
        """Rows created or updated, in all tables."""
        return sum(counts.changed for counts in self.tables.values())

    def as_json(self) -> dict[str, Any]:
        """The same for machines; keys are only ever added."""
        return {
            "ok": not self.problems,
            "store": self.store,
            "dry_run": self.dry_run,
            "courses": list(self.courses),
            "changed": self.changed,
            "tables": {table: asdict(counts) for table, counts in self.tables.items()},
            "warnings": [asdict(warning) for warning in self.warnings],
            "problems": [asdict(problem) for problem in self.problems],
        }

    def as_table(self) -> Table:
        """Created, updated and unchanged rows per table; what was kept or locked where there is any."""
        kept = sum(self.tables.values(), Counts())
        names = [
            "created",
            "updated",
            "unchanged",
            *(name for name in ("kept", "locked") if getattr(kept, name)),
        ]
        table = Table("table", box=None, pad_edge=False)
        for name in names:
            table.add_column(name, justify="right")
        for label, counts in self.tables.items():
            table.add_row(label, *(f"{getattr(counts, name):,}" for name in names))
        return table


def _values(counts: Counts) -> tuple[int, ...]:
    return counts.created, counts.updated, counts.unchanged, counts.kept, counts.locked
