"""Money is set aside for some requests more than there are places, so that a free place waits for nothing."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun, ModelCall
from personalization.models.costs import UNSENT
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.drain import Drain, drain
from personalization.services.pace import Pace
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.processes import until

pytestmark = pytest.mark.usefixtures("transactional_db")
PLACES, SPARE, ITEMS = 20, 2, 30
LEADING = 1  # is sent: all are of one lesson, and the others wait until its first one is answered


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    """An endpoint that never answers, and a run that a worker may begin."""
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.OPENAI_MODEL_LIMITS = {}
    settings.GENERATION_CONCURRENCY = PLACES
    settings.GENERATION_CALL_SECONDS = 30
    settings.GENERATION_LEASE_SECONDS = 3
    course = make_course()
    make_lesson(course)
    for _ in range(ITEMS):
        make_learner(course=course)
    fake_model.set(mode="hang")
    start_run(selection=Selection(), backend="openai")
    return fake_model


@contextmanager
def working(stop: threading.Event) -> Iterator[None]:
    worker = threading.Thread(target=drain, args=[stop.is_set])
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(60)


def reserved() -> int:
    return ModelCall.objects.filter(state="reserved").count()


def waiting(model: RunningFakeModel) -> bool:
    """All places are taken, and those that come next have their money."""
    return reserved() == PLACES + SPARE and bool(model.stats()["in_flight"])


def test_the_pace_tells_how_many() -> None:
    pace = Pace(PLACES, lease=30, drain=60, retry=1, call=10)
    assert (pace.spare, pace.extra, pace.most) == (SPARE, 1, PLACES + SPARE + 1)
    assert Pace(9, lease=30, drain=60, retry=1, call=10).most == 9, "a small worker sets nothing aside"


def test_a_free_place_is_filled_while_the_database_is_busy(model: RunningFakeModel) -> None:
    model.set(mode="ok", latency=300)
    stop = threading.Event()
    with working(stop):
        until(lambda: reserved() == PLACES + SPARE, "money is set aside")
        with transaction.atomic():
            GenerationRun.objects.select_for_update().get()  # nobody reserves or settles
            until(lambda: model.stats()["requests"] == PLACES + SPARE, "the spare ones are sent")
        until(lambda: GenerationItem.objects.filter(state="done").count() == ITEMS, "all are done")
    assert model.stats()["requests"] == ModelCall.objects.count() == ITEMS
    assert model.stats()["max_in_flight"] <= PLACES


def test_what_a_stop_finds_unsent_costs_nothing(
    model: RunningFakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalization.services.drain.GRACE_SECONDS", 0.05)
    with working(threading.Event()):
        until(lambda: waiting(model), "all places are taken")
    unsent = ModelCall.objects.filter(error_code=UNSENT, state="error", actual_micro=0).count()
    assert unsent == PLACES + SPARE - LEADING
    assert ModelCall.objects.filter(error_code="stopped").count() == LEADING
    assert progress(GenerationRun.objects.get().pk).reserved_micro == 0
    assert set(GenerationItem.objects.values_list("state", "attempts")) == {("queued", 0)}


def test_what_is_lost_is_not_sent(model: RunningFakeModel) -> None:
    """Others have taken all items over: no place that becomes free is filled with one of them."""
    with working(threading.Event()):
        until(lambda: waiting(model), "all places are taken")
        asked = model.stats()["requests"]
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE generation_items SET lease_token = gen_random_uuid(),"
                " lease_until = clock_timestamp() + '1 hour' WHERE state = 'running'"
            )
        until(lambda: reserved() == 0, "its calls are given up")
        assert model.stats()["requests"] == asked
    assert ModelCall.objects.filter(error_code=UNSENT).count() == PLACES + SPARE - LEADING


def test_what_is_cut_off_while_its_money_is_set_aside_costs_nothing(model: RunningFakeModel) -> None:
    """Whether the database comes to it or not: here it does, after the worker was told to end."""
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[int]]] = []

    async def work() -> None:
        task = asyncio.create_task(Drain(Pace.from_settings(), lambda: False).run())
        begun.append((asyncio.get_running_loop(), task))
        await asyncio.gather(task, return_exceptions=True)

    worker = threading.Thread(target=lambda: asyncio.run(work()))
    with transaction.atomic():
        GenerationRun.objects.select_for_update().get()
        worker.start()
        until(_somebody_waits_for_the_run, "money is to be set aside")
        loop, task = begun[0]
        loop.call_soon_threadsafe(task.cancel)
        until(task.cancelling, "the worker is told to end")
    worker.join(60)
    assert model.stats()["requests"] == 0
    assert GenerationRun.objects.get().reserved_micro == 0
    assert set(ModelCall.objects.values_list("state", "error_code")) <= {("error", UNSENT)}
    assert set(GenerationItem.objects.values_list("state", "attempts")) == {("queued", 0)}


def _somebody_waits_for_the_run() -> bool:
    with connection.cursor() as cursor:
        # Not pg_stat_activity, which stays as it was throughout a transaction.
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
        return bool(cursor.fetchone()[0])
