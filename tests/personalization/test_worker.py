"""Real Celery workers, a real broker, the fake model: kills, stops and restarts in the middle of a run."""

import re
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from persona_site.embedded.valkey import Valkey
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, ModelCall, PersonalizedLessonDescription
from personalization.models.runs import ENDED
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import cancel_run, start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.conftest import WorkerStarter
from tests.processes import Environment, manage, until

pytestmark = pytest.mark.usefixtures("transactional_db")


def make_learners(count: int, lessons: int = 1) -> None:
    course = make_course()
    for number in range(1, lessons + 1):
        make_lesson(course, number)
    for _ in range(count):
        make_learner(course=course)


def model_variables(model: RunningFakeModel, **variables: str) -> Environment:
    return {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": model.base_url, **variables}


def start(*, backend: str = "openai") -> UUID:
    settings.OPENAI_API_KEY = "test"
    try:
        return start_run(selection=Selection(), backend=backend).run.pk
    finally:
        settings.OPENAI_API_KEY = ""


def ended(run: UUID) -> bool:
    return progress(run).state == "closed"


def claimed(count: int = 1) -> bool:
    return GenerationItem.objects.filter(attempts__gt=0).count() >= count


def all_in_hand(count: int) -> bool:
    """A lesson's first request goes ahead: while it hangs, the others are not sent for some time."""
    return GenerationItem.objects.filter(state="running").count() == count


def assert_each_text_once(run: UUID) -> None:
    """Every item ended, done or failed with a reason; a text for each done item, and only one."""
    items = GenerationItem.objects.filter(run_id=run)
    assert not items.exclude(state__in=ENDED).exists()
    assert not items.filter(state="failed", error_code="").exists()
    done = set(items.filter(state="done").values_list("profile_id", "lesson_id", "fingerprint"))
    texts = PersonalizedLessonDescription.objects.values_list("profile_id", "lesson_id", "fingerprint")
    assert set(texts) == done
    assert texts.count() == len(done)


def test_a_run_starts_at_once_and_ends_by_itself(
    start_worker: WorkerStarter, process_environment: Environment
) -> None:
    make_learners(3, lessons=2)
    start_worker()
    done = manage("personalize", "--wait", env=process_environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"done\W+6\b", done.stdout), done.stdout
    assert PersonalizedLessonDescription.objects.filter(origin="simple").count() == 6


def test_a_worker_killed_in_the_middle_costs_no_text(
    start_worker: WorkerStarter, fake_model: RunningFakeModel
) -> None:
    make_learners(10, lessons=4)
    fake_model.set(mode="rate_limit,server_error,cut,broken,bad_json,empty", fail=0.1, latency=150, seed=3)
    variables = model_variables(fake_model, GENERATION_CONCURRENCY="8")
    first = start_worker(**variables)
    run = start()
    until(lambda: progress(run).ended >= 5, "some items are done")
    first.kill()
    assert progress(run).ended < 40, "the kill came in the middle"

    start_worker(**variables)
    until(lambda: ended(run), "the run ends by itself")
    assert_each_text_once(run)
    assert progress(run).counts["done"] >= 38
    unknown = ModelCall.objects.filter(state="unknown").count()
    assert unknown <= 2 * 8, "under way, and answered but not yet written"
    assert fake_model.stats()["by_mode"]["ok"] <= 40 + unknown, "nothing else is paid twice"


def test_a_killed_pool_child_is_replaced_and_costs_no_text(
    start_worker: WorkerStarter, fake_model: RunningFakeModel
) -> None:
    make_learners(10, lessons=2)
    fake_model.set(latency=150)
    worker = start_worker(**model_variables(fake_model, GENERATION_CONCURRENCY="4"))
    run = start()
    until(lambda: progress(run).ended >= 3, "some items are done")
    killed = worker.kill_children()
    assert killed
    assert progress(run).ended < 20, "the kill came in the middle"
    until(lambda: ended(run), "a new child goes on")
    assert_each_text_once(run)
    assert not set(worker.children()) & set(killed)


def test_a_frozen_worker_that_wakes_too_late_changes_nothing(
    start_worker: WorkerStarter, fake_model: RunningFakeModel
) -> None:
    make_learners(6)
    fake_model.set(latency=400)
    frozen = start_worker(**model_variables(fake_model))
    run = start()
    until(lambda: fake_model.stats()["in_flight"] == 5, "all requests but the lesson's first are in flight")
    frozen.freeze()
    start_worker(**model_variables(fake_model))
    until(lambda: ended(run), "the second worker takes over when the leases have run out")
    texts = dict(PersonalizedLessonDescription.objects.values_list("pk", "generated_at"))
    frozen.thaw()
    log = frozen.stop()
    assert dict(PersonalizedLessonDescription.objects.values_list("pk", "generated_at")) == texts
    assert_each_text_once(run)
    assert "dropped" in log, "the late worker had results, and was refused"


def test_the_broker_may_lose_everything(start_worker: WorkerStarter, fake_model: RunningFakeModel) -> None:
    make_learners(8)
    fake_model.set(latency=100)
    start_worker(**model_variables(fake_model, GENERATION_CONCURRENCY="2"))
    run = start()
    until(claimed, "work has begun")
    with Redis.from_url(Valkey(settings.VAR).client_url) as broker:
        broker.flushall()
    until(lambda: ended(run), "the run ends without its messages")
    assert_each_text_once(run)


def test_the_broker_may_die(start_worker: WorkerStarter, fake_model: RunningFakeModel) -> None:
    make_learners(8)
    fake_model.set(latency=100)
    start_worker(**model_variables(fake_model, GENERATION_CONCURRENCY="2"))
    run = start()
    until(claimed, "work has begun")
    Valkey(settings.VAR).stop()
    until(lambda: ended(run), "what was begun is finished without a broker")
    second = start_run(selection=Selection(), backend="simple", force=True).run.pk
    Valkey(settings.VAR).ensure()
    until(lambda: ended(second), "a run that was asked for meanwhile is taken up")


def test_connections_cut_in_the_middle(start_worker: WorkerStarter, fake_model: RunningFakeModel) -> None:
    make_learners(20)
    fake_model.set(latency=100)
    start_worker(**model_variables(fake_model, GENERATION_CONCURRENCY="2"))
    run = start()
    until(claimed, "work has begun")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] > 0, "there were connections to cut"
    until(lambda: ended(run), "the worker connects again")
    assert_each_text_once(run)


