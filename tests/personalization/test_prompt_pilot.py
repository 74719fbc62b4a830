"""A draft of a prompt on its way, with a real model endpoint: tried, compared, made live, accepted."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from courses.models import Course
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationRun, PersonalizedLessonDescription, Pilot, Profile, PromptVersion
from personalization.pairs import Selection
from personalization.services.drain import drain
from personalization.services.pilot import pilot_items
from personalization.services.prompt_versions import save_draft
from personalization.services.runs import start_run
from personalization.shipped_config import PERSONALIZATION, shipped_prompts
from personalization.text_queries import text_counts
from tests.builders import make_course, make_learner, make_lesson, make_superuser

pytestmark = pytest.mark.usefixtures("transactional_db")

NEWER = shipped_prompts()[PERSONALIZATION].replace("warm, plain and respectful", "plain and friendly")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.GENERATION_CALL_SECONDS = 10
    return fake_model


@pytest.fixture
def learners() -> list[Profile]:
    """Two, each with a text by today's prompt."""
    course = make_course(title="Sleep", language="en")
    make_lesson(course, title="Why we sleep")
    return [make_learner(name, course, survey={"motivation": "Sleep better"}) for name in ("u-1", "u-2")]


def page(name: str) -> str:
    return reverse(f"admin:personalization_promptentry_{name}", args=[PERSONALIZATION, 2])


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def texts() -> dict[str, PersonalizedLessonDescription]:
    rows = PersonalizedLessonDescription.objects.select_related("profile")
    return {text.profile.user_identifier: text for text in rows}


def stale(learner: Profile) -> int:
    return text_counts([learner.pk])[learner.pk].stale


def test_a_draft_is_tried_compared_and_made_live(
    model: RunningFakeModel, learners: list[Profile], client: Client
) -> None:
    client.force_login(make_superuser("me"))
    start_run(selection=Selection(), backend="openai")
    drain()
    before = texts()
    save_draft(key=PERSONALIZATION, content=NEWER, note="Friendlier")
    run = tried(client, learners[0])
    assert "plain and friendly" in str(model.prompts(last=1))
    assert {name: text.content for name, text in texts().items()} == {
        name: text.content for name, text in before.items()
    }, "learners keep what they have"

    compared(client, run, before["u-1"])
    requests = model.stats()["requests"]
    made_live(client)
    assert (GenerationRun.objects.count(), model.stats()["requests"]) == (2, requests), "nothing was started"
    assert [stale(learner) for learner in learners] == [1, 1]

    client.post(reverse("admin:personalization_generationrun_command", args=[run.pk]), {"command": "accept"})
    drain()
    assert model.stats()["requests"] == requests, "the draft that was read is the text that is published"
    assert [stale(learner) for learner in learners] == [0, 1]
    assert texts()["u-1"].prompt_version.startswith("personalization:2 ")
    assert texts()["u-2"].prompt_version.startswith("personalization:1 ")


def tried(client: Client, learner: Profile) -> GenerationRun:
    lesson = Course.objects.get().lessons.get()
    chosen = {"course": lesson.course.slug, "lesson": str(lesson.pk), "learner": str(learner.pk)}
    shown = words(client.get(page("try"), {**chosen, "show": "1"}))
    assert "1 request, about" in shown
    assert "Sleep better" in shown
    client.post(page("try"), {**chosen, "token": "once", "start": "1"})
    drain()
    run = GenerationRun.objects.latest("created_at")
    assert run.pilot == Pilot.WAITING
    return run


def compared(client: Client, run: GenerationRun, today: PersonalizedLessonDescription) -> None:
    [item] = pilot_items(run.pk)
    shown = words(client.get(reverse("admin:personalization_generationrun_pilot", args=[run.pk])))
    assert item.answer is not None
    for document in (item.answer, today.content):
        assert document["quick_action"] in shown
    assert "These drafts try version 2 of a prompt. It must be live before they can be published." in shown


def made_live(client: Client) -> None:
    shown = words(client.get(page("live")))
    assert "<strong>2 texts become stale by this.</strong>" in shown
    assert "Estimated cost" in shown
    client.post(page("live"), {"seen": 1})
    assert not PromptVersion.objects.get(key=PERSONALIZATION, number=2).is_draft
