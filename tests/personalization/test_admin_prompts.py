"""Prompts in the admin: a list, an editor with versions, comparing, trying, and going live."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from courses.models import Lesson
from personalization.admin.prompts.editor_page import texts_address
from personalization.live_prompts import live_content
from personalization.models import ConfigEntry, GenerationRun, Pilot, PromptVersion
from personalization.services.prompt_versions import make_live, save_draft
from personalization.shipped_config import (
    FORMER_VERSION,
    PERSONALIZATION,
    former_prompt,
    shipped_prompts,
)
from tests.builders import make_course, make_learner, make_lesson, make_staff, make_superuser, make_text

pytestmark = pytest.mark.django_db

SHIPPED = shipped_prompts()[PERSONALIZATION]
NEWER = SHIPPED.replace("warm, plain and respectful", "plain and friendly")


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(make_superuser("me"))
    return client


@pytest.fixture
def lesson() -> Lesson:
    return make_lesson(make_course(title="Sleep", language="en"), title="Warm hands")


@pytest.fixture
def draft(lesson: Lesson) -> PromptVersion:
    return save_draft(key=PERSONALIZATION, content=NEWER, note="Friendlier")[0]


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:personalization_promptentry_{name}", args=args)


EDIT = ("edit", PERSONALIZATION)


def test_the_list_says_what_each_prompt_is_for_and_which_version_is_live(
    editor: Client, draft: PromptVersion
) -> None:
    html = editor.get(page("changelist")).content.decode()
    assert html.count("Emphasis and depth for the learners of this cluster") == 7
    places = [html.index(name) for name in ("Texts for learners", "Standard descriptions", "Cluster: ")]
    assert places == sorted(places)
    assert "Cluster: visual, basic" in html
    assert "var_formal_address" not in html


def test_the_lists_link_leads_to_the_prompts_page(editor: Client) -> None:
    answer = editor.get(page("change", "prompt_5Fpersonalization"))
    assert (answer.status_code, answer["Location"]) == (302, page(*EDIT))
    assert editor.get(page("change", "nix")).status_code == 404
    assert editor.get(page("edit", "nix")).status_code == 404


def test_a_save_makes_a_draft_and_leads_to_where_it_is_tried(editor: Client) -> None:
    answer = editor.post(page(*EDIT), {"content": NEWER.replace("\n", "\r\n"), "note": "Friendlier"})
    assert answer["Location"] == page("try", PERSONALIZATION, 2)
    made = PromptVersion.objects.get(key=PERSONALIZATION, number=2)
    assert (made.content, made.note, str(made.author), made.is_draft) == (NEWER, "Friendlier", "me", True)
    again = editor.post(page(*EDIT), {"content": NEWER}, follow=True)
    assert "These are the words of version 2: nothing was saved." in again.content.decode()


def test_what_is_wrong_is_said_with_its_line_and_the_words_stay(editor: Client) -> None:
    words = "\n{{ lesson.number }}\n" + SHIPPED
    answer = editor.post(page(*EDIT), {"content": words, "note": "A note"})
    html = answer.content.decode()
    assert "Line 2: There is no “lesson.number”. Known: lesson.source, lesson.summary, lesson.title." in html
    assert "{{ lesson.number }}" in html
    assert '<code class="prompt-line-said" dir="auto">{{ lesson.number }}</code>' in html
    assert 'value="A note"' in html
    assert PromptVersion.objects.filter(key=PERSONALIZATION).count() == 1


def test_a_version_is_opened_compared_and_its_texts_are_one_click_away(
    editor: Client, draft: PromptVersion, lesson: Lesson
) -> None:
    learner = make_learner("u-1", lesson.course)
    make_text(learner, lesson, prompt_version="personalization:2 abcdef01 visual_basic:1")
    make_text(make_learner("u-12", lesson.course), lesson, prompt_version="personalization:22 abcdef01")
    html = editor.get(page(*EDIT) + "?from=2").content.decode()
    assert "plain and friendly" in html
    link = "/admin/personalization/personalizedlessondescription/?written_by=personalization:2"
    assert link in html
    texts = editor.get(link).content.decode()
    assert "u-1)" in texts
    assert "u-12)" not in texts
    by_cluster = editor.get(link.replace("personalization:2", "visual_basic:1")).content.decode()
    assert "u-1)" in by_cluster
    compared = editor.get(page("compare", PERSONALIZATION), {"older": 1, "newer": 2}).content.decode()
    assert "<ins>friendly" in compared.replace("and </ins>", "").replace("<ins>and ", "<ins>")
    for wrong in ({"older": 1}, {"older": 1, "newer": 99}, {"older": "x", "newer": "²"}):
        assert editor.get(page("compare", PERSONALIZATION), wrong).status_code == 404


def test_texts_from_before_prompts_had_versions_are_those_of_the_former_words(
    editor: Client, lesson: Lesson
) -> None:
    former, _ = save_draft(key=PERSONALIZATION, content=former_prompt())
    make_text(make_learner("u-1", lesson.course), lesson, prompt_version=FORMER_VERSION)
    make_text(make_learner("u-2", lesson.course), lesson, prompt_version=f"{FORMER_VERSION} visual_basic:1")
    make_text(make_learner("u-3", lesson.course), lesson, prompt_version="personalization:1 abcdef01")
    texts = editor.get(texts_address(former)).content.decode()
    assert [f"u-{number})" in texts for number in (1, 2, 3)] == [True, True, False]


def test_a_prompt_of_1_mb_is_refused_and_comes_back(editor: Client) -> None:
    html = editor.post(page(*EDIT), {"content": "x" * 1_000_000}).content.decode()
    assert "It has 1000000 characters; at most 100000 are allowed. Shorten it." in html
    assert PromptVersion.objects.filter(key=PERSONALIZATION).count() == 1


def test_going_live_says_what_becomes_stale_and_does_it_when_posted(
    editor: Client, draft: PromptVersion, lesson: Lesson
) -> None:
    make_text(make_learner(course=lesson.course), lesson, origin="openai", fingerprint="old")
    address = page("live", PERSONALIZATION, 2)
    html = editor.get(address).content.decode()
    assert "No text becomes stale by this." in html
    assert "1 more was stale already." in html
    assert "Estimated cost" in html
    assert live_content(PERSONALIZATION) == SHIPPED
    answer = editor.post(address, {"seen": 1}, follow=True)
    assert "Version 2 is live" in answer.content.decode()
    assert live_content(PERSONALIZATION) == NEWER
    assert not GenerationRun.objects.exists()


def test_who_was_slower_looks_again(editor: Client, draft: PromptVersion) -> None:
    make_live(version=save_draft(key=PERSONALIZATION, content=NEWER + "\n")[0], seen=1)
    html = editor.post(page("live", PERSONALIZATION, 2), {"seen": 1}).content.decode()
    assert "Another version went live after you opened this page" in html
    assert live_content(PERSONALIZATION) == NEWER + "\n"


def test_the_exact_messages_are_shown_with_their_tokens(
    editor: Client, draft: PromptVersion, lesson: Lesson
) -> None:
    learners = [make_learner(f"u-{n}", lesson.course, survey={"motivation": f"Goal {n}"}) for n in range(3)]
    chosen = {
        "course": lesson.course.slug,
        "lesson": str(lesson.pk),
        "learner": [str(learners[0].pk)],
        "identifiers": "u-1",
    }
    html = editor.get(page("try", PERSONALIZATION, 2), {**chosen, "show": "1"}).content.decode()
    assert "2 requests, about" in html
    assert "Write in English only: plain and friendly." in html
    assert "Goal 0" in html
    assert "Goal 1" in html
    assert "Goal 2" not in html
    assert "No model key is set." in html  # and so no pilot


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "Choose one to 5 learners."),
        ({"identifiers": "u-0 nobody"}, "Not every identifier is one of a learner of this course."),
        ({"identifiers": "u-0 u-1 u-2 u-3 u-4 u-5"}, "Choose one to 5 learners."),
        (
            {"identifiers": "\0", "lesson": "\0", "course": "\0", "learner": ["\0"]},
            "Choose one to 5 learners.",
        ),
    ],
)
def test_what_is_chosen_wrongly_is_said(
    chosen: dict[str, Any], said: str, editor: Client, draft: PromptVersion, lesson: Lesson
) -> None:
    for number in range(6):
        make_learner(f"u-{number}", lesson.course)
    html = editor.get(page("try", PERSONALIZATION, 2), {**chosen, "show": 1}).content.decode()
    assert said in html
    assert "What would be sent" not in html


def test_a_pilot_is_started_once_and_cannot_be_accepted_before_the_version_is_live(
    editor: Client, draft: PromptVersion, lesson: Lesson, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "never-shown"
    learner = make_learner("u-1", lesson.course)
    data = {
        "course": lesson.course.slug,
        "lesson": lesson.pk,
        "learner": learner.pk,
        "token": "t",
        "start": 1,
    }
    answers = [editor.post(page("try", PERSONALIZATION, 2), data) for _ in range(2)]
    run = GenerationRun.objects.get()
    assert {answer["Location"] for answer in answers} == {
        reverse("admin:personalization_generationrun_change", args=[run.pk])
    }
    assert (run.pilot, run.options["prompt_version"]) == (Pilot.WRITING, draft.pk)
    command = reverse("admin:personalization_generationrun_command", args=[run.pk])
    said = editor.post(command, {"command": "accept"}, follow=True).content.decode()
    assert "These drafts try prompt_personalization 2, which is not live. Make it live first." in said
    make_live(version=draft, seen=1)
    editor.post(command, {"command": "accept"})
    run.refresh_from_db()
    assert run.pilot == Pilot.ACCEPTED


def test_a_text_that_waits_in_another_run_is_not_taken_from_it(
    editor: Client, draft: PromptVersion, lesson: Lesson, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "never-shown"
    learner = make_learner("u-1", lesson.course)
    data = {"course": lesson.course.slug, "lesson": lesson.pk, "learner": learner.pk, "start": 1}
    editor.post(page("try", PERSONALIZATION, 2), {**data, "token": "one"})
    html = editor.post(page("try", PERSONALIZATION, 2), {**data, "token": "two"}).content.decode()
    assert "is waiting in another run" in html
    assert GenerationRun.objects.count() == 1


def test_the_prompt_of_standard_descriptions_shows_its_message(editor: Client, lesson: Lesson) -> None:
    html = editor.get(
        page("try", "prompt_lesson_template", 1), {"lesson": str(lesson.pk), "show": "1"}
    ).content.decode()
    assert "You write the standard description of one lesson" in html
    assert "Learners, up to" not in html


def test_a_prompt_broken_in_the_database_is_said_on_its_page(editor: Client) -> None:
    ConfigEntry.objects.filter(pk=PERSONALIZATION).update(value=5)
    html = editor.get(page(*EDIT)).content.decode()
    assert "The live words cannot be used, and runs that need them pause" in html


def test_who_may_only_look_saves_and_starts_nothing(
    client: Client, draft: PromptVersion, lesson: Lesson
) -> None:
    may = [f"personalization.view_{name}" for name in ("promptentry", "profile")]
    client.force_login(make_staff(permissions=may))
    html = client.get(page(*EDIT)).content.decode()
    assert "readonly" in html
    assert "Make live" not in html
    assert client.post(page(*EDIT), {"content": NEWER}).status_code == 403
    assert client.post(page("live", PERSONALIZATION, 2), {"seen": 1}).status_code == 403
    learner = make_learner(course=lesson.course)
    start = {"course": lesson.course.slug, "lesson": lesson.pk, "learner": learner.pk, "start": 1}
    assert client.post(page("try", PERSONALIZATION, 2), start).status_code == 403


def test_without_the_right_to_see_learners_nothing_is_tried(client: Client, draft: PromptVersion) -> None:
    client.force_login(make_staff(permissions=["personalization.view_promptentry"]))
    assert client.get(page("try", PERSONALIZATION, 2)).status_code == 403


def test_the_groups_have_their_rights() -> None:
    for name, change, setting in (
        ("Content editors", True, False),
        ("Operators", False, True),
        ("Viewers", False, False),
    ):
        user = make_staff(name, groups=[Group.objects.get(name=name)])
        assert user.has_perm("personalization.view_promptentry")
        assert user.has_perm("personalization.change_promptentry") is change
        assert user.has_perm("personalization.change_settingentry") is setting
