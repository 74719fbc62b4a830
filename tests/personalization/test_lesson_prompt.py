"""The editors' prompt for standard descriptions: by version in what it writes, stale, broken, and shown."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client

from courses.models import Lesson, LessonDescription
from personalization.brief import Brief
from personalization.live_prompts import live_prompts
from personalization.models import GenerationRun, PromptVersion
from personalization.models.runs import Kind
from personalization.personal_prompt import LESSON_TEMPLATE, PersonalPrompt, shipped_prompt
from personalization.prompts import WRITE_NOW, messages
from personalization.services import queue
from personalization.services.prompt_trial import lesson_trial
from personalization.services.prompt_versions import effect_of, live_number, make_live, save_draft
from personalization.services.sources import Sources, transcripts
from personalization.services.template_work import prepare_templates, template_brief
from personalization.shipped_config import shipped_prompts
from personalization.template_queries import preview_templates
from personalization.writers.registry import template_recipe
from tests.builders import DESCRIPTION, make_course, make_item, make_lesson, make_run, make_superuser
from tests.personalization.templates import SAID

pytestmark = pytest.mark.django_db

NEWER = "Write of {{ course.title }}: {{ lesson.source }}\n{{ format.guidance }}"


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course("massage", title="Массаж"), transcript=SAID)


def draft(content: str = NEWER) -> PromptVersion:
    return save_draft(key=LESSON_TEMPLATE, content=content)[0]


def live(content: str = NEWER) -> None:
    make_live(version=draft(content), seen=live_number(LESSON_TEMPLATE))


def brief_of(lesson: Lesson, prompt: PersonalPrompt) -> Brief:
    return template_brief(lesson, prompt, transcripts([lesson], "")[lesson.pk])


def described(lesson: Lesson, **fields: object) -> None:
    """By a model, with the prompt that is live now."""
    prompt = live_prompts().lesson
    recipe = template_recipe(prompt)
    written = {
        "prompt_version": recipe.prompt_version,
        "fingerprint": brief_of(lesson, prompt).fingerprint(recipe),
    }
    LessonDescription.objects.create(lesson=lesson, data=DESCRIPTION, **{**written, **fields})


def test_a_description_is_asked_for_with_the_live_version_and_names_it(lesson: Lesson) -> None:
    live()
    make_item(make_run(kind=Kind.TEMPLATES, backend="openai"), None, lesson)
    [job], [] = prepare_templates(queue.claim(5, worker="test", lease=30), Sources())
    shared, last = (message["content"] for message in messages(job.brief))
    assert shared.startswith(f"Write of Массаж: {SAID.strip()}")
    assert last == WRITE_NOW
    assert job.recipe.prompt_version.startswith("lesson_template:2 ")


@pytest.mark.parametrize(("language", "said"), [("ru", "только по-русски"), ("en", "in English only")])
def test_the_shipped_prompt_asks_in_the_courses_language(lesson: Lesson, language: str, said: str) -> None:
    brief = replace(brief_of(lesson, shipped_prompt(LESSON_TEMPLATE)), language=language)
    shared = messages(brief)[0]["content"]
    assert said in shared
    assert "- key_points (list of texts): 4 to 6 points" in shared
    assert SAID.strip() in shared


def test_going_live_counts_the_descriptions_that_become_stale(lesson: Lesson) -> None:
    described(lesson)
    described(make_lesson(lesson.course, 2, transcript=SAID), fingerprint="of before")
    described(make_lesson(lesson.course, 3, transcript=SAID), edited_at="2026-01-01T00:00Z")
    make_lesson(lesson.course, 4, transcript=SAID)
    effect = effect_of(draft())
    assert (effect.becoming, effect.before, effect.locked) == (1, 1, 1)
    assert effect.estimate.usage.output_tokens > 0
    assert not GenerationRun.objects.exists()
    live()
    assert preview_templates([lesson.pk]).by_verdict == {"write": 1}


def test_without_its_entry_the_shipped_prompt_is_used() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM app_config WHERE key = %s", [LESSON_TEMPLATE])
    assert live_prompts().lesson == shipped_prompt(LESSON_TEMPLATE)


def test_a_trial_shows_both_messages_as_they_would_be_sent(lesson: Lesson) -> None:
    shared, last = lesson_trial(draft(), lesson)
    assert (shared.role, last.role) == ("system", "user")
    assert shared.text.startswith("Write of Массаж")
    assert (last.text, last.tokens > 0) == (WRITE_NOW, True)


def test_what_a_version_wrote_is_one_click_away(client: Client, lesson: Lesson) -> None:
    described(lesson)
    make_lesson(lesson.course, 2, title="Второй урок")
    client.force_login(make_superuser())
    html = client.get(f"/admin/personalization/promptentry/{LESSON_TEMPLATE}/edit/").content.decode()
    address = "/admin/courses/lesson/?written_by=lesson_template:1"
    assert f'href="{address}"' in html
    listed = client.get(address).content.decode()
    assert lesson.title in listed
    assert "Второй урок" not in listed


def test_the_shipped_words_are_of_version_one() -> None:
    words = PromptVersion.objects.get(key=LESSON_TEMPLATE, number=1).content
    assert words == shipped_prompts()[LESSON_TEMPLATE]
