"""A lesson that is too long for the model: condensed once, before the first of its texts is written."""

import re
from typing import Any

import pytest
from pytest_django import Settings

from courses.models import Lesson
from personalization.fake_model import RunningFakeModel
from personalization.models import (
    CondensedPart,
    CondensedSource,
    PersonalizedLessonDescription,
)
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.drain import drain
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson

pytestmark = pytest.mark.usefixtures("transactional_db")

SENTENCE = "Положите тёплые ладони на плечи и дышите спокойно вместе с тем, кто лежит перед вами. "
LONG = SENTENCE * 300  # 26,000 characters: about 15,000 tokens


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 12k, 3k out"  # 6,000 tokens of it for the lesson
    settings.GENERATION_CALL_SECONDS = 10
    settings.GENERATION_RETRY_SECONDS = 0.01
    return fake_model


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(), transcript=LONG)


def run(**options: Any) -> Any:
    """Until nothing of the run is open, as the sweepers would have it."""
    started = start_run(selection=Selection(), backend="openai", **options)
    while progress(started.run.pk).state == "open":
        drain()
    return progress(started.run.pk)


def parts_asked(model: RunningFakeModel) -> list[str]:
    """Of the requests that condense: which part of how many."""
    sent = [str(message["content"]) for prompt in model.prompts() for message in prompt["messages"]]  # type: ignore[attr-defined]
    return [found[0] for text in sent if (found := re.match(r"Part \d+ of \d+", text))]


def test_a_lesson_is_condensed_once_for_all_its_learners(model: RunningFakeModel, lesson: Lesson) -> None:
    for _ in range(5):
        make_learner(course=lesson.course)
    done = run()
    assert done.counts == {"done": 5}
    asked = parts_asked(model)
    assert len(asked) == len(set(asked)) > 1
    source = CondensedSource.objects.get()
    assert source.text
    assert not CondensedPart.objects.exists(), "they are in the whole"
    texts = PersonalizedLessonDescription.objects.all()
    assert {text.written_from for text in texts} == {"condensed"}
    written = [prompt for prompt in model.prompts() if prompt["response_format"] == "personal"]
    assert len(written) == 5
    assert all(source.text in str(prompt["messages"][0]["content"]) for prompt in written)  # type: ignore[index]
    assert done.calls == 5 + len(asked)
    assert run().counts == {"unchanged": 5}
