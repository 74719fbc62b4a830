"""python -m benchmarks.history: what it costs to keep every change, as a ratio to the same work without.

Personal texts of 2 KB are copied in, rewritten and deleted, and lessons with transcripts of 20,000 characters
renumbered: with the triggers that keep changes, and with them disabled, in turn, on a database of its own.
The times depend on the machine, the ratios hardly. For comparison a row-level trigger that copies each new
row whole into a second table, as event tables do, on the same inserts.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from django.core.management import call_command
from django.db import connection
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # noqa: F401  sets Django up; must stay first

LEARNERS = 1_000
# Most that keeping may cost: 1.5 means half of the work's time on top of it.
PROMISES = {
    "insert of texts of 2 KB": 1.5,
    "update that changes nothing": 2.5,
    "update of the texts": 3.0,
    "renumbering, transcripts of 20,000 characters": 2.5,
    "delete of the texts": 15.0,  # a bare delete only marks rows; kept, each is written once more
}

SEED = """
    INSERT INTO courses (slug, title) VALUES ('bench', 'Bench');
    INSERT INTO profiles (user_identifier) SELECT 'u-' || n FROM generate_series(1, {learners}) n;
    INSERT INTO lessons (course_id, lesson_number, title, transcript)
    SELECT (SELECT id FROM courses), n, 'Lesson ' || n,
           (SELECT string_agg(md5(n::text || i), ' ') FROM generate_series(1, 600) i)
    FROM generate_series(1, {lessons}) n;
    CREATE UNLOGGED TABLE ready AS
    SELECT p.id AS profile_id, l.id AS lesson_id, jsonb_build_object('summary_short',
           (SELECT string_agg(md5(l.id::text || p.id || i), ' ') FROM generate_series(1, 60) i)) AS content
    FROM profiles p CROSS JOIN (SELECT id FROM lessons ORDER BY lesson_number LIMIT {each}) l;
"""
INSERT = """
    INSERT INTO personalized_lesson_descriptions (profile_id, lesson_id, content, origin)
    SELECT *, 'import' FROM ready
"""
UNCHANGED = "UPDATE personalized_lesson_descriptions SET content = content"
REWRITE = """
    UPDATE personalized_lesson_descriptions SET content = content || jsonb_build_object('n', %s::text)
"""
RENUMBER = "UPDATE lessons SET lesson_number = -lesson_number"
DELETE = "DELETE FROM personalized_lesson_descriptions"
COPY_WHOLE = """
    CREATE TABLE IF NOT EXISTS whole_rows (LIKE personalized_lesson_descriptions);
    CREATE INDEX ON whole_rows (id);
    CREATE OR REPLACE FUNCTION copy_whole() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO whole_rows SELECT NEW.*; RETURN NULL; END $$;
    CREATE TRIGGER copy_whole AFTER INSERT ON personalized_lesson_descriptions
    FOR EACH ROW EXECUTE FUNCTION copy_whole();
"""

type Seconds = dict[str, list[float]]
"""What was done → the time of each round."""


def main() -> int:
    options = _options()
    call_command("migrate", verbosity=0)
    _run(SEED.format(learners=LEARNERS, lessons=options.lessons, each=options.texts // LEARNERS))
    with_history: Seconds = {name: [] for name in PROMISES}
    without: Seconds = {name: [] for name in PROMISES}
    for number in range(options.rounds):
        _triggers("DISABLE")
        _round(without, number)
        _triggers("ENABLE")
        _round(with_history, number)
        _run("TRUNCATE changes")
    whole = _whole_rows()
    broken = _print(with_history, without, whole, options)
    for promise in broken:
        print(f"BROKEN: {promise}", file=sys.stderr)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000, help="texts of 2 KB (default: 100,000)")
    parser.add_argument("--lessons", type=int, default=10_000, help="lessons to renumber (default: 10,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median counts (default: 3)")
    return parser.parse_args()


def _round(seconds: Seconds, number: int) -> None:
    work: Iterator[Callable[[], None]] = iter(
        [
            lambda: _run(INSERT),
            lambda: _run(UNCHANGED),
            lambda: _run(REWRITE, [number]),
            lambda: _run(RENUMBER),
            lambda: _run(DELETE),
        ]
    )
    for name in PROMISES:
        seconds[name].append(_timed(next(work)))


def _whole_rows() -> float:
    """The insert with a copy of each row, and without keeping, in seconds."""
    _triggers("DISABLE")
    _run(COPY_WHOLE)
    return _timed(lambda: _run(INSERT))


def _timed(work: Callable[[], None]) -> float:
    _run("VACUUM personalized_lesson_descriptions, lessons, changes")
    _run("CHECKPOINT")
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _triggers(what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'pgtrigger_keep_%%'", []
        )
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} {what} TRIGGER {trigger}")


def _run(statement: str, parameters: list[int] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _print(kept: Seconds, bare: Seconds, whole: float, options: argparse.Namespace) -> list[str]:
    """Prints the table; the promises that do not hold."""
    title = f"Keeping changes: {options.texts:,} texts, {options.lessons:,} lessons, {options.rounds} rounds"
    table = Table("work", "without, s", "with, s", "ratio", "promised", title=title)
    broken = []
    for name, most in PROMISES.items():
        before, after = statistics.median(bare[name]), statistics.median(kept[name])
        table.add_row(name, f"{before:.2f}", f"{after:.2f}", f"{after / before:.2f}", f"≤ {most}")
        if after / before > most:
            broken.append(f"{name}: {after / before:.2f} times the work without history")
    insert = statistics.median(bare["insert of texts of 2 KB"])
    table.add_row(
        "for comparison: insert, rows copied whole", "", f"{whole:.2f}", f"{whole / insert:.2f}", ""
    )
    Console().print(table)
    return broken


if __name__ == "__main__":
    sys.exit(main())
