"""Workers, sweeps and people at the same moment: nobody waits for ever, nothing is paid or done twice."""

import random
import threading
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from personalization.models import GenerationItem, GenerationRun, ModelCall, Profile
from personalization.models import PersonalizedLessonDescription as Text
from personalization.pairs import Selection
from personalization.services import queue
from personalization.services.ledger import reserve
from personalization.services.runs import cancel_run, pause_run, resume_run, start_run
from personalization.services.sweep import close_ended, sweep
from personalization.services.work import prepare
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.paid_work import (
    PRICES,
    calls,
    claim,
    good,
    held,
    jobs,
    money,
    paid_run,
    reserved,
    settle,
    settle_all,
)
from tests.threads import at_once, crew, deadlocks, repeated

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.MODEL_PRICES = PRICES


# --- money ---


def test_fifty_workers_never_pass_a_budget() -> None:
    """Each call may cost 150 and costs 80; 20 of 100 fit, and a reader looks all the time."""
    run = paid_run(100, budget_micro=1600)
    finished = threading.Event()
    workers = [threading.Event() for _ in range(50)]

    def work(done: threading.Event) -> None:
        try:
            while ready := jobs(2):
                asked = reserve(ready)
                settle([*held(asked), *(good(job) for job in asked.allowed)])
        finally:
            done.set()
            if all(worker.is_set() for worker in workers):
                finished.set()

    def read() -> int:
        found = GenerationRun.objects.values_list("reserved_micro", "spent_micro").get(pk=run.pk)
        return sum(found)

    *_, seen = at_once(*(partial(work, worker) for worker in workers), repeated(read, finished.is_set))
    assert max(seen) <= 1600
    assert len(seen) > 10, "the reader has read"
    while sweep().released:
        work(threading.Event())
    assert money(run) == (0, 80 * Text.objects.count())
    assert run.spent_micro + 150 > 1600, "no call that would have fitted was refused for good"
    assert ModelCall.objects.filter(state="ok").count() == Text.objects.count() == run.calls


def test_two_settlements_of_the_same_call_move_its_money_once() -> None:
    run = paid_run(8)
    ready = reserved()
    at_once(*[lambda: settle([good(job) for job in ready])] * 4)
    assert (money(run), run.calls, Text.objects.count()) == ((0, 640), 8, 8)


def test_a_sweep_and_a_late_worker_share_out_the_calls_between_them() -> None:
    """Its lease ran out while it was writing: each call is settled by one of the two, never by both."""
    with crew(8) as together:
        for _ in range(10):
            GenerationRun.objects.all().delete()
            run = paid_run(6)
            ready = reserved()
            GenerationItem.objects.update(lease_until="2020-01-01T00:00Z")
            together(sweep, *[partial(settle, [good(job)]) for job in ready], sweep)
            sweep()
            done = Text.objects.filter(profile__in=[job.claim.profile_id for job in ready]).count()
            unknown = ModelCall.objects.filter(run=run, state="unknown").count()
            assert money(run) == (0, 80 * (6 - unknown) + 150 * unknown)
            assert done <= 6 - unknown


def test_batches_of_two_runs_do_not_wait_for_each_other() -> None:
    first, second = paid_run(30), paid_run(30)
    ready = reserved()
    rounds = [random.Random(seed).sample(ready, len(ready)) for seed in range(6)]
    shares = [[batch[n] for n in range(len(batch)) if n % 6 == place] for place, batch in enumerate(rounds)]

    at_once(*(partial(settle, [good(job) for job in share]) for share in shares), sweep, close_ended)
    settle(good(job) for job in ready)
    assert (money(first), money(second)) == ((0, 2400), (0, 2400))


def test_two_workers_reserve_for_the_same_runs_in_any_order() -> None:
    runs = [paid_run(10, budget_micro=900) for _ in range(3)]
    ready = jobs()
    shares = [random.Random(seed).sample(ready[seed::5], len(ready[seed::5])) for seed in range(5)]
    found = at_once(*(partial(reserve, share) for share in shares))
    assert sum(len(one.allowed) for one in found) == 18
    assert [money(run) for run in runs] == [(900, 0)] * 3


# --- people ---


def test_no_text_appears_after_a_cancel_whenever_it_comes() -> None:
    """40 cancels at random moments of a batch: what is there when the cancel returns is all there ever is."""
    dice = random.Random(4)
    moments: set[int] = set()
    with crew(7) as together:
        for _ in range(40):
            run = paid_run(6)
            ready = reserved()

            def cancel(run: GenerationRun = run) -> int:
                threading.Event().wait(dice.uniform(0, 0.03))
                assert cancel_run(run) is True
                return texts(run)

            after, *_ = together(cancel, *(partial(settle_all, [good(job)]) for job in ready))
            assert texts(run) == after
            moments.add(after)
            sweep()
            assert set(run.items.values_list("state", flat=True)) <= {"done", "cancelled"}
            assert money(run) == (0, 480), "each worker has settled its call"
    assert len(moments) > 1, "the cancels came at different moments"


