"""Renumbering beside readers, other sessions and a kill -9: the old order or the new one, never a mix."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO
from threading import Event, Thread
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from courses.models import Course, Lesson
from courses.services.numbering import compacted, read_places, renumber, reordered
from personalization.models import PersonalizedLessonDescription
from personalization.services import queue
from tests.builders import PERSONAL_TEXT, make_course, make_item, make_learner, make_lesson, make_run
from tests.forked import Forked
from tests.locks import impatient
from tests.persona_site.test_import_at_once import holding, sessions, waits
from tests.processes import Environment, until

pytestmark = pytest.mark.usefixtures("transactional_db")

RENUMBERING = ("manage.py", "renumber_lessons", "neck", "--compact")
# An update waits in a trigger for whoever holds the table `gate`: the renumbering stands still there.
GATE = """
    CREATE TABLE gate ();
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {when} THEN LOCK TABLE gate IN ACCESS SHARE MODE; END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER gate AFTER UPDATE ON lessons FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate();
"""
IN_THE_MIDDLE = {
    "all stepped aside": "EXISTS (SELECT FROM lessons WHERE lesson_number < 0)",
    "all set": "NOT EXISTS (SELECT FROM lessons WHERE lesson_number < 0)",
}


@pytest.fixture
def course() -> Course:
    course = make_course("neck")
    for number in (2, 4, 6):
        make_lesson(course, number, title=f"t{number}")
    return course


@contextmanager
def gate(when: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(GATE.format(when=when))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER gate ON lessons; DROP FUNCTION wait_at_gate; DROP TABLE gate")


def written_backwards(course: Course) -> tuple[UUID, UUID]:
    """Two lessons alone in the course; the one with the higher id, named second, was written first."""
    course.lessons.all().delete()
    low, high = UUID(int=1), UUID(int=2)
    make_lesson(course, 2, pk=high)
    make_lesson(course, 4, pk=low)
    return low, high


def compact() -> None:
    course = Course.objects.get()
    places = read_places(course)
    renumber(course=course, places=places, numbers=compacted(places))


@contextmanager
def standing_before(lesson: UUID, lock: str, work: Callable[[], object]) -> Iterator[None]:
    """Another session holds the lesson with this lock, and the work, in a thread, has come to it."""

    def on_its_own_connection() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with holding(f"SELECT FROM lessons WHERE id = '{lesson}' {lock}"):
            ended = thread.submit(on_its_own_connection)
            until(waits_for_a_row, "the work comes to the lesson", patience=4)
            yield
        ended.result()


def waits_for_a_row() -> bool:
    """Whether a session waits for the end of another one's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event = 'transactionid'"
        )
        return bool((cursor.fetchone() or (0,))[0])


def is_free(lesson: UUID, lock: str) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT FROM lessons WHERE id = %s {lock} SKIP LOCKED", [lesson])
        return bool(cursor.rowcount)


def numbers() -> list[int]:
    return list(Lesson.objects.order_by("title").values_list("lesson_number", flat=True))


@pytest.mark.parametrize(
    ("moment", "end", "said"),
    [
        ("all stepped aside", signal.SIGKILL, ""),
        ("all set", signal.SIGINT, "CommandError: Stopped: nothing was changed.\n"),
    ],
)
def test_an_end_in_the_middle_leaves_the_old_order(
    course: Course, process_environment: Environment, moment: str, end: signal.Signals, said: str
) -> None:
    with gate(IN_THE_MIDDLE[moment]):
        before = sessions()
        with holding("LOCK TABLE gate"), Forked(*RENUMBERING, env=process_environment) as process:
            until(lambda: waits("relation"), moment)
            assert numbers() == [2, 4, 6]  # nobody sees the middle
            process.send_signal(end)
            assert process.communicate(timeout=30)[1] == said
        until(lambda: sessions() == before, "the server has ended the dead session")
        assert numbers() == [2, 4, 6]
    call_command("renumber_lessons", "neck", "--compact", stdout=StringIO())
    assert numbers() == [1, 2, 3]


def test_who_holds_the_course_is_named_after_a_while(course: Course) -> None:
    with (
        impatient(),
        holding("SELECT FROM courses FOR NO KEY UPDATE"),
        pytest.raises(CommandError, match="holds the course"),
    ):
        call_command("renumber_lessons", "neck", "--compact")
    assert numbers() == [2, 4, 6]


def test_a_renumbering_takes_the_lessons_in_the_order_of_their_ids(course: Course) -> None:
    low, high = written_backwards(course)
    with standing_before(low, "FOR KEY SHARE", compact):
        assert is_free(high, "FOR KEY SHARE")
    assert read_places(course)[1].number == 2


def test_a_worker_takes_the_lessons_in_the_order_of_their_ids(course: Course) -> None:
    low, high = written_backwards(course)
    run = make_run()
    first, second = sorted((make_learner(course=course) for _ in range(2)), key=lambda learner: learner.pk)
    for learner, lesson in ((first, high), (second, low)):
        make_item(run, learner, Lesson.objects.get(pk=lesson))
    text = queue.Text(PERSONAL_TEXT, "openai", "m", "p", "f")
    ended = [queue.Outcome(claim, "done", text=text) for claim in queue.claim(9, worker="w", lease=30)]
    with standing_before(low, "FOR UPDATE", lambda: queue.settle(ended)):
        assert is_free(high, "FOR UPDATE")
    assert PersonalizedLessonDescription.objects.count() == 2


def test_a_reader_never_sees_two_lessons_with_one_number_or_one_aside(course: Course) -> None:
    seen: list[list[int]] = []
    stop = Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(numbers())
        connection.close()

    reader = Thread(target=read)
    reader.start()
    try:
        for _ in range(30):
            places = read_places(course)
            order = [place.id for place in (*places[1:], places[0])]
            renumber(course=course, places=places, numbers=reordered(places, order))
        until(lambda: len(seen) > 30, "the reader has read")
    finally:
        stop.set()
        reader.join()
    assert {tuple(sorted(found)) for found in seen} == {(2, 4, 6)}
