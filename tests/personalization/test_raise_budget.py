"""A budget is raised while a run goes on: what waited for money is queued again."""

from typing import Any

import pytest

from personalization.models import GenerationRun
from personalization.services.budget import raise_budget
from personalization.services.sweep import sweep
from tests.builders import make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db


def held(run: GenerationRun, needs: int) -> Any:
    fields = {"state": "held", "error_code": "budget", "needs_micro": needs}
    return make_item(run, make_learner(), make_lesson(), **fields)


def test_what_the_money_is_enough_for_goes_on() -> None:
    run = make_run(budget_micro=100, spent_micro=90)
    items = [held(run, 30), held(run, 30)]
    assert raise_budget(run, 125)
    sweep()
    for item in items:
        item.refresh_from_db()
    assert [item.state for item in items] == ["queued", "held"]


def test_without_a_limit_all_of_it_goes_on() -> None:
    run = make_run(budget_micro=100, spent_micro=90, state="paused")
    held(run, 1_000_000)
    assert raise_budget(run, None)
    sweep()
    assert run.items.get().state == "queued"


@pytest.mark.parametrize(
    ("fields", "budget"),
    [
        ({"budget_micro": 100}, 100),
        ({"budget_micro": 100}, 99),
        ({"budget_micro": None}, 100),
        ({"budget_micro": 100, "state": "closed"}, 200),
        ({"budget_micro": 100, "state": "cancelled"}, None),
    ],
)
def test_it_is_only_raised_and_only_where_there_is_one(fields: dict[str, Any], budget: int | None) -> None:
    run = make_run(**fields)
    assert not raise_budget(run, budget)
    run.refresh_from_db()
    assert run.budget_micro == fields["budget_micro"]
