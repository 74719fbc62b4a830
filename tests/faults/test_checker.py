"""The checker finds what is wrong: mutants of the queue's statements, and one that looks at no answer.

A worker claims and is too late: its leases run out, another takes over, and then the late one comes with its
answers. No processes: the steps of two workers, one after the other.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection
from pytest_django import Settings

from benchmarks.faulting.all_rows import FAULTS
from benchmarks.faulting.cancels import Cancels
from benchmarks.faulting.checker import Figures, check
from benchmarks.faulting.mutants import MUTANTS
from benchmarks.faulting.reader import TEXTS, Reader
from benchmarks.faulting.world import World, make_world, text_for
from personalization.fake_model import RunningFakeModel
from personalization.models import PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.services import queue
from personalization.services.attempts import Job
from personalization.services.drain import drain
from personalization.services.ledger import reserve
from personalization.services.runs import cancel_run, start_run
from personalization.services.sweep import sweep
from personalization.services.work import prepare, written
from personalization.writers.base import Draft, Usage
from tests.builders import make_item, make_run

pytestmark = pytest.mark.usefixtures("transactional_db")
ITEMS = 3
USED = Usage(1000, 0, 300, reported=True)


@pytest.fixture
def world(settings: Settings) -> World:
    settings.OPENAI_API_KEY = "test"
    settings.MODEL_PRICES = {"models": {settings.OPENAI_MODEL: {"input": 1, "output": 4}}}
    return make_world(learners=ITEMS, lessons=1)


@pytest.fixture
def reader(world: World) -> Reader:
    return Reader("not connected", world.pairs, world.revisions)


def look(reader: Reader) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TEXTS)
        reader.look(cursor.fetchall())


def begin(worker: str, lease: float) -> list[Job]:
    """Claims everything, with its calls reserved."""
    jobs, _ = prepare(queue.claim(ITEMS, worker=worker, lease=lease))
    return reserve([replace(job, estimate=USED) for job in jobs]).allowed


def publish(jobs: Sequence[Job]) -> None:
    queue.settle([written(job, Draft(text_for(job.brief.name or ""), USED)) for job in jobs])


def late_worker(reader: Reader) -> None:
    """Two workers; a reader looks at every step."""
    look(reader)
    start_run(selection=Selection(), backend="openai")
    late = begin("late", lease=0)
    look(reader)
    sweep()
    punctual = begin("punctual", lease=30)
    look(reader)
    publish(late)
    look(reader)
    with suppress(IntegrityError):  # a table's own check may stop the punctual one for the late one's mistake
        publish(punctual)
    look(reader)
    sweep()


def cancelled(quiet: bool) -> Cancels:
    """A run whose answers come when it is cancelled; and whether one waits until all is quiet."""
    cancels = Cancels()
    run = start_run(selection=Selection(), backend="openai").run
    late = begin("late", lease=30)
    cancel_run(run)
    cancels.cancelled(run.pk)
    publish(late)
    if quiet:
        cancels.quiet()
    return cancels


def verdict(reader: Reader, **may: int) -> Figures:
    """With an endpoint that has answered both workers well."""
    endpoint = {"requests": 2 * ITEMS, "by_mode": {"ok": 2 * ITEMS}}
    return check(endpoint, reader.seen, **{"may_be_unknown": ITEMS, **may})


def test_a_late_worker_breaks_nothing(reader: Reader) -> None:
    late_worker(reader)
    figures = verdict(reader)
    assert figures.broken == figures.wrong == []
    assert (figures.items, figures.done, figures.unknown, figures.scans) == (ITEMS, ITEMS, ITEMS, 5)


OF_TEXTS, OF_CANCELS = "no-check", "publishes-after-a-cancel"
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


def test_each_mutant_has_a_row() -> None:
    assert {row.mutant for row in FAULTS.values() if row.mutant} == set(BY_NAME)


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {OF_TEXTS, OF_CANCELS}))
def test_the_checker_catches_the_mutant(reader: Reader, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BY_NAME[name].install(monkeypatch.setattr)
    late_worker(reader)
    assert BY_NAME[name].breaks in verdict(reader).broken


def test_no_text_comes_after_a_cancel_though_its_answer_does(world: World) -> None:
    cancels = cancelled(quiet=True)
    assert (cancels.late_texts(), cancels.late_answers()) == (0, ITEMS)


@pytest.mark.parametrize("quiet", [True, False], ids=["in the texts", "in their history"])
def test_the_checker_catches_who_publishes_after_a_cancel(
    reader: Reader, quiet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    BY_NAME[OF_CANCELS].install(monkeypatch.setattr)
    late = cancelled(quiet).late_texts()
    assert late == ITEMS
    assert BY_NAME[OF_CANCELS].breaks in verdict(reader, late_texts=late).broken


def test_a_late_text_is_found_whoever_says_they_wrote_it(world: World) -> None:
    cancels = cancelled(quiet=False)
    PersonalizedLessonDescription.objects.update(fingerprint="another")
    cancels.quiet()
    assert cancels.late_texts() == ITEMS


def test_the_checker_catches_who_publishes_what_came(
    reader: Reader, fake_model: RunningFakeModel, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENAI_BASE_URL = fake_model.base_url
    fake_model.set(mode="html")
    BY_NAME[OF_TEXTS].install(monkeypatch.setattr)
    look(reader)
    start_run(selection=Selection(), backend="openai")
    drain()
    figures = check(fake_model.stats(), reader.seen, may_be_unknown=0)
    assert figures.done == ITEMS
    assert BY_NAME[OF_TEXTS].breaks in figures.broken
    assert "summary_short: it holds markup" in figures.wrong


def test_a_text_that_no_good_answer_has_replaced_is_the_old_one(reader: Reader, world: World) -> None:
    make_item(make_run(), world.learners[0], world.lessons[0], state="failed", claimed_rev=1)
    kept = "where nothing good came, the old text stays"
    assert kept not in verdict(reader).broken
    text = PersonalizedLessonDescription.objects.filter(profile=world.learners[0].pk)
    text.update(fingerprint="another")
    assert kept in verdict(reader).broken
