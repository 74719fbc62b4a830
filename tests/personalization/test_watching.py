"""What --wait shows, and when it stops waiting."""

import io
import time
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from rich.console import Console

from courses.terminal import plain_console
from personalization.management import watching
from personalization.management.run_lines import pace_line
from personalization.management.watching import Screen, wait_for
from personalization.models import GenerationRun
from personalization.queries import progress
from tests.builders import make_call, make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db


def add(run: GenerationRun, **fields: Any) -> None:
    lesson = make_lesson()
    make_item(run, make_learner(course=lesson.course), lesson, **fields)


def console(*, terminal: bool = False) -> Console:
    return plain_console(file=io.StringIO(), width=160, force_terminal=terminal, color_system=None)


def text_of(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return " ".join(shown.file.getvalue().split())


def waited(run: GenerationRun) -> tuple[str, CommandError | None]:
    """What was shown, and the error that the command ends with."""
    shown = console()
    try:
        wait_for(shown, run.pk)
    except CommandError as error:
        return text_of(shown), error
    return text_of(shown), None


def test_a_run_that_ended_well() -> None:
    run = make_run(state="closed", spent_micro=1_500_000, calls=2)
    add(run, state="done")
    add(run, state="skipped", error_code="no_survey")
    shown, error = waited(run)
    assert error is None
    assert "2 of 2 texts (1.50 USD)" in shown
    assert "no_survey: the learner has answered nothing" in shown
    assert "spent 1.50 USD" in shown


@pytest.mark.parametrize(
    ("fields", "item"),
    [
        ({"state": "closed"}, {"state": "failed", "error_code": "refusal"}),
        ({"state": "cancelled"}, {"state": "cancelled"}),
        ({"state": "paused", "note": "Paused by hand."}, {}),
        ({"pilot": "waiting"}, {"state": "failed", "priority": 1}),
    ],
)
def test_a_run_that_did_not(fields: dict[str, Any], item: dict[str, Any]) -> None:
    run = make_run(**fields)
    add(run, **item)
    shown, error = waited(run)
    assert error
    assert error.returncode == 1
    assert fields.get("note", "") in shown


def test_a_pilot_without_any_draft_says_so_and_what_can_be_done() -> None:
    run = make_run(pilot="waiting")
    add(run, state="unchanged", priority=1)
    add(run)
    shown, error = waited(run)
    assert error
    assert "nothing of the pilot was written, so there is nothing to look at" in shown
    assert f"manage.py runs accept {str(run.pk)[:8]}; or cancel" in shown


def test_a_pilot_that_is_ready_ends_the_waiting() -> None:
    run = make_run(pilot="waiting")
    add(run, state="held", error_code="pilot")
    add(run)
    shown, error = waited(run)
    assert error is None
    assert f"manage.py runs look {str(run.pk)[:8]}" in shown


def test_where_only_money_is_missing_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "STUCK_SECONDS", 0)
    monkeypatch.setattr(watching, "POLL_SECONDS", 0)
    run = make_run(budget_micro=10)
    add(run, state="done")
    add(run, state="held", error_code="budget")
    shown, error = waited(run)
    assert error
    assert f"waiting for money: 1 text. Go on: manage.py runs raise-budget {str(run.pk)[:8]} AMOUNT" in shown


def test_nor_while_others_are_queued_for_the_same_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "STUCK_SECONDS", 0)
    monkeypatch.setattr(watching, "POLL_SECONDS", 0)
    run = make_run(budget_micro=10)
    add(run, state="held", error_code="budget", needs_micro=11)
    add(run)
    now = progress(run.pk)
    assert watching._only_money_is_missing(now), "else the next line would never come back"
    shown, error = waited(run)
    assert error
    assert "waiting for money: 2 texts. Go on: manage.py runs raise-budget" in shown
    add(run, state="running")
    assert not watching._only_money_is_missing(progress(run.pk)), "what is in flight may give money back"


def test_ctrl_c_stops_the_watching_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    run = make_run()
    add(run)
    with pytest.raises(CommandError, match="the run goes on") as stopped:
        call_command("runs", "wait", str(run.pk))
    assert stopped.value.returncode == 130
    run.refresh_from_db()
    assert run.state == "open"


