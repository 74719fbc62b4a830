"""manage.py runs look and accept: a pilot that is seen, one of lessons' descriptions, one without a draft."""

import io
import json
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from personalization.models import GenerationRun
from tests.builders import (
    DESCRIPTION,
    PERSONAL_TEXT,
    make_call,
    make_course,
    make_description,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_text,
)

pytestmark = pytest.mark.django_db
DRAFT = {**PERSONAL_TEXT, "summary_short": "A new draft."}
NEW = {**DESCRIPTION, "introduction": "A new description."}
HELD = {"state": "held", "error_code": "pilot", "priority": 1}


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("runs", *arguments)
    return " ".join(capsys.readouterr().out.split())


def looked(capsys: pytest.CaptureFixture[str]) -> tuple[str, Any]:
    """What the terminal shows of the only text, and what a program gets of it."""
    shown = said(capsys, "look", "latest")
    call_command("runs", "look", "latest", "--json")
    [text] = json.loads(capsys.readouterr().out)["texts"]
    return shown, text


def test_of_a_learner_standard_text_now_and_draft_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    lesson = make_lesson(make_course(language="en"))
    make_description(lesson)
    learner = make_learner("u-5", course=lesson.course)
    make_text(learner, lesson, {**PERSONAL_TEXT, "summary_short": "The old one."})
    make_call(make_item(make_run(pilot="waiting"), learner, lesson, **HELD), answer=DRAFT)
    shown, text = looked(capsys)
    assert "1/1 u-5 · 1. Урок 1" in shown
    places = [
        shown.index(part)
        for part in (
            "standard Introduction Урок о первом прикосновении.",
            "now In short The old one.",
            "draft In short A new draft.",
        )
    ]
    assert places == sorted(places)
    assert (text["learner"], text["standard"], text["draft"]) == ("u-5", DESCRIPTION, DRAFT)
    assert text["now"]["summary_short"] == "The old one."


def test_of_a_description_the_one_of_today_and_the_draft_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lesson = make_lesson(make_course(language="en"))
    make_description(lesson)
    run = make_run(pilot="waiting", kind="templates", backend="openai")
    make_call(make_item(run, None, lesson, **HELD), answer=NEW)
    shown, text = looked(capsys)
    assert "1/1 1. Урок 1" in shown
    assert "now Introduction Урок о первом прикосновении." in shown
    assert "draft Introduction A new description." in shown
    assert "standard Intro" not in shown
    assert (text["learner"], text["now"], text["draft"]) == (None, DESCRIPTION, NEW)


# --- a pilot of which nothing is written ---


@pytest.fixture
def unwritten() -> GenerationRun:
    run, lesson = make_run(pilot="writing"), make_lesson()
    make_item(run, make_learner(course=lesson.course), lesson, priority=1)
    return run


def terminal(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    typed = io.StringIO(answer)
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", typed)


def test_it_is_not_accepted_without_a_yes(unwritten: GenerationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match=r"^nothing of the pilot is written: .* say --yes$") as refused:
        call_command("runs", "accept", "latest")
    assert refused.value.returncode == 2
    terminal(monkeypatch, "no\n")
    with pytest.raises(CommandError, match=r"^Nothing was changed\.$"):
        call_command("runs", "accept", "latest")
    unwritten.refresh_from_db()
    assert unwritten.pilot == "writing"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("open", "goes on without a look: nothing of the pilot was written."),
        ("paused", "is still paused; its pilot is accepted without a look: nothing of it was written."),
    ],
)
def test_with_a_yes_it_goes_on_and_nothing_is_said_to_be_published(
    unwritten: GenerationRun, capsys: pytest.CaptureFixture[str], state: str, words: str
) -> None:
    GenerationRun.objects.update(state=state)
    assert said(capsys, "accept", "latest", "--yes") == f"Run {unwritten.pk} {words}"
    unwritten.refresh_from_db()
    assert unwritten.pilot == "accepted"


def test_a_pilot_that_is_written_is_accepted_without_a_question(
    unwritten: GenerationRun, capsys: pytest.CaptureFixture[str]
) -> None:
    unwritten.items.update(state="held", error_code="pilot")
    assert "its pilot is published" in said(capsys, "accept", "latest")


def test_of_a_run_without_a_pilot_nothing_is_asked() -> None:
    make_run()
    with pytest.raises(CommandError, match="has no pilot that waits for a look") as refused:
        call_command("runs", "accept", "latest")
    assert refused.value.returncode == 1
