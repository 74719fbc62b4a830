"""A run goes lesson by lesson, its first request ahead of the others: the provider reads each lesson once."""

import pytest
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import Endpoint, Profile
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.drain import drain
from personalization.services.runs import start_run
from tests.builders import SURVEY, make_course, make_lesson

pytestmark = pytest.mark.usefixtures("transactional_db")

LEARNERS, LESSONS = 100, 12
SPOKEN = "Садитесь прямо, опустите плечи и положите тёплые ладони на шею. "


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.GENERATION_RETRY_SECONDS = 0.01
    return fake_model


def make_class(learners: int, lessons: int) -> None:
    """As many learners with answers of their own, and lessons of the usual length: 6,000 characters."""
    course = make_course()
    for number in range(1, lessons + 1):
        make_lesson(course, number, transcript=f"Урок {number}. {SPOKEN * 100}"[:6000])
    Profile.objects.bulk_create(
        Profile(user_identifier=f"u-{n}", course=course, name="Нина", survey={**SURVEY, "goal": f"Цель {n}"})
        for n in range(learners)
    )


def run() -> dict[str, int]:
    started = start_run(selection=Selection(), backend="openai")
    drain()
    return progress(started.run.pk).counts


def test_nine_tenths_of_the_input_come_from_the_providers_cache(model: RunningFakeModel) -> None:
    make_class(LEARNERS, LESSONS)
    model.set(latency=20)
    assert run() == {"done": LEARNERS * LESSONS}
    tokens = model.stats()["tokens"]
    assert model.stats()["requests"] == LEARNERS * LESSONS
    assert tokens["cached"] / tokens["prompt"] > 0.9

    shared: dict[str, set[str]] = {}
    for prompt in model.prompts():
        first, own = prompt["messages"]  # type: ignore[misc]  # JSON of two messages
        assert (first["role"], own["role"]) == ("system", "user")  # type: ignore[has-type]
        shared.setdefault(first["content"], set()).add(own["content"])  # type: ignore[has-type]
    assert [len(learners) for learners in shared.values()] == [LEARNERS] * LESSONS


def test_each_lessons_first_request_is_answered_before_its_others_start(model: RunningFakeModel) -> None:
    make_class(6, 4)
    model.set(latency=50)
    assert run() == {"done": 24}
    tokens = model.stats()["tokens"]
    whole = tokens["prompt"] / 24
    # Four requests found nothing: all others found their lesson, but for the last piece of a block.
    assert tokens["cached"] > 20 * (whole - 200)


def test_what_an_endpoint_wants_is_remembered_for_the_next_worker(model: RunningFakeModel) -> None:
    make_class(8, 1)
    model.set(lacks="json_schema,max_tokens")
    assert run() == {"done": 8}
    assert model.stats()["by_status"] == {"400": 2, "200": 8}
    known = Endpoint.objects.get()
    assert (known.base_url, known.model) == (model.base_url, "gpt-4.1-mini")
    assert (known.answers, known.limit, known.usage) == ("json_object", "max_completion_tokens", True)

    start_run(selection=Selection(), backend="openai", force=True)
    drain()
    assert model.stats()["by_status"] == {"400": 2, "200": 16}
