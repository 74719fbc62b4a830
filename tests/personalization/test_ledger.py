"""Money is set aside before a call and moves once after it, whoever comes late."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from personalization.errors import Permanent, RunBlocked, Transient, WriterError
from personalization.models import GenerationItem, GenerationRun, ModelCall
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services import ledger, queue
from personalization.services.charges import unsent
from personalization.services.ledger import reserve
from personalization.services.runs import cancel_run, pause_run
from personalization.services.sweep import sweep
from personalization.services.work import asked_again, failed, given_back, written
from personalization.writers.base import Draft, Usage
from tests.personalization.paid_work import (
    MODEL,
    NEW,
    PRICES,
    USED,
    calls,
    good,
    jobs,
    money,
    paid_run,
    reserved,
    settle,
)

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(hours=1)


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.MODEL_PRICES = PRICES


def lose_leases() -> None:
    GenerationItem.objects.filter(state="running").update(lease_until=timezone.now() - LONG_AGO)
    sweep()


# --- before the call ---


def test_a_call_is_written_down_and_its_money_set_aside_before_it_is_made() -> None:
    run = paid_run(2)
    ready = reserved()
    assert money(run) == (300, 0)
    assert (
        calls("state", "model", "reserved_micro", "actual_micro", "call_no")
        == [("reserved", MODEL, 150, None, 1)] * 2
    )
    first = ModelCall.objects.order_by("pk")[0]
    assert (first.item_id, first.run_id, first.lease_token) == (
        ready[0].claim.id,
        run.pk,
        ready[0].claim.token,
    )
    assert (first.rev, first.fingerprint) == (1, ready[0].fingerprint)


def test_a_reservation_that_is_tried_again_is_the_same() -> None:
    """The connection broke after the commit: the worker does not know, and asks once more."""
    run = paid_run(1, budget_micro=150)
    [job] = jobs()
    assert reserve([job]).allowed == [job]
    assert reserve([job]).allowed == [job]
    assert (money(run), len(calls("pk"))) == ((150, 0), 1)


def test_a_lease_that_was_lost_before_the_call_is_not_paid_for() -> None:
    run = paid_run()
    late = jobs()
    lose_leases()
    mine = jobs()
    assert reserve(late) == ledger.Reserved([], [])
    assert reserve(mine).allowed == mine
    assert money(run) == (150, 0)


def test_a_pause_before_the_call_gives_the_attempt_back() -> None:
    run = paid_run()
    ready = jobs()
    pause_run(run)
    refused = reserve(ready)
    assert refused.allowed == []
    settle(refused.outcomes)
    item = GenerationItem.objects.get()
    assert (item.state, item.attempts, item.error_code, money(run)) == ("queued", 0, "", (0, 0))


def test_a_reservation_that_is_tried_again_on_a_paused_run_costs_nothing() -> None:
    """As above, and somebody has paused the run meanwhile: nothing was sent, and nobody else will say so."""
    run = paid_run()
    ready = jobs()
    assert reserve(ready).allowed == ready
    pause_run(run)
    settle(reserve(ready).outcomes)
    assert (money(run), run.calls) == ((0, 0), 0)
    assert calls("state", "error_code") == [("error", "unsent")]
    assert GenerationItem.objects.get().state == "queued"


def test_a_call_that_a_cancel_came_before_is_not_made() -> None:
    run = paid_run()
    ready = jobs()
    cancel_run(run)
    assert reserve(ready) == ledger.Reserved([], [])
    assert money(run) == (0, 0)


def test_the_simple_writer_has_no_calls() -> None:
    run = paid_run(backend="simple")
    [job] = reserved()
    settle([good(job, Usage())])
    assert (money(run), calls("pk"), Text.objects.count()) == ((0, 0), [], 1)


# --- after the call ---


def test_a_good_answer_costs_what_was_used_and_is_kept_nowhere_but_in_the_text() -> None:
    run = paid_run(2)
    settle(good(job) for job in reserved())
    assert money(run) == (0, 160)
    assert (
        calls("state", "actual_micro", "input_tokens", "cached_tokens", "output_tokens", "answer")
        == [("ok", 80, 60, 40, 20, None)] * 2
    )
    assert (run.calls, run.input_tokens, run.cached_tokens, run.output_tokens) == (2, 120, 80, 40)
    assert {text.content["why_watch"] for text in Text.objects.all()} == {NEW["why_watch"]}


def test_an_answer_without_usage_costs_what_was_reserved_and_counts_no_tokens() -> None:
    run = paid_run()
    [job] = reserved()
    settle([good(job, Usage())])
    assert money(run) == (0, 150)
    assert (run.calls, run.input_tokens, run.output_tokens) == (1, 0, 0)


def with_usage(error: WriterError, usage: Usage) -> WriterError:
    error.usage = usage
    return error


@pytest.mark.parametrize(
    ("error", "state", "cost"),
    [
        (Transient("rate_limit", "x", 1.0), "error", 0),
        (Transient("http_500", "x"), "error", 0),
        (Permanent("http_400", "x"), "error", 0),
        (RunBlocked("http_401", "x"), "error", 0),
        (RunBlocked("quota", "x"), "error", 0),
        (Transient("timeout", "x"), "error", 150),
        (Transient("connection", "x"), "error", 150),
        (with_usage(Transient("connection", "never sent"), Usage(reported=True)), "error", 0),
        (Transient("garbage", "x"), "bad", 150),
        (Transient("internal", "x"), "bad", 150),
        (with_usage(Transient("wrong_language", "x"), Usage(70, 0, 9, reported=True)), "bad", 79),
        (with_usage(Permanent("refusal", "x"), Usage(70, 0, 1, reported=True)), "bad", 71),
        (with_usage(Permanent("refusal", "x"), Usage()), "bad", 150),
    ],
)
def test_what_an_ended_call_costs(error: WriterError, state: str, cost: int) -> None:
    run = paid_run()
    [job] = reserved()
    settle([failed(job, error, base_pause=0)])
    assert money(run) == (0, cost)
    assert calls("state", "error_code", "actual_micro") == [(state, error.code, cost)]


def test_a_call_is_settled_once() -> None:
    run = paid_run()
    [job] = reserved()
    settle([good(job)])
    settle([good(job)])
    settle([failed(job, Transient("timeout", "x"), base_pause=0)])
    assert (money(run), calls("state")) == ((0, 80), ["ok"])


def test_a_call_whose_worker_died_stays_charged_and_a_late_answer_moves_nothing() -> None:
    run = paid_run()
    [late] = reserved()
    lose_leases()
    assert (money(run), calls("state", "actual_micro")) == ((0, 150), [("unknown", 150)])
    assert run.calls == 1
    [mine] = reserved()
    settle([good(late)])
    assert (money(run), Text.objects.count()) == ((150, 150), 0)
    settle([good(mine)])
    assert (money(run), Text.objects.count()) == ((0, 230), 1)


def test_calls_of_a_cancelled_run_are_left_to_their_worker_for_a_leases_time() -> None:
    run = paid_run()
    [job] = reserved()
    cancel_run(run)
    sweep()
    assert calls("state") == ["reserved"]
    settle([good(job)])
    assert (money(run), calls("state", "answer"), Text.objects.count()) == ((0, 80), [("ok", None)], 0)


def test_calls_of_a_cancelled_run_whose_worker_died_too_are_charged() -> None:
    run = paid_run()
    reserved()
    cancel_run(run)
    GenerationItem.objects.update(finished_at=timezone.now() - LONG_AGO)
    assert sweep().lost_calls == 1
    assert money(run) == (0, 150)


def test_a_bad_answer_is_asked_for_once_more_and_both_calls_are_paid() -> None:
    run = paid_run()
    [job] = reserved()
    bad = with_usage(Transient("bad_json", "no JSON", reask=True), Usage(10, 0, 5, reported=True))
    again = asked_again(job, bad)
    assert again is not None
    assert (again.job.call_no, again.job.complaint) == (2, "no JSON")

    assert queue.settle([], [again]).mine == set()
    assert (money(run), GenerationItem.objects.get().state) == ((0, 15), "running")
    assert reserve([again.job]).allowed == [again.job]
    assert asked_again(again.job, bad) is None, "only once"
    settle([good(again.job)])
    assert (money(run), calls("call_no", "state")) == ((0, 95), [(1, "bad"), (2, "ok")])


def test_tokens_that_a_provider_made_up_do_not_break_the_batch() -> None:
    run = paid_run()
    [job] = reserved()
    settle([good(job, Usage(60, 100, 0, reported=True))])
    assert money(run) == (0, 60), "cached tokens are part of the input"


# --- rows that go meanwhile ---


def test_a_learner_deleted_meanwhile_leaves_the_cost_and_no_answer() -> None:
    run = paid_run(2)
    first, second = reserved()
    GenerationItem.objects.get(pk=first.claim.id).learner.delete()
    assert settle([good(first), good(second)]).mine == {second.claim}
    assert (money(run), calls("item", "answer")) == ((0, 160), [(None, None), (second.claim.id, None)])
    assert Text.objects.get().profile_id == second.claim.profile_id


def test_a_run_deleted_meanwhile_takes_nothing_else_along() -> None:
    gone, stays = paid_run(), paid_run()
    ready = reserved()
    gone.delete()
    settle(good(job) for job in ready)
    assert not GenerationRun.objects.filter(pk=gone.pk).exists()
    assert (money(stays), sorted(calls("state", "actual_micro"))) == ((0, 80), [("ok", 80)] * 2)


def test_lost_calls_of_a_deleted_run_are_ended_too() -> None:
    paid_run()
    reserved()
    GenerationRun.objects.all().delete()
    assert sweep().lost_calls == 1
    assert calls("state", "run") == [("unknown", None)]


def test_a_call_that_was_reserved_and_not_made_is_not_counted() -> None:
    run = paid_run()
    [job] = reserved()
    settle([given_back(job, unsent(job))])
    assert (money(run), run.calls) == ((0, 0), 0)
    assert calls("state", "error_code") == [("error", "unsent")]


def test_how_long_the_provider_took_stands_in_the_ledger() -> None:
    paid_run()
    [job] = reserved()
    settle([written(job, Draft(NEW, USED, 0.75))])
    assert calls("seconds") == [0.75]
