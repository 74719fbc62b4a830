"""An item that kills its worker each time fails alone: what was in flight beside it is not to blame."""

import pytest

from personalization.models import GenerationItem
from personalization.services import queue
from personalization.services.queue import Outcome
from personalization.services.sweep import sweep
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db


def work(poison: set[int], limit: int, most: int = 100) -> int:
    """A worker that dies of the poison, again and again, until nothing is left. How often it died."""
    deaths = 0
    for _ in range(most):
        claims = queue.claim(limit, worker="w", lease=0)
        if not claims:
            return deaths
        if any(claim.id in poison for claim in claims):
            deaths += 1
            sweep()
        else:
            queue.settle([Outcome(claim, "done") for claim in claims])
    raise AssertionError("it never ended")


@pytest.mark.parametrize("poisonous", [1, 2])
def test_poison_fails_alone(poisonous: int) -> None:
    course = make_course()
    run, lesson = make_run(), make_lesson(course)
    items = [make_item(run, make_learner(course=course), lesson) for _ in range(30)]
    poison = {item.pk for item in items[3 : 3 + poisonous]}
    deaths = work(poison, limit=8)
    failed = GenerationItem.objects.filter(state="failed")
    assert set(failed.values_list("pk", flat=True)) == poison
    assert set(failed.values_list("attempts", "error_code")) == {(6, "lease_lost")}
    assert GenerationItem.objects.filter(state="done").count() == 30 - poisonous
    assert deaths <= 6 * poisonous, "it is not tried more often than anything else"
