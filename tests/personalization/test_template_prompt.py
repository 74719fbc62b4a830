"""Standard descriptions are asked for with the prompt that editors keep."""

import pytest
from pytest_django import Settings

from courses.models import Lesson, LessonDescription
from personalization.errors import PlanRefused
from personalization.fake_model import RunningFakeModel
from personalization.models import ConfigEntry
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.services.drain import drain
from personalization.services.prompt_versions import make_live, save_draft
from personalization.shipped_config import shipped_prompts
from personalization.template_queries import preview_templates
from tests.builders import make_course, make_lesson
from tests.personalization.templates import SAID, ended, start

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    return fake_model


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course("massage"), transcript=SAID)


def test_the_live_version_asks_and_makes_what_another_wrote_old(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    start()
    drain()
    assert preview_templates([lesson.pk]).by_verdict == {"unchanged": 1}
    content = shipped_prompts()[LESSON_TEMPLATE].replace("Правила:\n", "Правила:\n- Начните с вопроса.\n")
    make_live(version=save_draft(key=LESSON_TEMPLATE, content=content)[0], seen=1)
    assert preview_templates([lesson.pk]).by_verdict == {"write": 1}
    start()
    drain()
    assert "Начните с вопроса." in str(model.prompts(last=1))
    assert LessonDescription.objects.get().prompt_version.startswith("lesson_template:2 ")


def test_one_that_is_broken_in_the_database_stops_the_run_with_the_reason(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    run = start()
    ConfigEntry.objects.filter(pk=LESSON_TEMPLATE).update(value={"content": "{{ broken"})
    drain()
    run.refresh_from_db()
    assert (ended(run), run.state) == ([(1, "queued", "prompt")], "paused")
    assert "the prompt lesson_template:0 cannot be used" in run.note
    assert not model.prompts()
    with pytest.raises(PlanRefused, match="The prompt cannot be used, repair it first"):
        start()
