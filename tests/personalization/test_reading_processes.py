"""Personal texts that several processes read: the same as from one, in the same order, or a clear end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from courses.course_folder.findings import Findings
from courses.course_folder.plan import plan_courses
from courses.course_folder.store import choose, list_courses, open_store, read_courses
from personalization.learner_files.batches import tasks
from personalization.learner_files.digests import KnownFiles
from personalization.learner_files.lesson_files import TextPlan
from personalization.learner_files.reading_pool import ReaderGone, processes_for, read_batches
from tests.environment import ROOT
from tests.personalization.learner_reading import read
from tests.store_builder import NOTHING_KNOWN, CourseBuilder, StoreBuilder, lesson_id

LEARNERS = 200  # more than the tasks that are handed out ahead


@pytest.fixture
def crowd(store: StoreBuilder, course: CourseBuilder) -> list[str]:
    identifiers = [f"u-{number:03}" for number in range(LEARNERS)]
    for identifier in identifiers:
        course.text(identifier, 1)
    store.profiles(*identifiers)
    return identifiers


def test_two_processes_find_what_one_finds(
    store: StoreBuilder, course: CourseBuilder, crowd: list[str]
) -> None:
    for identifier in crowd[::9]:
        course.file(f"personalize/{identifier}/2-{lesson_id(3)}.json", {"summary_short": identifier, "x": 1})
        course.file(f"personalize/{identifier}/2.json", b"{")
        course.file(f"personalize/{identifier}/nix.json", b"{}")
    course.text("stranger", 1)
    store.course("yoga").lesson(7, title="Йога")
    one, two = read(store), read(store, processes=2)
    assert len(one.texts) == LEARNERS + len(crowd[::9])
    assert len(one.problems) == 2 * len(crowd[::9]) + 1
    assert one.warnings
    assert two == one


def children() -> list[int]:
    path = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return [
        int(pid)
        for pid in path.read_text().split()
        if b"reading_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.fixture
def started(store: StoreBuilder, crowd: list[str]) -> Iterator[Iterator[object]]:
    """Batches of two readers that have begun; at the end the readers are gone."""
    with open_store(store.path, Findings()) as folder:
        folders = read_courses(folder, choose(list_courses(folder), ()))
        plans = [
            text for plan in plan_courses(folders, NOTHING_KNOWN, Findings()) if (text := TextPlan.of(plan))
        ]
        batches = read_batches(tasks(plans, folder, crowd), plans, folder, KnownFiles(), processes=2)
        next(batches)
        assert len(children()) == 2
        yield batches
    assert children() == []


def test_a_reader_that_is_killed_is_an_error_and_takes_the_other_along(started: Iterator[object]) -> None:
    os.kill(children()[1], signal.SIGKILL)
    with pytest.raises(ReaderGone, match="signal 9"):
        list(started)


def test_the_error_keeps_no_buffer_that_python_would_complain_of_at_its_end(
    started: Iterator[object],
) -> None:
    for child in children():
        os.kill(child, signal.SIGKILL)
    with pytest.raises(ReaderGone, match="signal 9") as gone:
        list(started)
    assert isinstance(gone.value.__cause__, EOFError | OSError)
    assert gone.value.__cause__.__traceback__ is None


def test_a_reader_whose_parent_is_gone_ends_in_silence() -> None:
    command = [sys.executable, "-m", "personalization.learner_files.reading_process"]
    ended = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_a_small_store_starts_no_process() -> None:
    assert processes_for(100) == 0
