"""manage.py runs: the same as the admin's pages, in the terminal."""

import io
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from personalization.models import GenerationItem, GenerationRun
from personalization.services.runs import PAUSED_BY_HAND
from tests.builders import (
    PERSONAL_TEXT,
    make_call,
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
)

pytestmark = pytest.mark.django_db
DRAFT = {**PERSONAL_TEXT, "summary_short": "A new draft."}


def add(run: GenerationRun, **fields: Any) -> GenerationItem:
    lesson = fields.pop("lesson", None) or make_lesson()
    learner = fields.pop("learner", None) or make_learner(course=lesson.course)
    return make_item(run, learner, lesson, **fields)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("runs", *arguments)
    return " ".join(capsys.readouterr().out.split())


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    call_command("runs", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def refusal(*arguments: str) -> tuple[str, int]:
    """The message and the exit code."""
    with pytest.raises(CommandError) as refused:
        call_command("runs", *arguments)
    return str(refused.value), refused.value.returncode


def test_the_list_says_how_far_each_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    before = timezone.now() - timedelta(hours=1)
    run = make_run(course=make_course("neck"), state="closed", spent_micro=1_500_000, created_at=before)
    for state in ("done", "done", "failed"):
        add(run, state=state)
    waiting = make_run(pilot="waiting", budget_micro=2_000_000)
    out = said(capsys)
    assert f"{str(run.pk)[:8]} " in out
    assert "finished neck simple 3/3 1 1.50 USD" in out
    assert "waits for a look all simple 0/0 0 0.00 USD of 2.00 USD" in out
    assert out.index(str(waiting.pk)[:8]) < out.index(str(run.pk)[:8]), "the latest first"


def test_the_list_can_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    make_run(state="closed")
    days = (timezone.now() - timedelta(days=3 - number) for number in range(3))
    paused = [make_run(state="paused", created_at=day) for day in days]
    found = as_json(capsys, "list", "--state", "paused", "--limit", "2")
    assert [run["id"] for run in found["runs"]] == [str(run.pk) for run in reversed(paused[1:])]
    call_command("runs", "--state", "open")
    assert "There is no such run" in capsys.readouterr().out


def test_one_run_is_shown_with_cost_errors_and_slow_lessons(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(
        backend="openai",
        budget_micro=5_000_000,
        spent_micro=1_000_000,
        calls=2,
        input_tokens=100,
        cached_tokens=93,
    )
    lesson = make_lesson(number=4, title="Slow")
    make_call(add(run, lesson=lesson, state="done"), seconds=3)
    add(run, lesson=lesson, state="failed", error_code="refusal", learner=make_learner("u-77"))
    out = said(capsys, "show", str(run.pk))
    assert f"Run {run.pk}: running, all courses, by openai" in out
    assert "2 of 2 texts (100 %)" in out
    assert "spent 1.00 USD, budget 5.00 USD" in out
    assert "2 calls, 100 tokens in (93 % from the cache), 0 out" in out
    assert "refusal: the model refused to answer" in out
    assert "u-77, lesson 4" in out
    assert "4. Slow │ 3.00" in out


def test_an_identifier_that_is_an_address_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run()
    item = add(run, state="failed", error_code="refusal", learner=make_learner("nina@example.org"))
    out = said(capsys, "show", str(run.pk))
    assert "example.org" not in out
    assert f"(entry {item.pk})" in out


def test_one_run_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(backend="openai", budget_micro=5_000_000, spent_micro=1_234_567, pilot="waiting")
    add(run, state="held", error_code="pilot")
    add(run, state="failed", error_code="refusal", attempts=1)
    found = as_json(capsys, "show", "latest")
    assert (found["spent"], found["budget"], found["estimate"]) == ("1.234567", "5.000000", None)
    assert found["items"] == {"held": 1, "failed": 1}
    assert found["waits"] == [{"reason": "pilot", "items": 1, "seconds": None}]
    (error,) = [error for error in found["errors"] if error["state"] == "failed"]
    assert (error["code"], error["items"], error["example"]["attempts"]) == ("refusal", 1, 1)


@pytest.mark.parametrize(
    ("fields", "items", "line"),
    [
        (
            {"state": "paused", "note": "The key was refused."},
            [{}],
            "paused: The key was refused. Go on: manage.py",
        ),
        (
            {"pilot": "waiting"},
            [{"state": "held", "error_code": "pilot"}],
            "the pilot waits for a look (1 text)",
        ),
        (
            {"budget_micro": 1},
            [{"state": "held", "error_code": "budget"}],
            "waiting for money: 1 text. Go on: manage",
        ),
    ],
)
def test_what_a_run_waits_for_is_said_with_what_to_do(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], items: list[dict[str, Any]], line: str
) -> None:
    run = make_run(**fields)
    for item in items:
        add(run, **item)
    assert line in said(capsys, "show", "latest")


@pytest.mark.parametrize(
    ("action", "before", "item", "after"),
    [
        ("pause", {"state": "open"}, {}, {"state": "paused"}),
        ("resume", {"state": "paused"}, {}, {"state": "open"}),
        ("retry", {"state": "closed"}, {"state": "failed"}, {"state": "open"}),
        ("accept", {"pilot": "waiting"}, {"state": "held", "error_code": "pilot"}, {"pilot": "accepted"}),
    ],
)
def test_a_run_is_steered(
    capsys: pytest.CaptureFixture[str],
    action: str,
    before: dict[str, str],
    item: dict[str, str],
    after: dict[str, str],
) -> None:
    run = make_run(**before)
    add(run, **item)
    found = as_json(capsys, action, str(run.pk))
    assert {name: found[name] for name in after} == after
    assert refusal(action, str(run.pk))[1] == 1


def test_cancelling_needs_a_yes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    add(run)
    message, code = refusal("cancel", "latest")
    assert ("say --yes" in message, code) == (True, 2)
    terminal = io.StringIO("no\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert refusal("cancel", "latest") == ("Nothing was changed.", 1)
    assert "is cancelled" in said(capsys, "cancel", "latest", "--yes")
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_budget_is_raised_or_taken_away(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(budget_micro=1_000_000)
    assert as_json(capsys, "raise-budget", "latest", "2.5")["budget"] == "2.500000"
    assert refusal("raise-budget", "latest", "2.5") == (
        f"Run {run.pk} has that budget or a higher one: nothing was changed.",
        1,
    )
    assert refusal("raise-budget", "latest", "much")[1] == 2
    assert as_json(capsys, "raise-budget", "latest", "none")["budget"] is None
    assert "has no budget" in refusal("raise-budget", "latest", "3")[0]
    GenerationRun.objects.update(state="closed")
    assert "has ended" in refusal("raise-budget", "latest", "3")[0]


def test_a_pilot_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(pilot="waiting")
    item = add(run, state="held", error_code="pilot", priority=1, learner=make_learner("u-5"))
    make_call(item, answer=DRAFT)
    out = said(capsys, "look", "latest")
    assert "u-5" in out
    assert "now: none yet" in out
    assert "Коротко A new draft." in out
    assert f"manage.py runs accept {run.pk}" in out
    (text,) = as_json(capsys, "look", "latest")["texts"]
    assert (text["learner"], text["lesson"], text["draft"], text["now"]) == ("u-5", 1, DRAFT, None)


def test_there_may_be_nothing_to_look_at() -> None:
    make_run()
    message, code = refusal("look", "latest")
    assert ("no draft" in message, code) == (True, 1)


def test_the_items_as_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = make_run()
    add(run, state="done")
    call_command("runs", "items", str(run.pk))
    text = capsys.readouterr().out
    assert text.count("\n") == 2
    file = tmp_path / "run.csv"
    assert said(capsys, "items", "latest", "--output", str(file)).startswith("Written: ")
    assert file.read_bytes().decode() == text
    assert [path.name for path in tmp_path.iterdir()] == ["run.csv"]
    assert "cannot be written" in refusal("items", "latest", "--output", str(tmp_path / "no" / "x.csv"))[0]


def test_a_run_is_found_by_the_beginning_of_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    first = make_run(pk="aaaa0000-0000-4000-8000-000000000001")
    make_run(pk="aaaa0000-0000-4000-8000-000000000002")
    assert as_json(capsys, "show", "AAAA0000-0000-4000-8000-000000000001")["id"] == str(first.pk)
    assert refusal("show", "aaaa") == ("Several runs begin with 'aaaa': write more of the id.", 1)
    assert "There is no run 'bbbb'" in refusal("show", "bbbb")[0]


@pytest.mark.parametrize("text", ["aaa", "%%%%", "no-run", "", "a" * 3 + "\0"])
def test_what_can_be_no_id_is_refused(text: str) -> None:
    message, code = refusal("show", text)
    assert ("is no id of a run" in message, code) == (True, 2)


def test_there_is_no_latest_run_yet() -> None:
    assert "manage.py personalize" in refusal("show", "latest")[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["explode"],
        ["show"],
        ["raise-budget", "latest"],
        ["pause", "latest", "--wait"],
        ["list", "--limit", "0"],
    ],
)
def test_wrong_arguments(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("runs", *arguments)
    assert "error" in str(refused.value).lower()


@pytest.mark.parametrize("title", ["Neck [part 2]", "Pain [/b] and sleep", "Rest :smile: [bold]now"])
def test_a_title_is_shown_as_it_is(title: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(calls=1, pilot="waiting")
    item = add(run, lesson=make_lesson(title=title), state="held", error_code="pilot", priority=1)
    make_call(item, answer=DRAFT)
    assert f". {title}" in said(capsys, "show", str(run.pk)), "among the slowest"
    assert title in said(capsys, "look", str(run.pk))


@pytest.mark.parametrize(
    ("action", "fields", "item", "words"),
    [
        ("accept", {"pilot": "waiting"}, {"state": "held", "error_code": "pilot"}, "is still paused"),
        ("retry", {}, {"state": "failed"}, "and is still paused"),
    ],
)
def test_a_run_that_was_paused_by_hand_stays_paused_and_it_is_said(
    action: str,
    fields: dict[str, Any],
    item: dict[str, Any],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = make_run(state="paused", note=PAUSED_BY_HAND, **fields)
    add(run, **item)
    assert words in said(capsys, action, str(run.pk))
    run.refresh_from_db()
    assert run.state == "paused"
    assert run.items.get().state == "queued"
