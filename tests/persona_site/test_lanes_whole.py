"""Everything that an import can be asked for, and how it can end, where two sessions write it."""

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.db import connection

from courses.models import Course, Lesson
from courses.services.course_import import CourseChanged
from persona_site.import_options import ImportOptions
from persona_site.progress import Silent
from persona_site.store_import import import_store
from persona_site.store_prune import Leaving
from personalization.models import PersonalizedLessonDescription as Text
from tests.persona_site.test_import_at_once import holding, importing
from tests.persona_site.test_lanes import LEARNERS, Threads, large, rows
from tests.processes import Environment, until
from tests.store_builder import StoreBuilder, lesson_id

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    return large(tmp_path / "store")


def test_a_dry_run_tells_what_the_import_does(store: StoreBuilder) -> None:
    threads = Threads()
    planned = import_store(store.path, dry_run=True, watcher=threads)
    assert (len(threads.seen), Text.objects.count(), Lesson.objects.count()) == (2, 0, 0)
    assert planned.tables == import_store(store.path).tables


def test_strict_refuses_for_a_warning_of_either_lane(store: StoreBuilder) -> None:
    report = import_store(store.path, options=ImportOptions(strict=True))
    assert [str(problem) for problem in report.problems] == [
        "the store has warnings (4), and --strict takes none"
    ]
    assert not Course.objects.exists()


def test_prune_lists_both_lanes_and_deletes_from_both(store: StoreBuilder) -> None:
    import_store(store.path)
    for place, slug in enumerate(("massage", "yoga"), start=1):
        course = Course.objects.get(slug=slug)
        Lesson.objects.create(course=course, lesson_number=9, title="Gone", id=lesson_id(90 + place))
    asked: list[str] = []

    def agree(leaving: Sequence[Leaving]) -> bool:
        asked.extend(map(str, leaving))
        return True

    report = import_store(store.path, options=ImportOptions(prune=agree))
    assert (report.problems, [line.split(":")[0] for line in asked]) == ((), ["massage", "yoga"])
    assert report.tables["lessons"].deleted == 2
    assert not Lesson.objects.filter(lesson_number=9).exists()
    assert Text.objects.count() == 2 * LEARNERS


class Meddler(Silent):
    """Changes a course of the second lane as soon as the writing begins."""

    def stage(self, label: str, total: int) -> None:
        if label == "Writing":
            course = Course.objects.create(slug="yoga", title="x", language="ru")
            Lesson.objects.create(course=course, lesson_number=1, title="x")


def test_a_course_that_changed_meanwhile_is_named_and_left_alone(store: StoreBuilder) -> None:
    with pytest.raises(CourseChanged, match="yoga"):
        import_store(store.path, watcher=Meddler())
    assert [lesson.title for lesson in Lesson.objects.filter(course__slug="yoga")] == ["x"]
    assert Text.objects.filter(lesson__course__slug="massage").count() in (0, LEARNERS)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_end_in_the_middle_leaves_whole_courses_and_the_next_import_ends_it(
    store: StoreBuilder, process_environment: Environment, end: signal.Signals
) -> None:
    # Both courses' rows are held, so that both lanes wait in the middle of their first statements.
    import_store(store.path)
    for place, slug in enumerate(("massage", "yoga"), start=1):
        store.course(slug, name="new").lesson(1, title="new", id=str(lesson_id(place)))
    before = rows()
    with holding("SELECT FROM courses FOR UPDATE"), importing(store, process_environment) as process:
        until(lambda: waiting() == 2, "both lanes wait")
        process.send_signal(end)
        _, said = process.communicate(timeout=60)
    until(lambda: waiting() == 0, "the server has noticed")
    if end == signal.SIGINT:
        assert (process.returncode, said.count("\n"), "Stopped." in said) == (130, 1, True)
    assert set(Course.objects.values_list("title", flat=True)) == {"Массаж шеи"}
    assert rows() == before
    assert import_store(store.path).tables["lessons"].updated == 2


def waiting() -> int:
    """How many sessions wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return int((cursor.fetchone() or (0,))[0])