def texts(run: GenerationRun) -> int:
    return Text.objects.filter(profile__in=run.items.values("profile")).count()


def test_people_who_steer_and_workers_who_write_never_deadlock() -> None:
    before = deadlocks()
    run = paid_run(60, budget_micro=4000)
    through = threading.Event()

    def work() -> None:
        while ready := jobs(5):
            asked = reserve(ready)
            settle_all([*asked.outcomes, *(good(job) for job in asked.allowed)])

    def steer() -> None:
        for budget in (3000, 5000, 1000, 100_000):
            pause_run(run)
            GenerationRun.objects.filter(pk=run.pk).update(budget_micro=budget)
            resume_run(run)
            sweep()
        through.set()

    at_once(*[repeated(work, through.is_set)] * 4, steer, repeated(sweep, through.is_set))
    while sweep().next_due == 0:
        work()
    assert set(run.items.values_list("state", flat=True)) == {"done"}
    assert money(run) == (0, 80 * 60)
    assert deadlocks() == before


def test_asks_in_any_order_and_workers_never_deadlock() -> None:
    """32 asks for shuffled learners, while what is asked for is claimed, written and swept."""
    course = make_course()
    for number in range(1, 7):
        make_lesson(course, number)
    learners = [make_learner(course=course) for _ in range(10)]
    before = deadlocks()
    through = threading.Event()
    last = threading.Barrier(8, action=through.set)

    def ask(number: int) -> None:
        dice = random.Random(number)
        for _ in range(4):
            some = dice.sample(learners, dice.randint(1, 10))
            start_run(selection=Selection(profiles=tuple(learner.pk for learner in some)), backend="simple")
        last.wait(60)

    workers = [repeated(work, through.is_set) for work in (simple_work, simple_work, sweep)]
    at_once(*(partial(ask, number) for number in range(8)), *workers)
    while sweep().next_due == 0:
        simple_work()
    assert not GenerationItem.objects.filter(finished_at=None).exists()
    assert Text.objects.count() == 60
    assert deadlocks() == before


def simple_work() -> None:
    mine = claim(7)
    queue.heartbeat(mine, lease=30)
    ready, outcomes = prepare(mine)
    settle_all([*outcomes, *(good(job) for job in ready)])


def test_a_planning_that_takes_long_holds_up_neither_leases_nor_the_other_texts() -> None:
    """It has asked for what is being written once more, and is not committed yet."""
    run = paid_run(3)
    ready = reserved()
    asked_for = ready[0]
    selection = Selection(profiles=(asked_for.claim.learner_id,))
    with transaction.atomic():
        start_run(selection=selection, backend="simple")

        def beat_and_settle() -> tuple[set[int], queue.Settled]:
            alive = queue.heartbeat([job.claim for job in ready], lease=30)
            return alive, settle(good(job) for job in ready)

        [found] = at_once(beat_and_settle)
    alive, settled = found
    assert alive == {job.claim.id for job in ready}
    assert settled == queue.Settled({ready[1].claim, ready[2].claim}, {asked_for.claim})
    assert money(run) == (150, 160), "the third is not settled by halves"

    assert settle([good(asked_for)]).mine == {asked_for.claim}
    assert GenerationItem.objects.get(pk=asked_for.claim.id).state == "queued", "once more, for the newer ask"


# --- rows that go ---


def test_a_learner_who_is_deleted_while_texts_are_published_deadlocks_with_nobody() -> None:
    before = deadlocks()
    with crew(7) as together:
        for _ in range(8):
            run = paid_run(6)
            ready = reserved()
            learners = list(Profile.objects.filter(pk__in=[job.claim.profile_id for job in ready]))
            random.Random(8).shuffle(learners)
            together(
                lambda: settle_all(good(job) for job in ready),  # noqa: B023 used inside the loop only
                *(learner.delete for learner in learners),
            )
            assert money(run) == (0, 480)
            assert not Text.objects.exists()
    assert deadlocks() == before


def test_an_editors_lock_on_a_text_keeps_nobody_from_pausing_the_run() -> None:
    run = paid_run(2)
    ready = reserved()
    settle([good(ready[0])])
    again = paid_run(1, options={"force": True})
    GenerationItem.objects.filter(run=again).update(
        profile=ready[0].claim.profile_id, lesson=ready[0].claim.lesson_id
    )
    [job] = reserved()
    with transaction.atomic():
        Text.objects.select_for_update().get()
        waits: list[Any] = []

        def publish() -> None:
            try:
                settle([good(job)])
            except Exception as error:
                waits.append(error)

        at_once(publish, lambda: pause_run(again))
    assert len(waits) == 1, "it gave up, and comes again"
    settle([good(job)])
    assert calls("state") == ["ok", "reserved", "ok"]
    assert run.items.filter(state="running").count() == 1
