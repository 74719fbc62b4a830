"""Editors' prompts: saved as drafts, refused with the line, made live, restored, and named by texts."""

from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from courses.errors import ChangedMeanwhile
from personalization.errors import PlanRefused
from personalization.live_prompts import live_content, live_prompts
from personalization.models import ConfigEntry, GenerationRun, PersonalizedLessonDescription, PromptVersion
from personalization.pairs import Selection
from personalization.personal_prompt import VARIABLE_PREFIX
from personalization.prompt_engine import PromptError
from personalization.services import queue
from personalization.services.prompt_versions import effect_of, live_number, make_live, save_draft
from personalization.services.run_prompts import BatchPrompts
from personalization.services.runs import start_run
from personalization.services.work import make_brief, prepare
from personalization.shipped_config import PERSONALIZATION, shipped_prompts
from personalization.supervisor import guidance
from personalization.text_queries import text_counts
from personalization.writers.registry import current_recipe
from tests.builders import (
    make_cluster,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_superuser,
    make_text,
)

pytestmark = pytest.mark.django_db

SHIPPED = shipped_prompts()[PERSONALIZATION]
NEWER = SHIPPED.replace("тепло, просто", "просто, тепло")
CLUSTER = "prompt_cluster_visual_basic"


def by_hand(key: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE app_config SET value = %s::jsonb WHERE key = %s", [value, key])


def live(key: str = PERSONALIZATION, content: str = NEWER) -> PromptVersion:
    version, _ = save_draft(key=key, content=content)
    make_live(version=version, seen=live_number(key))
    return version


# --- saving ---


@pytest.mark.parametrize(
    ("words", "instead", "said"),
    [
        (
            "{{ lesson.source }}",
            '{% if course.language == "ru" %}{{ lesson.source }}{% endif %}',
            "It leaves out {{ lesson.source }} where the course's language is “en”",
        ),
        ("{{ learner.answers }}", "{% if False %}{{ learner.answers }}{% endif %}", "learner.answers"),
        (
            "{{ learner.guidance }}",
            "{{ learner.guidance }}{% for a, b in learner.guidance %}{% endfor %}",
            "where a cluster asks for something",
        ),
        (
            "{{ coach.voice }}",
            '{% if coach.sex == "male" %}{% for a, b in coach.voice %}{% endfor %}{% endif %}',
            "where a coach speaks",
        ),
    ],
)
def test_a_branch_that_few_meet_is_tried_too(words: str, instead: str, said: str) -> None:
    assert words in SHIPPED
    with pytest.raises(PromptError) as refused:
        save_draft(key=PERSONALIZATION, content=SHIPPED.replace(words, instead))
    assert said in str(refused.value)


def test_a_save_makes_a_draft_with_author_and_note_and_changes_nothing_else() -> None:
    me = make_superuser("me")
    version, new = save_draft(key=PERSONALIZATION, content=NEWER.replace("\n", "\r\n"), note="Тон", author=me)
    assert new
    assert (version.number, version.note, version.author, version.is_draft) == (2, "Тон", me, True)
    assert version.content == NEWER
    assert live_content(PERSONALIZATION) == SHIPPED


def test_the_same_words_are_the_same_version() -> None:
    assert save_draft(key=PERSONALIZATION, content=SHIPPED)[0].number == 1
    assert PromptVersion.objects.filter(key=PERSONALIZATION).count() == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            SHIPPED.replace("{{ lesson.title }}", "{{ lesson.number }}", 1),
            "Line 28: There is no “lesson.number”",
        ),
        (SHIPPED.replace("{% endif %}", "", 1), "Line "),
        (SHIPPED + "{{ settings.SECRET_KEY }}", "There is no “settings”"),
        (SHIPPED + '{% include "x" %}', "Invalid block tag"),
        (SHIPPED + "x" * 1_000_000, "at most 100000 are allowed"),
        (SHIPPED + "key: sk-proj-abcdefghijklmnop1234", "looks like a key or a password"),
        (SHIPPED + "\0", "NUL"),
        (
            "{% for a in lesson.source %}{% for b in lesson.source %}" + "{% endfor %}" * 2 + SHIPPED,
            "Line 1: Its loops",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_stored(content: str, said: str) -> None:
    make_lesson()
    with pytest.raises(PromptError, match=said):
        save_draft(key=PERSONALIZATION, content=content)
    assert PromptVersion.objects.filter(key=PERSONALIZATION).count() == 1


def test_a_prompt_is_tried_with_lessons_and_learners_before_it_is_saved() -> None:
    lesson = make_lesson(title="Шея", transcript="речь " * 300)
    loop = "{% for a in lesson.source %}{% for b in lesson.source %}{% endfor %}{% endfor %}"
    with pytest.raises(PromptError, match=r"Line 1: Its loops .*with the lesson “.*Шея” of “Массаж шеи”"):
        save_draft(key=PERSONALIZATION, content=loop + SHIPPED)
    make_learner(course=lesson.course, survey={"motivation": "нет " * 100})
    loop = loop.replace("lesson.source", "learner.answers")
    last = SHIPPED.count("\n") + 1
    with pytest.raises(PromptError, match=rf"Line {last}: Its loops .*the answers of one of the learners"):
        save_draft(key=PERSONALIZATION, content=SHIPPED + loop)


@pytest.mark.parametrize(
    ("key", "content", "said"),
    [
        (CLUSTER, "{{ lesson.title }}", "Line 1: There is no “lesson”. Known: course, var."),
        ("prompt_lesson_template", "{{ lesson.title }}", "does not use lesson.source"),
        (
            "prompt_lesson_template",
            shipped_prompts()["prompt_lesson_template"] + "{{ learner.name }}",
            "learner",
        ),
    ],
)
def test_other_prompts_know_what_is_theirs(key: str, content: str, said: str) -> None:
    with pytest.raises(PromptError, match=said):
        save_draft(key=key, content=content)


# --- going live ---


def test_going_live_makes_texts_stale_says_how_many_and_starts_nothing() -> None:
    lesson = make_lesson()
    learners = [make_learner(course=lesson.course) for _ in range(3)]
    today = make_brief(learners[0], lesson).fingerprint(current_recipe("openai"))
    make_text(learners[0], lesson, origin="openai", fingerprint=today)
    make_text(learners[1], lesson, origin="openai", fingerprint="old")
    draft, _ = save_draft(key=PERSONALIZATION, content=NEWER)

    effect = effect_of(draft)
    assert (effect.becoming, effect.before) == (1, 1)
    assert effect.estimate.usage.input_tokens > 1000
    assert text_counts([learners[0].pk])[learners[0].pk].stale == 0

    me = make_superuser("me")
    make_live(version=draft, seen=1, author=me)
    assert text_counts([learners[0].pk])[learners[0].pk].stale == 1
    assert not GenerationRun.objects.exists()
    draft.refresh_from_db()
    assert (draft.is_draft, draft.live_by, draft.live_at is not None) == (False, me, True)

    make_live(version=PromptVersion.objects.get(key=PERSONALIZATION, number=1), seen=2)
    assert (
        text_counts([learners[0].pk])[learners[0].pk].stale == 0
    )  # restored: what it wrote is current again


def test_two_people_cannot_make_two_versions_live_unseen() -> None:
    first, _ = save_draft(key=PERSONALIZATION, content=NEWER)
    second, _ = save_draft(key=PERSONALIZATION, content=NEWER + "\n")
    make_live(version=first, seen=1)
    with pytest.raises(ChangedMeanwhile):
        make_live(version=second, seen=1)
    assert live_number(PERSONALIZATION) == 2


def test_a_draft_whose_variable_is_gone_does_not_go_live() -> None:
    ConfigEntry.objects.create(key="var_tone", value={"content": "тепло"})
    draft, _ = save_draft(key=PERSONALIZATION, content=SHIPPED + "{{ var.tone }}")
    ConfigEntry.objects.filter(pk="var_tone").delete()
    with pytest.raises(PromptError, match=r"There is no “var\.tone”"):
        make_live(version=draft, seen=1)
    assert live_number(PERSONALIZATION) == 1


@pytest.mark.parametrize(
    ("key", "value", "changes"),
    [
        ("var_formal_address", False, True),
        ("var_unused", 5, False),
        (CLUSTER, {"content": "Кратко."}, False),  # of a cluster that this learner is not in
        ("prompt_cluster_balanced", {"content": "Кратко."}, True),
    ],
)
def test_texts_are_stale_by_what_went_into_them(key: str, value: Any, changes: bool) -> None:
    lesson = make_lesson()
    learner = make_learner(course=lesson.course)
    before = make_brief(learner, lesson).fingerprint(current_recipe("openai"))
    make_text(learner, lesson, origin="openai", fingerprint=before)
    ConfigEntry.objects.update_or_create(key=key, defaults={"value": value})
    after = make_brief(learner, lesson).fingerprint(current_recipe("openai"))
    assert (after != before) is changes
    assert (text_counts([learner.pk])[learner.pk].stale == 1) is changes


# --- in a run ---


def test_a_text_names_its_version_and_that_of_its_cluster() -> None:
    live(CLUSTER, "Кратко, без терминов.")
    lesson = make_lesson()
    learner = make_learner(course=lesson.course, survey={"learning_style": "Visual", "technical_depth": 10})
    make_cluster(learner, "visual_basic")
    make_item(make_run(backend="openai"), learner, lesson)
    [job], [] = prepare(queue.claim(5, worker="test", lease=30))
    assert job.brief.guidance == "Кратко, без терминов."
    assert job.brief.guidance_version == "visual_basic:2"
    assert job.recipe.prompt_version.startswith("personalization:1 ")


def test_one_batch_is_written_with_one_version_and_the_next_with_the_new_one() -> None:
    run, batch = make_run(backend="openai"), BatchPrompts()
    assert batch.of(run).personal.name == "personalization:1"
    live()
    assert batch.of(run).personal.name == "personalization:1"
    assert BatchPrompts().of(run).personal.name == "personalization:2"


@pytest.mark.parametrize(
    "value", ['{"content": "{{ broken"}', '{"content": "{% if %}"}', "5", "null", '"a"', "{}"]
)
def test_a_prompt_that_is_broken_in_the_database_pauses_the_run_with_the_reason(
    value: str, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "never-shown"
    lesson = make_lesson()
    make_item(make_run(backend="openai"), make_learner(course=lesson.course), lesson)
    by_hand(PERSONALIZATION, value)
    [], [outcome] = prepare(queue.claim(5, worker="test", lease=30))
    queue.settle([outcome])
    run = GenerationRun.objects.get()
    assert run.state == "paused"
    assert "the prompt personalization:0 cannot be used" in run.note
    with pytest.raises(PlanRefused, match="The prompt cannot be used, repair it first"):
        start_run(selection=Selection(), backend="openai")


def test_words_entered_with_sql_are_used_and_named_as_no_version() -> None:
    by_hand(
        PERSONALIZATION,
        '{"content": "{{ lesson.source }}{{ format.guidance }}\\n{% learner %}\\n{{ learner.answers }}"}',
    )
    assert live_prompts().personal.problem == ""
    assert live_prompts().personal.name == "personalization:0"


def test_without_its_entry_the_shipped_prompt_is_used() -> None:
    ConfigEntry.objects.filter(key__in=[PERSONALIZATION, CLUSTER]).delete()
    prompts = live_prompts()
    assert prompts.personal.name == "personalization:shipped"
    assert guidance("visual_basic", "en", prompts.guidance) == guidance("visual_basic", "en")


def test_a_variables_name_is_without_its_prefix() -> None:
    assert VARIABLE_PREFIX == "var_"
    assert live_prompts().personal.variables == {"formal_address": True}
    assert not PersonalizedLessonDescription.objects.exists()
