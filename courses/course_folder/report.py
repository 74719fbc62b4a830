"""What an import did, or would do: a record, its text and its JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import StringIO
from typing import Any

from rich.table import Table

from courses.course_folder.findings import Converted
from courses.errors import Problem
from courses.terminal import plain_console

WIDTH = 100  # columns of the table; lines of text are as long as they are


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one table. `kept`: no import made them; `locked`: an editor did; `deleted`: by --prune."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    locked: int = 0
    deleted: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(mine + theirs for mine, theirs in zip(_values(self), _values(other), strict=True)))

    @property
    def changed(self) -> int:
        return self.created + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`courses`: slugs. With problems the tables hold what was written before them: mostly nothing.

    `converted`: the descriptions and personal texts that were read, and whether their texts came through.
    leaving: a line for each course of which something was deleted, or would be.
    """

    store: str
    dry_run: bool
    courses: tuple[str, ...] = ()
    tables: Mapping[str, Counts] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    converted: Converted = field(default_factory=Converted)
    leaving: tuple[str, ...] = ()

    @property
    def changed(self) -> int:
        """Rows created, updated or deleted, in all tables."""
        return sum(counts.changed for counts in self.tables.values())

    def as_json(self) -> dict[str, Any]:
        """The same for machines; keys are only ever added."""
        return {
            "ok": not self.problems,
            "store": self.store,
            "dry_run": self.dry_run,
            "courses": list(self.courses),
            "changed": self.changed,
            "leaving": list(self.leaving),
            "tables": {table: asdict(counts) for table, counts in self.tables.items()},
            "converted": asdict(self.converted),
            "warnings": [asdict(warning) for warning in self.warnings],
            "problems": [asdict(problem) for problem in self.problems],
        }

    def as_text(self) -> str:
        """The same for people: a table of rows, what it sums up to, and a line for each warning."""
        console = plain_console(file=StringIO(), width=WIDTH, record=True, force_terminal=False)
        if not self.problems:
            console.print(self._table())
            console.print(f"\n{self._summary()}", markup=False, highlight=False, soft_wrap=True)
        for line in self.leaving:
            console.print(
                f"{'would delete' if self.dry_run else 'deleted'}: {line}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        if self.warnings:
            console.print(f"\n{_counted(len(self.warnings), 'warning')}:", highlight=False)
        for warning in self.warnings:
            console.print(str(warning), markup=False, highlight=False, soft_wrap=True)
        return console.export_text()

    def refusal(self) -> str:
        """The problems for people, a line for each, and what was written before; empty without any."""
        lines = [str(problem) for problem in self.problems]
        if self.changed and lines:
            rows = (f"{table} {counts.changed:,}" for table, counts in self.tables.items() if counts.changed)
            courses = f"Courses: {', '.join(self.courses) or 'none'}"
            lines.append(f"Written before that: {', '.join(rows)}. {courses}.")
        elif len(lines) > 1:
            lines.insert(0, f"{_counted(len(lines), 'problem')}, nothing was written:")
        return "\n".join(lines)

    def _summary(self) -> str:
        courses = f"{_counted(len(self.courses), 'course')} from {self.store}"
        if self.dry_run:
            changed = f"{_counted(self.changed, 'row')} would change. Dry run: nothing was written."
        else:
            changed = f"{_counted(self.changed, 'row')} changed."
        return f"{courses}: {changed}\n{self._converted()}".rstrip()

    def _converted(self) -> str:
        if not (counts := self.converted).documents:
            return ""
        documents, strings = _counted(counts.documents, "document"), _counted(counts.strings_in, "string")
        return (
            f"Descriptions and texts that were read: {documents}, {strings} in, {counts.strings_out:,} out."
        )

    def _table(self) -> Table:
        total = sum(self.tables.values(), Counts())
        names = ["created", "updated", "unchanged"]
        names += [name for name in ("kept", "locked", "deleted") if getattr(total, name)]
        table = Table("table", box=None, pad_edge=False)
        for name in names:
            table.add_column(name, justify="right")
        for label, counts in self.tables.items():
            table.add_row(label, *(f"{getattr(counts, name):,}" for name in names))
        return table


def _values(counts: Counts) -> tuple[int, ...]:
    return counts.created, counts.updated, counts.unchanged, counts.kept, counts.locked, counts.deleted


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
