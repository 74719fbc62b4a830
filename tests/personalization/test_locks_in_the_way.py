"""What somebody else's locks do to runs: a page says so in a sentence, and a plan waits for another plan."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from courses.models import Lesson
from personalization.models import GenerationItem, GenerationRun, Profile
from personalization.pairs import Selection
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.services.prompt_versions import save_draft
from personalization.services.runs import Started, start_run
from personalization.shipped_config import shipped_prompts
from tests.builders import make_learner, make_lesson, make_run, make_superuser
from tests.locks import deadlock, impatient

SAID = "Nothing was changed: try again in a minute."


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def lesson(db: None, settings: Settings) -> Lesson:
    settings.OPENAI_API_KEY = "test"
    lesson = make_lesson()
    make_learner("u-1", course=lesson.course)
    return lesson


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("command", ["pause", "cancel", "accept", "throw_away", "raise_budget"])
def test_a_command_says_that_a_run_is_held_and_can_be_given_again(client: Client, command: str) -> None:
    client.force_login(make_superuser())
    run = make_run(pilot="waiting", budget_micro=1)
    page = reverse("admin:personalization_generationrun_command", args=[run.pk])
    sent = {"command": command, "budget": "5"}
    with deadlock("generation_runs"):
        told = client.post(page, sent, follow=True).content.decode()
    assert SAID in told
    assert GenerationRun.objects.values("state", "pilot", "budget_micro").get() == {
        "state": "open",
        "pilot": "waiting",
        "budget_micro": 1,
    }
    assert SAID not in client.post(page, sent, follow=True).content.decode()


def pressed(client: Client, lesson: Lesson, page: str) -> Any:
    """“Start” on one of the three pages that start runs."""
    if page == "try":
        version = save_draft(key=LESSON_TEMPLATE, content=f"{shipped_prompts()[LESSON_TEMPLATE]}\n")[0]
        data: dict[str, Any] = {"course": lesson.course.slug, "lesson": lesson.pk, "lessons": [lesson.pk]}
        address = reverse("admin:personalization_promptentry_try", args=[LESSON_TEMPLATE, version.number])
    else:
        action, row = {
            "personalization_profile": ("regenerate", Profile.objects.get().pk),
            "courses_lesson": ("regenerate_descriptions", lesson.pk),
        }[page]
        data = {"action": action, "index": "0", "select_across": "0", "_selected_action": [row]}
        address = reverse(f"admin:{page}_changelist")
    return client.post(address, {**data, "backend": "simple", "token": "t", "start": "1"})


@pytest.mark.parametrize("page", ["personalization_profile", "courses_lesson", "try"])
def test_a_page_that_starts_a_run_says_that_it_is_held_and_keeps_the_choices(
    admin: Client, lesson: Lesson, page: str
) -> None:
    with deadlock("generation_items"):
        told = pressed(admin, lesson, page)
    assert told.status_code == 200
    assert SAID in told.content.decode()
    assert 'name="start"' in told.content.decode()
    assert not GenerationRun.objects.exists()


def planned_elsewhere(pool: ThreadPoolExecutor) -> "Future[Started]":
    """By somebody whose session waits for locks no longer than a moment, unless it is told otherwise."""

    def plan() -> Started:
        try:
            with impatient():
                return start_run(selection=Selection(), backend="simple")
        finally:
            connection.close()

    return pool.submit(plan)


LONG = """
    SELECT count(*) FROM pg_locks WHERE NOT granted AND clock_timestamp() - waitstart > interval '200 ms'
        AND pg_blocking_pids(pid) @> ARRAY[pg_backend_pid()]
"""


@pytest.mark.usefixtures("transactional_db")
def test_the_second_who_starts_the_same_run_waits_until_the_first_is_planned() -> None:
    make_learner(course=make_lesson().course)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            start_run(selection=Selection(), backend="simple")
            second, waited = planned_elsewhere(pool), 0
            while not waited and not second.done():
                cursor.execute(LONG)
                waited = cursor.fetchone()[0]
        started = second.result()
    assert (started.asked, started.coalesced) == (1, 0)
    assert GenerationItem.objects.get().run == started.run
