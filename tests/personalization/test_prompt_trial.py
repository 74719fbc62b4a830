"""Trying a version with a lesson too long for the model, or with texts that an editor changed; long pages."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from courses.models import Lesson
from personalization.admin.prompts.editor_page import texts_address
from personalization.models import GenerationItem, GenerationRun, Profile, PromptVersion
from personalization.services.prompt_trial import start_trial, trials
from personalization.services.prompt_versions import save_draft
from personalization.shipped_config import PERSONALIZATION, shipped_prompts
from tests.builders import make_condensed, make_learner, make_lesson, make_superuser, make_text
from tests.personalization.long_lessons import LONG

pytestmark = pytest.mark.django_db

NEWER = shipped_prompts()[PERSONALIZATION].replace("warm, plain", "plain")


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(make_superuser("me"))
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:personalization_promptentry_{name}", args=args)


# --- a lesson that is too long ---


@pytest.mark.parametrize("key", [PERSONALIZATION, "prompt_lesson_template"])
def test_of_a_lesson_that_is_too_long_the_page_says_what_happens_first(
    key: str, editor: Client, settings: Settings
) -> None:
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 12k, 3k out"
    lesson = make_lesson(transcript=LONG)
    learner = make_learner(course=lesson.course)
    chosen: dict[str, Any] = {
        "course": lesson.course.slug,
        "lesson": lesson.pk,
        "learner": learner.pk,
        "show": "1",
    }
    answer = editor.get(page("try", key, 1), chosen)
    html = answer.content.decode()
    first, shared = answer.context["condensing"], answer.context["shared"]
    assert first.tokens > 10_000 > first.room > first.result
    assert f"and gpt-4.1-mini has room for {first.room}: it is condensed first" in html
    assert f"Those are {first.parts} requests, to about {first.result} tokens in all." in html
    assert "Estimated cost" in html
    assert LONG[:40] not in html
    assert "[Here stands what the lesson is condensed to.]" in shared.text
    assert shared.tokens > first.result
    # Once that is done, the messages are what is sent.
    make_condensed(lesson, text="What it comes to.")
    answer = editor.get(page("try", key, 1), chosen)
    assert "condensing" not in answer.context
    assert "What it comes to." in answer.context["shared"].text


def test_of_a_lesson_that_cannot_be_condensed_the_page_says_why(editor: Client, settings: Settings) -> None:
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 6k, 1k out"
    make_lesson(transcript=LONG * 40)
    html = editor.get(page("try", "prompt_lesson_template", 1), {"show": "1"}).content.decode()
    assert "Nothing would be written: the lesson&#x27;s source cannot be condensed" in html


# --- texts that an editor changed ---

EDITED_TEXT = "An editor changed this text: a pilot leaves it as it is."
NO_LEARNER_LEFT = "An editor changed the texts of all these learners for the lesson"


@pytest.fixture
def lesson(settings: Settings) -> Lesson:
    settings.OPENAI_API_KEY = "never-shown"
    return make_lesson()


def learner(name: str, lesson: Lesson, *, edited: bool = False) -> Profile:
    """Who has a text of today's."""
    made = make_learner(name, lesson.course, name=name, survey={"motivation": "Sleep" if edited else "Rest"})
    make_text(made, lesson, edited_at=timezone.now() if edited else None)
    return made


def chosen(lesson: Lesson, *learners: Profile) -> dict[str, Any]:
    ids = [str(one.pk) for one in learners]
    return {"course": lesson.course.slug, "lesson": str(lesson.pk), "learner": ids}


def draft() -> PromptVersion:
    return save_draft(key=PERSONALIZATION, content=NEWER)[0]


