"""A personal text under several hands: editors, a worker, an import; its lock and its preview."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from personalization.models import PersonalizedLessonDescription as Text
from personalization.models import Profile
from personalization.services import queue
from personalization.services.queue import Outcome
from tests.admin_forms import filled_in, send, sent_anyway
from tests.builders import (
    PERSONAL_TEXT,
    make_course,
    make_description,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
    make_text,
)

NEWER = {**PERSONAL_TEXT, "why_watch": "From the worker"}
EXTENDED = {"introduction": "New words", "key_takeaways": ["One"], "motivational_quote": "Go on"}


def address(text: Text, name: str = "change") -> str:
    return reverse(f"admin:personalization_personalizedlessondescription_{name}", args=[text.pk])


@pytest.fixture
def text(db: None) -> Text:
    lesson = make_lesson(make_course(language="en"))
    make_description(lesson)
    return make_text(make_learner(course=lesson.course), lesson, origin="openai")


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def differences(response: Any) -> dict[str, str]:
    return {found.name: str(found.changed) for found in response.context["differences"]}


# --- two editors, or an editor and a worker ---


def test_a_worker_that_publishes_meanwhile_is_the_other_editor(admin: Client, text: Text) -> None:
    form = filled_in(admin, address(text))
    make_item(make_run(), text.profile, text.lesson)
    [claim] = queue.claim(1, worker="test", lease=30)
    written = queue.Text(NEWER, "openai", "m", "p", "f")
    queue.settle([Outcome(claim, "done", text=written)])
    response: Any = admin.post(address(text), {**form, "section_quick_action": "Mine"})
    assert differences(response) == {"section_why_watch": "theirs", "section_quick_action": "mine"}
    assert "language model" in response.context["changed_by"]
    assert admin.post(address(text), sent_anyway(response)).status_code == 302
    text.refresh_from_db()
    assert (text.content, text.locked) == ({**NEWER, "quick_action": "Mine"}, True)


def test_the_page_says_who_was_the_other_editor(admin: Client, text: Text) -> None:
    form = filled_in(admin, address(text))
    anna = Client()
    anna.force_login(make_superuser("anna"))
    send(anna, address(text), section_why_watch="Anna's")
    response: Any = admin.post(address(text), {**form, "section_why_watch": "Mine"})
    assert differences(response) == {"section_why_watch": "both"}
    assert ", anna." in response.content.decode()


def test_words_for_sections_that_the_new_version_does_not_have_can_be_copied(
    admin: Client, text: Text
) -> None:
    form = filled_in(admin, address(text))
    Text.objects.update(content=EXTENDED)
    response: Any = admin.post(address(text), {**form, "section_quick_action": "My <b>action</b>"})
    html = response.content.decode()
    assert "The new version has no such section" in html
    assert 'name="section_quick_action"' in html
    assert "My &lt;b&gt;action" in html
    assert Text.objects.get().content == EXTENDED


def test_who_saves_a_deleted_text_gets_their_words_back(admin: Client, text: Text) -> None:
    form = filled_in(admin, address(text))
    Text.objects.all().delete()
    response = admin.post(address(text), {**form, "section_quick_action": "Mine"})
    assert response.status_code == 409
    html = response.content.decode()
    assert "Do this right now" in html
    assert "Mine" in html


def test_an_item_of_several_lines_survives_the_form(admin: Client, text: Text) -> None:
    steps = ["Sit down", "Breathe:\nin,\n\nout", "↳ as marked"]
    Text.objects.update(content={**PERSONAL_TEXT, "homework_20m": steps})
    form = filled_in(admin, address(text))
    assert "A line that begins with ↳" in admin.get(address(text)).content.decode()
    lines = f"{form['section_homework_20m']}\nStand up".replace("\n", "\r\n")
    admin.post(address(text), {**form, "section_homework_20m": lines})
    assert Text.objects.get().content["homework_20m"] == [*steps, "Stand up"]


# --- the preview ---


def test_the_preview_is_the_learners_page_and_the_standard_beside_it(admin: Client, text: Text) -> None:
    form = filled_in(admin, address(text))
    html = admin.post(address(text, "draft"), {**form, "section_quick_action": "Mine"}).content.decode()
    assert "<h3>Do this right now</h3>" in html
    assert "Mine" in html
    assert Text.objects.get().content == PERSONAL_TEXT
    page: Any = admin.get(address(text))
    panes = {pane.key: pane.html for pane in page.context["panes"]}
    assert PERSONAL_TEXT["why_watch"] in panes["learner"]
    assert "Урок о первом прикосновении." in panes["standard"]


def test_a_lesson_without_description_has_an_empty_standard(admin: Client) -> None:
    lesson = make_lesson()
    text = make_text(make_learner(course=lesson.course), lesson)
    page: Any = admin.get(address(text))
    assert "There is nothing to show yet." in page.context["panes"][1].html


# --- the lock ---

LOOK = "personalization.view_personalizedlessondescription"
UNLOCK = "personalization.replace_locked"


@pytest.fixture
def locked(text: Text) -> Text:
    Text.objects.update(edited_at=timezone.now(), edited_by=make_staff("anna"))
    text.refresh_from_db()
    return text


def unlock(client: Client, text: Text, edited_at: Any = None) -> Any:
    stamp: Any = edited_at or text.edited_at
    return client.post(address(text, "unlock"), {"edited_at": stamp.isoformat()}, follow=True)


def test_the_page_says_by_whom_it_is_locked_and_offers_the_key_to_whom_may(
    client: Client, locked: Text
) -> None:
    client.force_login(make_staff("looks", permissions=[LOOK]))
    html = client.get(address(locked)).content.decode()
    assert "by anna. " in html
    assert address(locked, "unlock") not in html
    client.force_login(make_staff("may", permissions=[LOOK, UNLOCK]))
    assert address(locked, "unlock") in client.get(address(locked)).content.decode()


def test_unlocking_asks_first(client: Client, locked: Text) -> None:
    client.force_login(make_staff("may", permissions=[LOOK, UNLOCK]))
    page = client.get(address(locked, "unlock"))
    assert "or, where an import made it, the next import brings its words" in page.content.decode()
    assert Text.objects.get().locked
    assert "The text is unlocked." in unlock(client, locked).content.decode()
    stored = Text.objects.get()
    assert (stored.locked, stored.edited_by, stored.content) == (False, None, PERSONAL_TEXT)
    assert "The text is not locked." in unlock(client, locked).content.decode()


def test_unlocking_needs_the_right(client: Client, locked: Text) -> None:
    editor = ["personalization.change_personalizedlessondescription", LOOK]
    client.force_login(make_staff("editor", permissions=editor))
    assert client.get(address(locked, "unlock")).status_code == 403
    assert unlock(client, locked).status_code == 403
    client.force_login(make_staff("key-only", permissions=[UNLOCK]))
    assert unlock(client, locked).status_code == 403
    assert Text.objects.get().locked


def test_another_lock_than_the_one_asked_about_stays(client: Client, locked: Text) -> None:
    client.force_login(make_staff("may", permissions=[LOOK, UNLOCK]))
    before = locked.edited_at
    Text.objects.update(edited_at=timezone.now())
    assert "it stays locked" in unlock(client, locked, before).content.decode()
    assert Text.objects.get().locked


def test_a_text_that_is_gone_cannot_be_unlocked(admin: Client, locked: Text) -> None:
    Profile.objects.all().delete()
    assert admin.get(address(locked, "unlock")).status_code == 404
