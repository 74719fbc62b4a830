"""A worker says that it lives, with every sweep."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import Settings

from personalization.models import WorkerHeartbeat
from personalization.run_report.workers import workers
from personalization.services import watched
from personalization.services.watched import Worker, beat
from personalization.sweeper import Sweeper
from tests.personalization.watched import age
from tests.processes import until

pytestmark = pytest.mark.django_db


def test_the_first_beat_says_who_it_is(settings: Settings) -> None:
    settings.GENERATION_CONCURRENCY, settings.RELEASE = 30, "1.2"
    beat(Worker(pool=2, name="host:7"))
    row = WorkerHeartbeat.objects.get()
    assert (row.name, row.concurrency, row.version) == ("host:7", 60, "1.2")


def test_the_next_beats_renew_it() -> None:
    worker = Worker()
    beat(worker)
    age("worker_heartbeats", "seen_at", 100)
    age("worker_heartbeats", "started_at", 100)
    beat(worker)
    row = WorkerHeartbeat.objects.get()
    assert timezone.now() - row.seen_at < timedelta(seconds=50)
    assert timezone.now() - row.started_at > timedelta(seconds=50)


def test_who_was_not_seen_for_a_day_is_forgotten() -> None:
    beat(Worker(name="old"))
    age("worker_heartbeats", "seen_at", 86_401)
    beat(Worker(name="new"))
    assert [row.name for row in WorkerHeartbeat.objects.all()] == ["new"]


def test_a_database_that_refuses_does_not_end_the_sweeper(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watched, "SEEN", "SELECT 'Нина'::integer, %s, %s, %s, %s")
    beat(Worker())
    assert "heartbeat was not written" in caplog.text
    assert "Нина" not in caplog.text
    with pytest.raises(DatabaseError):  # the refusal was real
        WorkerHeartbeat.objects.count()


def test_those_that_live_are_counted_and_the_last_sight_of_any_is_kept() -> None:
    beat(Worker(pool=1))
    age("worker_heartbeats", "seen_at", 40)
    seen = workers()
    assert seen.gone
    assert 40 <= (seen.silent or 0) < 60
    beat(Worker(pool=1))
    beat(Worker(pool=2))
    seen = workers()
    assert (seen.alive, seen.concurrency) == (2, 150)
    assert (seen.silent or 0) < 20


def test_without_any_there_is_no_last_sight() -> None:
    assert (workers().alive, workers().last, workers().silent) == (0, None, None)


def test_rare_sweeps_are_no_silence(settings: Settings) -> None:
    settings.GENERATION_SWEEP_SECONDS = 60.0
    beat(Worker())
    age("worker_heartbeats", "seen_at", 100)
    assert workers().alive == 1


@pytest.mark.usefixtures("transactional_db")
def test_the_sweeper_beats_with_every_sweep(settings: Settings) -> None:
    settings.GENERATION_SWEEP_SECONDS = 0.05
    sweeper = Sweeper(lambda: None, pool=3)
    sweeper.start()
    try:
        until(WorkerHeartbeat.objects.exists, "a beat")
        first = WorkerHeartbeat.objects.get().seen_at
        until(WorkerHeartbeat.objects.filter(seen_at__gt=first).exists, "another beat")
    finally:
        sweeper.stop()
        sweeper.join(10)
    assert WorkerHeartbeat.objects.get().concurrency == 150
