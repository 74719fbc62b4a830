"""Many items wait while one condenses their lesson: what that costs, and what an operator sees."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from courses.models import Lesson
from personalization.fake_model import RunningFakeModel
from personalization.management.run_lines import wait_lines
from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.run_report import Reason, waits, went_wrong
from personalization.run_report.items_csv import items_csv
from personalization.services import queue
from personalization.services.runs import cancel_run, start_run
from personalization.services.watched import Worker, beat
from personalization.services.work import prepare
from tests.builders import make_course, make_learner, make_lesson, make_superuser
from tests.personalization.condensing_by_hand import begins, fails
from tests.personalization.long_lessons import LONG, small_model

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture(autouse=True)
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(), 7, title="Первое касание", transcript=LONG)


def started(lesson: Lesson, learners: int) -> GenerationRun:
    for _ in range(learners):
        make_learner(course=lesson.course)
    return start_run(selection=Selection(), backend="openai").run


def prepared(items: int) -> list[str]:
    """The statements that a batch of so many claims takes."""
    claims = queue.claim(items, worker="counted", lease=60)
    assert len(claims) == items
    with CaptureQueriesContext(connection) as captured:
        _, outcomes = prepare(claims)
    queue.settle(outcomes)
    return [query["sql"] for query in captured.captured_queries]


def test_a_batch_that_waits_takes_as_many_statements_as_one_item(lesson: Lesson) -> None:
    started(lesson, 40)
    leads = prepared(20)
    one, many = prepared(1), prepared(19)
    assert len(many) == len(one)
    assert sum("condensed_sources" in sql for sql in many) == 2, "who leads, and whether it is ready"
    assert len(leads) == len(one) + 1, "its leader looks what is paid already"


def test_only_one_of_a_batch_leads(lesson: Lesson) -> None:
    started(lesson, 5)
    jobs, outcomes = prepare(queue.claim(5, worker="w", lease=60))
    assert (len(jobs), len(outcomes)) == (1, 4)
    assert {outcome.code for outcome in outcomes} == {"condensing"}


def test_what_waits_for_its_lesson_is_told_of_with_the_reason(lesson: Lesson, client: Client) -> None:
    beat(Worker())
    run = started(lesson, 3)
    job = begins()
    now = progress(run.pk)
    assert [(wait.reason, wait.items) for wait in waits(now)] == [(Reason.CONDENSING, 2)]
    assert went_wrong(now.errors) == []
    client.force_login(make_superuser())
    url = reverse("admin:personalization_generationrun_progress", args=[run.pk])
    page = client.get(url).content.decode()
    assert "2 texts wait until their lessons are condensed" in page
    assert "Lesson 7 “Первое касание”: 0 of 3 parts are condensed." in page
    fails(job)
    page = client.get(url).content.decode()
    assert "The next one has failed (attempts: 1): the endpoint was busy or had a fault." in page
    assert any("Lesson 7" in line for line in wait_lines(progress(run.pk)))
    assert "waits until its lesson is condensed" in "".join(items_csv(run.pk))


def test_what_was_cancelled_while_it_waited_has_no_error(lesson: Lesson) -> None:
    run = started(lesson, 3)
    begins()
    cancel_run(run)
    codes = GenerationItem.objects.filter(run=run, state="cancelled").values_list("error_code", flat=True)
    assert set(codes) == {""}