def test_a_polite_stop_gives_the_work_back_at_once(
    start_worker: WorkerStarter, fake_model: RunningFakeModel
) -> None:
    make_learners(4)
    fake_model.set(mode="hang")
    worker = start_worker(
        **model_variables(fake_model, GENERATION_CALL_SECONDS="60", GENERATION_LEASE_SECONDS="60")
    )
    run = start()
    until(lambda: all_in_hand(4) and fake_model.stats()["in_flight"], "one hangs, the others wait for it")
    worker.stop()
    assert set(GenerationItem.objects.values_list("state", "attempts")) == {("queued", 0)}

    fake_model.set(mode="ok")
    start_worker(**model_variables(fake_model))
    until(lambda: ended(run), "the next worker goes on without waiting for a lease")


def test_cancel_stops_what_is_in_flight(start_worker: WorkerStarter, fake_model: RunningFakeModel) -> None:
    make_learners(4)
    fake_model.set(mode="hang")
    start_worker(**model_variables(fake_model, GENERATION_CALL_SECONDS="60"))
    run = start()
    until(lambda: all_in_hand(4) and fake_model.stats()["in_flight"], "one hangs, the others wait for it")
    assert cancel_run(GenerationItem.objects.first().run) is True  # type: ignore[union-attr]
    assert progress(run).counts == {"cancelled": 4}
    until(lambda: fake_model.stats()["in_flight"] == 0, "the next heartbeat lets go of the requests")
    # The worker is as good as new: the heartbeat and the drain have survived the cancel.
    fake_model.set(mode="ok")
    again = start()
    until(lambda: ended(again), "the next run is written")
    assert_each_text_once(again)


def test_cancel_in_the_middle_of_many_leaves_the_worker_whole(
    start_worker: WorkerStarter, fake_model: RunningFakeModel
) -> None:
    make_learners(60)
    # Half of the requests hang until they are let go, however slow the machine is. By this seed the first one
    # for which the others wait, does not.
    fake_model.set(mode="hang", fail=0.5, latency=900, jitter=900, seed=2)
    start_worker(**model_variables(fake_model, GENERATION_CONCURRENCY="40", GENERATION_CALL_SECONDS="60"))
    run = start()

    def in_the_middle() -> bool:
        return progress(run).counts.get("done", 0) >= 3 and fake_model.stats()["in_flight"] >= 10

    until(in_the_middle, "some are done, many in flight")
    assert cancel_run(GenerationItem.objects.first().run) is True  # type: ignore[union-attr]
    texts = PersonalizedLessonDescription.objects.count()
    until(lambda: fake_model.stats()["in_flight"] == 0, "the next heartbeat lets go of the requests")
    fake_model.set(mode="ok")
    again = start()
    until(lambda: ended(again), "the next run is written by the same worker")
    assert texts < 60
    assert PersonalizedLessonDescription.objects.count() == 60
    assert GenerationItem.objects.filter(run_id=again, state__in=["done", "unchanged"]).count() == 60
