"""Money is set aside for what a worker still has in hand, in runs that still go on."""

import threading

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.services import queue
from personalization.services.attempts import Outcome
from personalization.services.ledger import Reserved, reserve
from personalization.services.runs import pause_run, start_run
from personalization.services.work import prepare
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.paid_work import PRICES, jobs, money, paid_run
from tests.threads import until_it_waits_for_me

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def prices(settings: Settings) -> None:
    settings.MODEL_PRICES = PRICES


@pytest.mark.usefixtures("transactional_db")
def test_a_lease_that_is_lost_while_the_run_is_waited_for_reserves_nothing() -> None:
    run = paid_run()
    ready = jobs()
    found: list[Reserved] = []

    def late() -> None:
        try:
            found.append(reserve(ready))
        finally:
            connection.close()

    thread = threading.Thread(target=late)
    with transaction.atomic():
        GenerationRun.objects.select_for_update().get(pk=run.pk)
        thread.start()
        until_it_waits_for_me(thread)
        GenerationItem.objects.update(state="queued", lease_token=None, lease_until=None)
    thread.join()
    assert found == [Reserved([], [])]
    assert money(run) == (0, 0)


def test_a_pause_is_obeyed_by_what_costs_nothing_too() -> None:
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    run = start_run(selection=Selection(), backend="simple").run
    ready, _ = prepare(queue.claim(1, worker="test", lease=30))
    assert reserve(ready).allowed == ready
    pause_run(run)
    assert reserve(ready) == Reserved([], [Outcome(ready[0].claim, "retry", give_back=True)])
