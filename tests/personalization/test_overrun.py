"""Calls that cost more than was reserved for them: the run's other calls, then, may cost as much more."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from personalization.errors import Transient
from personalization.models import GenerationItem
from personalization.queries import progress
from personalization.run_report.held import money_is_out
from personalization.services.budget import raise_budget
from personalization.services.holding import release_held
from personalization.services.ledger import reserve
from personalization.services.sweep import sweep
from personalization.services.work import failed
from personalization.writers.base import Usage
from tests.personalization.paid_work import PRICES, claim, good, held, jobs, money, paid_run, reserved, settle

pytestmark = pytest.mark.django_db
DEAR = Usage(200, 0, 100, reported=True)  # twice the 150 millionths that are reserved for a call


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.MODEL_PRICES = PRICES


def test_a_budget_is_kept_by_calls_that_cost_more_than_was_reserved() -> None:
    run = paid_run(5, budget_micro=700)
    settle(good(job, DEAR) for job in reserved(1))
    asked = reserve(jobs())
    assert (len(asked.allowed), len(held(asked))) == (1, 3)
    settle([*(good(job, DEAR) for job in asked.allowed), *held(asked)])
    assert money(run) == (0, 600)


def test_what_is_in_flight_will_cost_more_too() -> None:
    run = paid_run(5, budget_micro=1_200)
    first, second = reserved(2)
    settle([good(first, DEAR)])
    asked = reserve(jobs())
    assert (len(asked.allowed), len(held(asked))) == (2, 1)
    settle(good(job, DEAR) for job in (second, *asked.allowed))
    assert money(run) == (0, 1_200)


def test_nothing_is_released_or_claimed_that_would_be_refused_again() -> None:
    run = paid_run(5, budget_micro=500)
    settle(good(job, DEAR) for job in reserved(1))
    asked = reserve(jobs(2))
    settle(held(asked))
    assert (len(held(asked)), release_held(), claim()) == (2, 0, [])
    assert money_is_out(progress(run.pk))
    raise_budget(run, 900)
    assert not money_is_out(progress(run.pk))
    assert release_held() == 2
    assert len(reserve(jobs()).allowed) == 2


def test_calls_of_which_nobody_knows_are_charged_as_dear_as_the_others() -> None:
    run = paid_run(3)
    first, second, _ = reserved()
    settle([good(first, DEAR)])
    settle([failed(second, Transient("timeout", "x"), base_pause=0)])
    assert money(run) == (150, 600)
    GenerationItem.objects.filter(state="running").update(lease_until=timezone.now())
    sweep()
    assert money(run) == (0, 900)


def test_calls_that_cost_less_change_nothing() -> None:
    run = paid_run(4, budget_micro=380)
    settle(good(job) for job in reserved(1))
    assert len(reserve(jobs()).allowed) == 2
    assert progress(run.pk).overrun == 1
