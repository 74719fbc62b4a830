"""Work in several sessions at once, and a large store that is imported in two of them."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from django.db import DataError, connection, transaction

from courses.history.reason import because
from courses.models import Lesson
from courses.services.course_import import CourseChanged
from courses.services.history.versions import versions
from persona_site.lanes import Lanes, Stopped, lanes
from persona_site.progress import Silent
from persona_site.store_import import ONE_LANE, import_store
from persona_site.store_part import halves
from personalization.models import PersonalizedLessonDescription
from tests.builders import make_course, make_lesson
from tests.store_builder import StoreBuilder, lesson_id

pytestmark = pytest.mark.usefixtures("transactional_db")

LEARNERS = 260  # in each of two courses: enough for two lanes


@contextmanager
def plain_session() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE mine (part text)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE mine")


@pytest.fixture
def two() -> Iterator[Lanes]:
    with lanes(2, plain_session) as made:
        yield made


def session_of(part: object) -> tuple[object, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() FROM mine UNION ALL SELECT pg_backend_pid()")
        return part, cursor.fetchone()[0]


def test_each_part_keeps_its_session(two: Lanes) -> None:
    first = two.each(session_of, ["a", "b"])
    assert [part for part, _ in first] == ["a", "b"]
    assert first[0][1] == session_of("")[1]
    assert first[0][1] != first[1][1]
    assert two.each(session_of, ["a", "b"]) == first


def test_the_sessions_are_gone_at_the_end() -> None:
    with lanes(2, plain_session) as made:
        (_, own), (_, other) = made.each(session_of, ["a", "b"])
    with connection.cursor() as cursor:
        deadline = time.monotonic() + 10  # the server notes a closed connection in its own time
        while time.monotonic() < deadline:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid = ANY(%s)", [[own, other]])
            if [pid for (pid,) in cursor.fetchall()] == [own]:
                return
    pytest.fail("the second session is still there")


def slow_statement() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


def wrong_statement() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


@pytest.mark.parametrize("error", [KeyboardInterrupt, CourseChanged])
def test_an_error_in_the_first_lane_ends_the_other_ones_statement(
    two: Lanes, error: type[BaseException]
) -> None:
    begun = threading.Event()

    def work(part: str) -> None:
        if part == "b":
            begun.set()
            slow_statement()
        begun.wait(10)
        raise error

    started = time.monotonic()
    with pytest.raises(error):
        two.each(work, ["a", "b"])
    assert time.monotonic() - started < 30


def test_an_error_in_another_lane_is_the_callers_and_stops_the_first(two: Lanes) -> None:
    def work(part: str) -> None:
        if part == "b":
            raise CourseChanged("yoga")
        while True:
            two.go_on()

    with pytest.raises(CourseChanged, match="yoga"):
        two.each(work, ["a", "b"])
    with pytest.raises(Stopped):
        two.go_on()


def test_two_transactions_for_the_same_reason_do_not_wait_for_each_other(two: Lanes) -> None:
    course = make_course()
    lessons = [make_lesson(course, number) for number in (1, 2)]
    both = threading.Barrier(2, timeout=10)

    def rename(lesson: Lesson) -> None:
        with transaction.atomic():
            Lesson.objects.filter(pk=lesson.pk).update(title="new")
            both.wait()

    with because(command="test"):
        two.each(rename, lessons)
    for lesson in lessons:
        assert (versions(Lesson, lesson.pk)[0].metadata or {})["command"] == "test"


def large(path: Path) -> StoreBuilder:
    store = StoreBuilder(path)
    learners = [f"u-{number:03}" for number in range(LEARNERS)]
    for place, slug in enumerate(("massage", "yoga"), start=1):
        course = store.course(slug)
        course.lesson(1, title=slug, id=str(lesson_id(place)))
        course.file(f"9-{lesson_id(place)}.txt", f"{slug}. " + "Слова урока. " * 30)
        for learner in learners:
            course.file(
                f"personalize/{learner}/{9}-{lesson_id(place)}.json", {"summary_short": f"{slug} {learner}"}
            )
    store.profiles(*learners)
    return store


class Threads(Silent):
    """Which threads have worked, and what was said."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def tick(self, steps: int = 1) -> None:
        self.seen.add(threading.current_thread().name)


