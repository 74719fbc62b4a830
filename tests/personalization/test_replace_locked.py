"""A run that replaces texts of editors: those that stood when it was started, and no later ones."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses.errors import ChangedMeanwhile
from personalization.models import GenerationItem, GenerationRun
from personalization.models import PersonalizedLessonDescription as Text
from personalization.pairs import Selection
from personalization.queries import preview
from personalization.services import queue
from personalization.services.attempts import Job, Outcome
from personalization.services.drain import drain
from personalization.services.runs import start_run
from personalization.services.texts import edit_text, unlock_text
from personalization.services.work import prepare
from personalization.services.work import written as outcome_of
from personalization.writers.base import Draft
from tests.builders import PERSONAL_TEXT, make_course, make_learner, make_lesson, make_staff, make_text

EARLIER = timedelta(hours=1)
WORDS = {**PERSONAL_TEXT, "why_watch": "An editor's words"}
AGAIN = {**PERSONAL_TEXT, "why_watch": "Edited again"}


def edited_text(**fields: Any) -> Text:
    lesson = make_lesson(make_course())
    values = {"origin": "simple", "edited_at": timezone.now() - EARLIER, **fields}
    return make_text(make_learner(course=lesson.course), lesson, WORDS, edited_by=make_staff(), **values)


def start(*, replace_locked: bool = False) -> GenerationRun:
    return start_run(selection=Selection(), backend="simple", replace_locked=replace_locked).run


def claimed() -> tuple[list[Job], list[Outcome]]:
    return prepare(queue.claim(10, worker="test", lease=30))


def publish(job: Job) -> None:
    queue.settle([outcome_of(job, Draft({"why_watch": "From the run"}))])


def state() -> tuple[str, str]:
    item = GenerationItem.objects.get()
    return item.state, item.error_code


@pytest.mark.django_db
def test_the_preview_counts_whose_words_would_go() -> None:
    edited_text()
    kept, replaced = preview(Selection(), "simple"), preview(Selection(), "simple", replace_locked=True)
    assert (kept.by_verdict, kept.replaces_locked) == ({"locked": 1}, 0)
    assert (replaced.by_verdict, replaced.replaces_locked) == ({"write": 1}, 1)


@pytest.mark.usefixtures("transactional_db")
def test_a_run_that_was_told_so_replaces_the_text_and_takes_its_lock() -> None:
    text = edited_text()
    start()
    drain()
    assert state() == ("skipped", "locked")
    GenerationItem.objects.all().delete()
    assert start(replace_locked=True).options["replace_locked"] is True
    drain()
    assert state() == ("done", "")
    text.refresh_from_db()
    assert text.content["why_watch"] != WORDS["why_watch"]
    assert (text.edited_at, text.edited_by) == (None, None)


@pytest.mark.usefixtures("transactional_db")
def test_who_edits_after_the_start_keeps_their_words() -> None:
    text = edited_text()
    start(replace_locked=True)
    edit_text(text=text, content=AGAIN, editor=make_staff("second"))
    assert [outcome.code for outcome in claimed()[1]] == ["locked"]


@pytest.mark.usefixtures("transactional_db")
def test_who_edits_while_the_text_is_being_written_keeps_their_words() -> None:
    text = edited_text()
    start(replace_locked=True)
    [[job], _] = claimed()
    edit_text(text=text, content=AGAIN, editor=make_staff("second"))
    publish(job)
    assert state() == ("skipped", "locked")
    text.refresh_from_db()
    assert (text.content, str(text.edited_by)) == (AGAIN, "second")


@pytest.mark.usefixtures("transactional_db")
def test_what_was_unlocked_while_it_was_being_written_is_replaced() -> None:
    text = edited_text()
    start(replace_locked=True)
    [[job], _] = claimed()
    unlock_text(text=text)
    publish(job)
    assert state() == ("done", "")


@pytest.mark.usefixtures("transactional_db")
def test_one_lock_of_a_batch_is_not_taken_for_anothers() -> None:
    """Two texts whose editors saved at the same moment: only the run that saw a lock may replace it."""
    moment = timezone.now() - EARLIER
    text = edited_text(edited_at=moment)
    start(replace_locked=True)
    [[job], _] = claimed()
    other = make_text(make_learner(course=text.lesson.course), text.lesson, WORDS, edited_at=moment)
    claim = replace(job.claim, id=0, profile_id=other.profile_id, lesson_id=other.lesson_id)
    locked = outcome_of(replace(job, claim=claim, replaces=None), Draft({"why_watch": "From the run"}))
    queue.settle([outcome_of(job, Draft({"why_watch": "From the run"})), locked])
    other.refresh_from_db()
    assert (other.content, other.edited_at) == (WORDS, moment)
    assert state() == ("done", "")


# --- unlock ---


@pytest.mark.django_db
def test_unlocking_keeps_the_words() -> None:
    text = edited_text()
    unlock_text(text=text)
    text.refresh_from_db()
    assert (text.content, text.locked, text.edited_by) == (WORDS, False, None)


@pytest.mark.usefixtures("transactional_db")
def test_the_next_run_writes_an_unlocked_text_though_nothing_else_has_changed() -> None:
    text = edited_text()
    text.delete()
    start()
    drain()
    written = Text.objects.get()
    edit_text(text=written, content=WORDS, editor=make_staff("second"))
    assert preview(Selection(), "simple").by_verdict == {"locked": 1}
    unlock_text(text=written)
    assert preview(Selection(), "simple").by_verdict == {"write": 1}


@pytest.mark.django_db
def test_a_lock_that_came_meanwhile_is_not_taken_off() -> None:
    text = edited_text()
    edit_text(text=Text.objects.get(), content=AGAIN, editor=make_staff("second"))
    with pytest.raises(ChangedMeanwhile):
        unlock_text(text=text)
    assert Text.objects.get().locked


@pytest.mark.django_db
def test_editing_takes_the_databases_time_and_forgets_the_imported_file() -> None:
    text = edited_text(import_digest="d")
    edit_text(text=text, content=AGAIN, editor=make_staff("second"))
    stored = Text.objects.get()
    assert stored.edited_at == text.edited_at
    assert stored.import_digest is None


# --- doors ---

RUN = ["personalization.view_profile", "personalization.run_generation"]


def regenerate(client: Client, learner: Any, **choices: str) -> Any:
    data = {"action": "regenerate", "index": "0", "select_across": "0", "backend": "simple", "token": "t"}
    address = reverse("admin:personalization_profile_changelist")
    return client.post(address, {**data, "_selected_action": [str(learner.pk)], **choices})


@pytest.mark.django_db
def test_the_page_offers_it_only_to_those_who_may(client: Client) -> None:
    text = edited_text()
    client.force_login(make_staff("operator", permissions=RUN))
    page = regenerate(client, text.profile)
    assert 'name="replace_locked"' not in page.content.decode()
    page = regenerate(client, text.profile, replace_locked="on", start="1")
    assert "You may not replace texts that an editor changed." in page.content.decode()
    assert not GenerationRun.objects.exists()


@pytest.mark.django_db
def test_the_page_says_whose_words_go_before_it_starts(client: Client) -> None:
    text = edited_text()
    rights = [*RUN, "personalization.view_generationrun", "personalization.replace_locked"]
    client.force_login(make_staff("operator", permissions=rights))
    page = regenerate(client, text.profile, replace_locked="on")
    assert "1 of them replaces the words of an editor." in page.content.decode()
    regenerate(client, text.profile, replace_locked="on", start="1")
    run = GenerationRun.objects.get()
    assert run.options["replace_locked"] is True
    shown = client.get(reverse("admin:personalization_generationrun_change", args=[run.pk]))
    assert "Replace texts that an editor changed too" in shown.content.decode()


@pytest.mark.django_db
def test_the_command_offers_it(capsys: pytest.CaptureFixture[str]) -> None:
    edited_text()
    call_command("personalize", "--replace-locked", "--dry-run")
    assert "1 of those to write replace the words of an editor" in capsys.readouterr().out
    call_command("personalize", "--replace-locked")
    assert GenerationRun.objects.get().options["replace_locked"] is True
