"""Items that wait for money: held without being tried, queued again when there is enough, not in circles."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.services.attempts import Claim, Outcome
from personalization.services.holding import release_held
from personalization.services.ledger import reserve
from personalization.services.runs import cancel_run, start_run
from personalization.services.sweep import sweep
from personalization.writers.base import Usage
from tests.personalization.paid_work import PRICES, claim, good, held, jobs, money, paid_run, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.MODEL_PRICES = PRICES


def states(run: GenerationRun) -> list[tuple[Any, ...]]:
    items = GenerationItem.objects.filter(run=run).order_by("pk")
    return list(items.values_list("state", "error_code", "attempts", "needs_micro"))


def overdrawn(budget: int, items: int = 4) -> Any:
    """A run of calls for 150 each, and the jobs to call: what the budget does not allow is held."""
    run = paid_run(items, budget_micro=budget)
    asked = reserve(jobs())
    settle(held(asked))
    return run, asked.allowed


def test_what_the_budget_has_not_left_is_held_and_costs_no_attempt() -> None:
    run, allowed = overdrawn(300)
    assert len(allowed) == 2
    assert states(run)[2:] == [("held", "budget", 0, 150)] * 2
    assert money(run) == (300, 0)


def test_a_budget_is_used_to_the_last_millionth() -> None:
    assert len(overdrawn(300)[1]) == 2
    assert len(overdrawn(299)[1]) == 1
    assert len(overdrawn(149)[1]) == 0


def test_while_some_wait_for_money_no_more_are_claimed() -> None:
    run = paid_run(6, budget_micro=300)
    settle(held(reserve(jobs(3))))
    assert claim() == []
    assert sweep().next_due is None, "nor is a worker woken for them"
    assert GenerationItem.objects.filter(run=run, state="queued").count() == 3


def test_what_was_released_is_claimed_though_others_still_wait() -> None:
    run, _ = overdrawn(150)
    GenerationRun.objects.update(budget_micro=300)
    assert release_held() == 1
    assert len(claim()) == 1
    assert [state for state, *_ in states(run)] == ["running", "running", "held", "held"]


def test_no_more_are_claimed_than_the_money_serves() -> None:
    run = paid_run(9, budget_micro=150)
    settle(held(reserve(jobs(2))))
    GenerationRun.objects.update(budget_micro=150 + 3 * 150 + 149)
    assert len(claim()) == 3
    assert run.items.filter(state="queued").count() == 4


def test_one_dear_call_does_not_keep_cheaper_ones_from_the_money() -> None:
    run = paid_run(3, budget_micro=200)
    dear, *cheap = jobs()
    asked = reserve([replace(dear, estimate=Usage(1000, 0, 0)), *cheap])
    assert asked.allowed == []
    settle(asked.outcomes)
    assert release_held() == 1
    assert [job.id for job in claim()] == [cheap[0].claim.id]
    assert [needs for *_, needs in states(run)] == [1000, 150, 150]


def poor(items: int) -> list[Claim]:
    """10 are left; of so many items three were tried, and need 12, 9 and 12."""
    paid_run(items, budget_micro=10)
    tried = claim(3)
    settle(
        Outcome(one, "held", "budget", "poor", give_back=True, needs_micro=needs)
        for one, needs in zip(tried, (12, 9, 12), strict=True)
    )
    assert release_held() == 1
    return tried


def test_what_was_released_is_claimed_first_though_what_still_waits_is_dearer() -> None:
    assert claim_ids(poor(4)[1:2]) == claim_ids(claim())


def test_what_was_released_and_given_back_is_claimed_again() -> None:
    tried = poor(3)
    settle(Outcome(one, "retry", "stopped", "stopped", give_back=True) for one in claim())
    assert claim_ids(claim()) == claim_ids(tried[1:2])


def claim_ids(claims: list[Claim]) -> list[int]:
    return [one.id for one in claims]


def test_another_runs_money_is_its_own() -> None:
    overdrawn(150)
    other = paid_run(2)
    assert {job.run_id for job in claim()} == {other.pk}


def test_money_that_was_not_needed_serves_those_that_wait() -> None:
    run, [first, second] = overdrawn(300)
    settle([good(first)])  # 80 of 150: 70 are left
    assert release_held() == 0, "less than one call may cost"
    settle([good(second)])
    assert money(run) == (0, 160)
    assert sweep().released == 0, "140 are left"
    GenerationRun.objects.update(budget_micro=310)
    assert sweep().released == 1, "only as many as the money serves"
    assert states(run)[2:] == [("queued", "", 0, 150), ("held", "budget", 0, 150)]


def test_a_higher_budget_lets_the_run_end() -> None:
    run, allowed = overdrawn(300)
    settle(good(job) for job in allowed)
    GenerationRun.objects.update(budget_micro=1000)
    assert sweep().released == 2
    settle(good(job) for job in reserve(jobs()).allowed)
    assert sweep().closed == 1
    assert money(run) == (0, 320)


def test_no_budget_lets_all_go_on() -> None:
    run, _ = overdrawn(150)
    GenerationRun.objects.update(budget_micro=None)
    assert sweep().released == 3
    assert len(claim()) == 3
    assert {state for state, *_ in states(run)} == {"running"}


def test_a_budget_that_was_lowered_below_what_is_spent_only_stops_the_rest() -> None:
    run, allowed = overdrawn(300)
    GenerationRun.objects.update(budget_micro=10)
    settle(good(job) for job in allowed)
    assert (money(run), sweep().released) == ((0, 160), 0)


def test_a_cancel_ends_what_waits_and_calls_it_no_error() -> None:
    run, _ = overdrawn(150)
    cancel_run(run)
    assert states(run)[1:] == [("cancelled", "", 0, None)] * 3


def test_a_new_ask_does_not_wait_for_the_older_runs_money() -> None:
    run, _ = overdrawn(150)
    second = start_run(selection=Selection(), backend="simple").run
    assert [state for state, *_ in states(run)] == ["running"], "what runs stays"
    assert states(second) == [("queued", "", 0, None)] * 3


def test_asked_again_while_its_budget_was_refused_it_is_queued_again() -> None:
    run = paid_run(1, budget_micro=100)
    refused = reserve(jobs())
    GenerationItem.objects.update(wanted_rev=2)
    settle(held(refused))
    assert states(run) == [("queued", "", 0, None)]


def test_a_model_without_a_price_keeps_its_ledger_and_no_budget(settings: Settings) -> None:
    settings.MODEL_PRICES = {}
    run = paid_run(2, budget_micro=1)
    settle(good(job) for job in reserve(jobs()).allowed)
    assert (money(run), run.calls, run.input_tokens) == ((0, 0), 2, 120)