def test_a_terminal_shows_a_bar_with_pace_cost_and_errors() -> None:
    run = make_run(backend="openai", spent_micro=420_000, calls=1)
    add(run, state="done")
    add(run, error_code="rate_limit", error_message="429")
    shown = console(terminal=True)
    with (screen := Screen(shown)):
        screen.show(progress(run.pk))
        screen._live.refresh()
    said = text_of(shown)
    assert "1/2" in said
    assert "1.0/s, 0:01 left, 0.4200 USD" in said
    assert "1 queued: the provider asked for a slower pace (rate_limit)" in said


def test_without_a_terminal_what_it_waits_for_is_said_once() -> None:
    run = make_run(pilot="writing")
    add(run, state="running", priority=1)
    shown = console()
    with (screen := Screen(shown)):
        for _ in range(3):
            screen.show(progress(run.pk))
    assert text_of(shown).count("the pilot is being written") == 1
    assert text_of(shown).count("0 of 1 text") == 1


def test_errors_lead_to_an_example() -> None:
    run = make_run(state="closed")
    lesson = make_lesson(number=12)
    make_call(make_item(run, make_learner("u-9"), lesson, state="failed", error_code="refusal"))
    assert "u-9, lesson 12" in waited(run)[0]


def test_money_against_budget_and_estimate_stands_below_the_bar() -> None:
    run = make_run(spent_micro=420_000, budget_micro=5_000_000, estimate_micro=4_000_000)
    add(run)
    shown, plain = console(terminal=True), console()
    with (screen := Screen(shown)):
        screen.show(progress(run.pk))
        screen._live.refresh()
    with (screen := Screen(plain)):
        screen.show(progress(run.pk))
    for said in (text_of(shown), text_of(plain)):
        assert "spent 0.4200 USD, budget 5.00 USD, estimated 4.00 USD" in said


def test_without_a_terminal_each_new_kind_of_error_is_said_once_with_an_example() -> None:
    run, lesson = make_run(), make_lesson(number=12)
    make_item(run, make_learner("u-9"), lesson, state="failed", error_code="refusal")
    shown = console()
    with (screen := Screen(shown)):
        for _ in range(2):
            screen._details.at = float("-inf")
            screen.show(progress(run.pk))
        add(run, error_code="rate_limit")
        screen._details.at = float("-inf")
        screen.show(progress(run.pk))
    said = text_of(shown)
    assert said.count("the model refused to answer (refusal), for example u-9, lesson 12") == 1
    assert said.count("(rate_limit)") == 1


def test_the_slowest_lessons_stand_at_the_end() -> None:
    run = make_run(state="closed", calls=1)
    lesson = make_lesson(number=7, title="Neck [part 2]")
    make_call(make_item(run, make_learner(), lesson, state="done"), seconds=3)
    assert "7. Neck [part 2]" in waited(run)[0]


def test_while_texts_wait_for_money_nobody_knows_when_it_ends() -> None:
    run = make_run(budget_micro=10)
    add(run, state="done")
    add(run, state="held", error_code="budget", needs_micro=11)
    assert "left" not in pace_line(progress(run.pk))


class Hiccups:
    """A database whose first `count` statements fail, as while it is started anew."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, execute: Any, *statement: Any) -> Any:
        if self.left:
            self.left -= 1
            raise OperationalError("the connection is closed")
        return execute(*statement)


@pytest.mark.usefixtures("transactional_db")  # it is a new connection that answers
def test_a_database_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 0)
    run = make_run(state="closed")
    add(run, state="done")
    with connection.execute_wrapper(Hiccups(2)):
        shown, error = waited(run)
    assert error is None
    assert shown.count("no contact with the database; trying again") == 1
    assert "1 of 1 text" in shown


@pytest.mark.usefixtures("transactional_db")  # it is a new connection that answers
def test_one_that_stays_away_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 0)
    monkeypatch.setattr(watching, "LOST_SECONDS", 0)
    run = make_run()
    with connection.execute_wrapper(Hiccups(1_000)):
        _, error = waited(run)
    assert error
    assert f"The database is away. Watch again: manage.py runs wait {run.pk}" in str(error)
