"""A learner or a lesson that is deleted while a run is planned: the plan is made anew, without it."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import Model

from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.services.planning import Planned, plan
from personalization.services.runs import TRIES, Started, planned_by_key
from tests.builders import make_course, make_learner, make_lesson
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")

CHOSEN: dict[str, Any] = {
    "requested_by": None,
    "idempotency_key": None,
    "backend": "simple",
    "options": {"request": ""},
}


def planned_while_deleting(rows: list[Model]) -> Started:
    """Somebody deletes the next of the rows each time when a plan has just read them."""

    def planning(run: GenerationRun) -> Planned:
        planned = plan(run, Selection(), None)
        if rows:
            at_once(rows.pop().delete)
        return planned

    return planned_by_key(planning, CHOSEN)


@pytest.mark.parametrize("kind", ["learner", "lesson"])
def test_the_others_are_planned_all_the_same(kind: str) -> None:
    course = make_course()
    lessons = [make_lesson(course, number) for number in (1, 2)]
    learners = [make_learner(course=course) for _ in range(2)]
    started = planned_while_deleting([learners[0] if kind == "learner" else lessons[0]])
    assert started.asked == 2
    assert list(GenerationItem.objects.values_list("run", flat=True)) == [started.run.pk] * 2


def test_but_not_without_end() -> None:
    course = make_course()
    make_lesson(course)
    rows: list[Model] = [make_learner(course=course) for _ in range(TRIES + 2)]
    with pytest.raises(IntegrityError):
        planned_while_deleting(rows)
    assert len(rows) == 2
    assert not GenerationRun.objects.exists()
