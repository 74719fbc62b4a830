"""Imports beside each other, and imports that are killed: the database holds the old store or the new one."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from courses.models import Course, Lesson, LessonDescription
from persona_site.management.commands.import_lessons import WHOLE
from persona_site.store_import import WAITING, import_store
from personalization.fake_model import RunningFakeModel
from personalization.models import PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import start_run
from tests.builders import make_learner, make_text
from tests.conftest import WorkerStarter
from tests.forked import Forked
from tests.processes import Environment, until
from tests.store_builder import StoreBuilder, lesson_id

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    """A store that was imported, and then changed in every table."""
    store = StoreBuilder(tmp_path / "store")
    course = store.course().lessons(2)
    course.template(1)
    course.text("u-1", 1)
    store.profiles("u-1")
    assert import_store(store.path).changed
    return changed(store, "new")


def changed(store: StoreBuilder, word: str) -> StoreBuilder:
    course = store.course(name=word)
    for number in (1, 2):
        course.lesson(3 - number, title=word, id=str(lesson_id(number)))
    course.template(1, {"introduction": word})
    course.text("u-1", 1, {"summary_short": word})
    return store


def words() -> set[object]:
    """The words that the database holds: one, where all of a store is there."""
    return {
        *Course.objects.values_list("title", flat=True),
        *Lesson.objects.values_list("title", flat=True),
        *LessonDescription.objects.values_list("data__introduction", flat=True),
        *PersonalizedLessonDescription.objects.values_list("content__summary_short", flat=True),
    }


def importing(store: StoreBuilder, env: Environment) -> Forked:
    return Forked("manage.py", "import_lessons", "--store", str(store.path), env=env)


@contextmanager
def holding(statement: str) -> Iterator[Callable[[], None]]:
    """Another session locks what an import needs, so that it stands still there; yields how to end it."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            # On a busy machine the import takes longer to come than an idle session may hold a lock.
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            cursor.execute(statement)
        yield other.close
    finally:
        other.close()


def waits(lock: str) -> bool:
    """Whether a session waits for a lock of this kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = %s AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
            [lock],
        )
        return bool((cursor.fetchone() or (0,))[0])


def sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int((cursor.fetchone() or (0,))[0])


@pytest.mark.parametrize("table", ["lessons", "lesson_descriptions", "personalized_lesson_descriptions"])
def test_kill_9_in_the_middle_leaves_the_old_course_whole(
    store: StoreBuilder, process_environment: Environment, table: str
) -> None:
    before = sessions()
    old = words()
    with holding(f"LOCK TABLE {table} IN SHARE MODE"), importing(store, process_environment) as process:
        until(lambda: waits("relation"), f"the import comes to {table}")
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: sessions() == before, "the server has ended the dead import's sessions")
    assert words() == old
    assert "new" not in old
    assert not import_store(store.path).problems
    assert words() == {"new"}
    assert Lesson.objects.get(pk=lesson_id(1)).lesson_number == 2


def test_the_second_of_two_imports_waits_and_then_sees_the_first(
    store: StoreBuilder, process_environment: Environment
) -> None:
    with (
        holding("LOCK TABLE lesson_descriptions IN SHARE MODE") as release,
        importing(store, process_environment) as first,
    ):
        until(lambda: waits("relation"), "the first import is in the middle")
        with importing(store, process_environment) as second:
            until(lambda: waits("advisory"), "the second import waits")
            release()
            output, _ = first.communicate(timeout=120)
            assert (first.returncode, "5 rows changed" in output) == (0, True)
            output, said = second.communicate(timeout=120)
            assert (second.returncode, "0 rows changed" in output) == (0, True)
            assert said.strip() == WAITING
    assert words() == {"new"}


def test_two_imports_of_different_stores_do_not_mix(
    store: StoreBuilder, process_environment: Environment
) -> None:
    with (
        holding("LOCK TABLE lesson_descriptions IN SHARE MODE") as release,
        importing(store, process_environment) as first,
    ):
        until(lambda: waits("relation"), "the first import is in the middle")
        changed(store, "newest")
        with importing(store, process_environment) as second:
            until(lambda: waits("advisory"), "the second import waits")
            release()
            for process in (first, second):
                process.communicate(timeout=120)
                assert process.returncode == 0
    assert words() == {"newest"}


def test_ctrl_c_is_one_line_and_nothing_is_half_written(
    store: StoreBuilder, process_environment: Environment
) -> None:
    old = words()
    with (
        holding("LOCK TABLE lesson_descriptions IN SHARE MODE"),
        importing(store, process_environment) as process,
    ):
        until(lambda: waits("relation"), "the import is in the middle")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130
        assert said.splitlines() == [f"CommandError: Stopped. {WHOLE}"]
    assert words() == old


def test_a_database_that_goes_away_in_the_middle_is_one_line(
    store: StoreBuilder, process_environment: Environment
) -> None:
    old = words()
    with (
        holding("LOCK TABLE lesson_descriptions IN SHARE MODE"),
        importing(store, process_environment) as process,
    ):
        until(lambda: waits("relation"), "the import is in the middle")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        _, said = process.communicate(timeout=120)
        assert process.returncode == 1
        assert said.startswith(f"CommandError: The database {connection.settings_dict['NAME']} at ")
        assert said.endswith(f"it was shut down. Start it, and try again. {WHOLE}\n")
        assert len(said.splitlines()) == 1
    assert words() == old


def test_workers_publish_for_a_lesson_that_an_import_is_changing(
    store: StoreBuilder, process_environment: Environment
) -> None:
    course = store.course(name="new")
    for number in (1, 2):
        course.lesson(number, title="new", id=str(lesson_id(number)))
    learner, before = make_learner("w-1"), sessions()
    with (
        holding("LOCK TABLE lesson_descriptions IN SHARE MODE"),
        importing(store, process_environment) as process,
    ):
        until(lambda: waits("relation"), "the import has written its lessons")
        make_text(learner, Lesson.objects.get(pk=lesson_id(1)))  # else: LockNotAvailable
        process.kill()
        process.wait()
    until(lambda: sessions() == before, "the server has ended the dead import's sessions")


def test_an_import_beside_a_worker_that_publishes_loses_nothing(
    store: StoreBuilder, start_worker: WorkerStarter, fake_model: RunningFakeModel
) -> None:
    import_store(store.path)
    identifiers = [f"w-{number}" for number in range(12)]
    store.profiles("u-1", *identifiers)
    import_store(store.path)
    fake_model.set(latency=150)
    start_worker(OPENAI_API_KEY="test", OPENAI_BASE_URL=fake_model.base_url, GENERATION_CONCURRENCY="4")
    settings.OPENAI_API_KEY = "test"
    try:
        run = start_run(selection=Selection(), backend="openai").run.pk
    finally:
        settings.OPENAI_API_KEY = ""
    until(lambda: progress(run).ended >= 2, "the worker publishes")
    imports = 0
    while progress(run).state != "closed":
        word = f"word {imports}"
        assert not import_store(changed(store, word).path).problems
        assert {*Lesson.objects.values_list("title", flat=True)} == {word}
        imports += 1
    assert imports > 1, "imports and the worker met"
    # u-1's text for lesson 1 is the store's; each of the others has what the worker wrote, once.
    counts = progress(run).counts
    assert counts.get("failed", 0) == 0
    written = PersonalizedLessonDescription.objects.filter(profile__user_identifier__in=identifiers)
    assert written.count() == 24
    assert {*written.values_list("origin", flat=True)} == {"openai"}