def test_of_an_edited_text_the_page_says_that_it_stays_and_shows_its_message(
    editor: Client, lesson: Lesson
) -> None:
    draft()
    data = chosen(lesson, learner("u-1", lesson), learner("u-2", lesson, edited=True))
    html = editor.get(page("try", PERSONALIZATION, 2), data | {"show": "1"}).content.decode()
    free, edited = (html[html.rindex(f"<strong>{name}") :].split("</details>")[0] for name in ("u-1", "u-2"))
    assert (EDITED_TEXT in free, EDITED_TEXT in edited) == (False, True)
    assert "Sleep" in edited
    assert "Nothing would be written" not in html
    assert NO_LEARNER_LEFT not in html


def test_beside_an_edited_text_the_others_are_tried(editor: Client, lesson: Lesson) -> None:
    draft()
    data = chosen(lesson, learner("u-1", lesson), learner("u-2", lesson, edited=True))
    editor.post(page("try", PERSONALIZATION, 2), data | {"token": "t", "start": "1"})
    run = GenerationRun.objects.get()
    assert GenerationItem.objects.filter(run=run, profile__user_identifier="u-1").exists()


def test_where_an_editor_changed_all_texts_no_pilot_starts(editor: Client, lesson: Lesson) -> None:
    draft()
    data = chosen(lesson, *(learner(name, lesson, edited=True) for name in ("u-1", "u-2")))
    shown = editor.get(page("try", PERSONALIZATION, 2), data | {"show": "1"}).content.decode()
    assert shown.count(EDITED_TEXT) == 2
    assert shown.count(NO_LEARNER_LEFT) == 1
    assert " disabled>Write 2 texts</button>" in shown
    refused = editor.post(page("try", PERSONALIZATION, 2), data | {"token": "t", "start": "1"})
    assert refused.content.decode().count(NO_LEARNER_LEFT) == 1
    assert not GenerationRun.objects.exists()


def test_a_second_click_gives_the_run_though_the_text_is_edited_meanwhile(lesson: Lesson) -> None:
    version, one = draft(), learner("u-1", lesson)
    first = start_trial(version=version, lesson=lesson, profiles=[one], token="t").run
    one.texts.update(edited_at=timezone.now())
    assert start_trial(version=version, lesson=lesson, profiles=[one], token="t").run == first


def test_more_learners_need_no_more_queries(lesson: Lesson) -> None:
    version = draft()
    learners = [learner(f"u-{number}", lesson, edited=True) for number in range(5)]
    trials(version, lesson, learners)  # calculates their clusters
    counts = []
    for few_or_all in (learners[:1], learners):
        with CaptureQueriesContext(connection) as queries:
            assert {trial.skipped for trial in trials(version, lesson, few_or_all)} == {"locked"}
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- many versions, many texts ---


def test_versions_come_in_pages(editor: Client) -> None:
    save_draft(key=PERSONALIZATION, content=NEWER)
    PromptVersion.objects.bulk_create(
        PromptVersion(key=PERSONALIZATION, number=number, content=str(number)) for number in range(3, 103)
    )
    address = page("edit", PERSONALIZATION)
    pages = [editor.get(address + query) for query in ("", "?before=53", "?before=3", "?before=²")]
    shown = [[line.version.number for line in answer.context["lines"]] for answer in pages]
    assert [(numbers[0], numbers[-1], len(numbers)) for numbers in shown] == [
        *((102, 53, 50), (52, 3, 50), (2, 1, 2), (102, 53, 50)),
    ]
    html = [answer.content.decode() for answer in pages]
    assert ["Earlier versions" in each for each in html] == [True, True, False, True]
    assert ["Newest versions" in each for each in html] == [False, True, True, False]
    # However far down, a version is compared with the live one.
    assert f"{page('compare', PERSONALIZATION)}?older=40&amp;newer=1" in html[1]


def test_the_texts_of_a_version_come_in_pages(editor: Client) -> None:
    draft, lesson = save_draft(key=PERSONALIZATION, content=NEWER)[0], make_lesson()
    for _ in range(52):
        make_text(make_learner(course=lesson.course), lesson, prompt_version="personalization:2 abcdef01")
    address = texts_address(draft)
    assert [len(editor.get(address + more).context["cl"].result_list) for more in ("", "&p=2")] == [50, 2]