def rows() -> list[tuple[object, ...]]:
    texts = PersonalizedLessonDescription.objects.order_by("lesson_id", "profile__user_identifier")
    return [*texts.values_list("lesson_id", "profile__user_identifier", "content", "import_digest")]


def test_two_lanes_do_what_one_does(tmp_path: Path) -> None:
    store, threads = large(tmp_path), Threads()
    report = import_store(store.path, watcher=threads)
    assert (report.problems, len(threads.seen)) == ((), 2)
    assert [str(warning).split(":")[0] for warning in report.warnings] == [
        f"{slug}/9-{lesson_id(place)}.txt" for place, slug in enumerate(("massage", "yoga"), start=1)
    ] + ["massage/personalize", "yoga/personalize"]
    assert report.tables["personalized_lesson_descriptions"].created == 2 * LEARNERS
    assert (report.tables["lessons"].created, report.tables["profiles"].created) == (2, LEARNERS)
    by_two = rows()
    PersonalizedLessonDescription.objects.all().delete()
    for slug in ("massage", "yoga"):
        assert import_store(store.path, [slug]).problems == ()
    assert rows() == by_two
    again = import_store(store.path)
    assert (again.changed, again.warnings) == (0, report.warnings)


@contextmanager
def two_connections() -> Iterator[None]:
    """All that the server gives to this user: for the import, and for its lock."""
    database = connection.settings_dict
    owner = database["USER"]
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS few")
        cursor.execute(f"CREATE ROLE few LOGIN CONNECTION LIMIT 2 IN ROLE {owner}")
    connection.close()
    database["USER"] = "few"
    try:
        yield
    finally:
        connection.close()
        database["USER"] = owner
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE few")


def test_where_no_connection_is_left_one_lane_does_it_all_and_says_so(tmp_path: Path) -> None:
    store, threads = large(tmp_path), Threads()
    with two_connections():
        report = import_store(store.path, watcher=threads)
    assert (report.problems, threads.seen) == ((), {threading.current_thread().name})
    assert report.tables["personalized_lesson_descriptions"].created == 2 * LEARNERS
    assert [line for line in threads.said if "max_connections" in line] == [ONE_LANE]


def test_any_other_failure_of_a_lane_is_no_reason_to_go_on_with_one() -> None:
    def session() -> AbstractContextManager[None]:
        if threading.current_thread() is not threading.main_thread():
            wrong_statement()
        return plain_session()

    with pytest.raises(DataError), lanes(2, session):
        pass


def test_a_problem_in_either_lane_refuses_both(tmp_path: Path) -> None:
    store = large(tmp_path)
    store.course("yoga").file(f"personalize/u-007/9-{lesson_id(2)}.json", b"{")
    report = import_store(store.path, watcher=Threads())
    assert [problem.file for problem in report.problems] == [f"yoga/personalize/u-007/9-{lesson_id(2)}.json"]
    assert report.tables == {}
    assert not Lesson.objects.exists()


@pytest.mark.parametrize(
    ("sizes", "first"), [([1], 1), ([5, 5], 1), ([1, 1, 1, 9], 3), ([9, 1, 1], 1), ([0, 0], 1), ([2] * 7, 3)]
)
def test_halves_are_about_the_same(sizes: list[int], first: int) -> None:
    plans: list[object] = [*range(len(sizes))]
    parts = halves(plans, sizes)  # type: ignore[arg-type]  # whatever stands for a plan
    assert [item for part in parts for item in part] == plans
    assert len(parts[0]) == first
