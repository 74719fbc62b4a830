"""What is condensed is of a language and a window, and no request is longer than the model reads."""

from typing import Any

import pytest
from pytest_django import Settings

from courses.models import Course, Lesson
from personalization.answers import CUT
from personalization.fake_model import RunningFakeModel
from personalization.models import CondensedSource, PersonalizedLessonDescription, PromptEntry, PromptVersion
from personalization.pairs import Selection
from personalization.queries import preview
from personalization.services.prompt_trial import trials
from personalization.services.sources import material_of
from personalization.shipped_config import shipped_prompts
from personalization.tokens import estimated_tokens
from personalization.windows import window_of
from personalization.writers.registry import current_recipe
from tests.builders import make_condensed, make_course, make_learner, make_lesson
from tests.personalization.long_lessons import LONG, SENTENCE, run, small_model
from tests.personalization.test_pairs import brief_of, judged

pytestmark = pytest.mark.usefixtures("transactional_db")
MODEL = "gpt-4.1-mini"
DAY = ("morning", "noon", "afternoon", "evening", "home", "night")
SURVEY = dict.fromkeys(DAY, "Хочу спать спокойно. " * 120)  # 15,000 characters


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(), transcript=LONG)


def sent(model: RunningFakeModel) -> list[str]:
    prompts: Any = model.prompts()
    return ["".join(message["content"] for message in prompt["messages"]) for prompt in prompts]


def condensed_for_a_larger_window(lesson: Lesson, settings: Settings) -> CondensedSource:
    """Ready, of 5,000 tokens; today there is room for 4,000."""
    settings.MODEL_WINDOWS = f"{MODEL} = 8k, 2k out"
    return make_condensed(lesson, SENTENCE * 100)


def test_what_was_condensed_for_a_larger_window_is_condensed_anew(
    model: RunningFakeModel, lesson: Lesson, settings: Settings
) -> None:
    before = condensed_for_a_larger_window(lesson, settings)
    make_learner(course=lesson.course)
    assert preview(Selection(), "openai").condensed == 1
    assert run().counts == {"done": 1}
    after = CondensedSource.objects.get()
    assert after.text != before.text
    assert after.text_tokens <= window_of(MODEL).room
    assert all(estimated_tokens(text) <= 8_000 - 2_000 for text in sent(model))
    assert PersonalizedLessonDescription.objects.get().written_from == "condensed"
    assert run().counts == {"unchanged": 1}


def test_a_text_that_does_not_fit_is_in_no_fingerprint(
    model: RunningFakeModel, lesson: Lesson, settings: Settings
) -> None:
    source = condensed_for_a_larger_window(lesson, settings)
    learner = make_learner(course=lesson.course)
    recipe, pair = current_recipe("openai"), (learner.pk, lesson.pk)
    brief = brief_of(pair)
    assert (brief.too_long, brief.condensed_tag) == (True, None)
    assert judged(recipe)[pair][1] == brief.fingerprint(recipe)
    settings.MODEL_WINDOWS = f"{MODEL} = 12k, 3k out"
    brief = brief_of(pair)
    assert (brief.too_long, brief.condensed_tag) == (False, source.tag)
    assert judged(recipe)[pair][1] == brief.fingerprint(recipe)


@pytest.mark.parametrize("text", ["", "Тёплые ладони", "warm hands", "👩‍👩‍👧‍👦 и 12 мин. 掌"])
def test_the_database_counts_its_tokens_as_python_does(lesson: Lesson, text: str) -> None:
    assert CondensedSource.objects.get(pk=make_condensed(lesson, text).pk).text_tokens == estimated_tokens(
        text
    )


def test_what_is_condensed_in_one_language_is_none_for_another(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    make_condensed(lesson, "Коротко.")
    learner = make_learner(course=lesson.course)
    pair, recipe = (learner.pk, lesson.pk), current_recipe("openai")
    assert brief_of(pair).transcript == "Коротко."
    Course.objects.update(language="en")
    assert material_of(Lesson.objects.select_related("course").get(), MODEL).too_long
    assert judged(recipe)[pair][1] == brief_of(pair).fingerprint(recipe)
    assert preview(Selection(), "openai").condensed == 1
    assert run().counts == {"done": 1}
    assert set(CondensedSource.objects.values_list("language", flat=True)) == {"ru", "en"}


# --- answers, and prompts, that are too long for the window ---


def test_answers_are_cut_to_the_window_with_a_mark(model: RunningFakeModel, settings: Settings) -> None:
    settings.MODEL_WINDOWS = f"{MODEL} = 5k, 1k out"
    lesson = make_lesson()
    learner = make_learner(course=lesson.course, survey=SURVEY)
    assert run().counts == {"done": 1}
    [text] = sent(model)
    assert '"home"' in text
    assert '"afternoon"' not in text, "the last one, as the database has them"
    assert CUT.strip() in text
    assert 3_000 < estimated_tokens(text) <= 5_000 - 1_000
    assert run().counts == {"unchanged": 1}
    version = tried_version()
    learner.refresh_from_db()  # its answers in the order of the database
    [trial] = trials(version, lesson, [learner])
    assert "".join(message.text for message in trial.messages) == text


def tried_version() -> Any:
    return PromptVersion(
        key="prompt_personalization", number=1, content=shipped_prompts()["prompt_personalization"]
    )


def test_answers_beside_a_condensed_lesson_are_cut_before_it_is_paid_for(
    model: RunningFakeModel, lesson: Lesson
) -> None:
    make_learner(course=lesson.course, survey=SURVEY)
    assert run().counts == {"done": 1}
    assert all(estimated_tokens(text) <= 12_000 - 3_000 for text in sent(model))


@pytest.mark.parametrize("transcript", [LONG, SENTENCE * 10], ids=["condensed", "short"])
def test_a_prompt_without_room_for_answers_fails_its_items_before_anything_is_paid(
    model: RunningFakeModel, transcript: str
) -> None:
    lesson = make_lesson(make_course(), transcript=transcript)
    make_learner(course=lesson.course)
    rules = shipped_prompts()["prompt_personalization"]
    content = "Правило за правилом. " * 900 + rules
    PromptEntry.objects.filter(pk="prompt_personalization").update(value={"content": content})
    failed = run()
    assert failed.counts == {"failed": 1}
    [kind] = failed.errors
    assert kind.code == "prompt_too_long"
    assert "shorten the prompt, or choose a model with a larger window (MODEL_WINDOWS)" in kind.message
    assert model.stats()["requests"] == 0
