"""manage.py sweep: a sweep apart from the workers."""

import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command, execute_from_command_line
from django.db import DatabaseError, connection
from django.utils import timezone

from personalization.models import GenerationItem, GenerationRun
from personalization.services import sweep as sweeping
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run

PAST = timedelta(seconds=-1)
LET_GO = {"lease_token": None, "lease_until": None}


@pytest.fixture
def item(db: None) -> GenerationItem:
    """In the hands of a worker that is dead."""
    course = make_course()
    lost = timezone.now() + PAST
    return make_item(
        make_run(),
        make_learner(course=course),
        make_lesson(course),
        state="running",
        attempts=1,
        lease_until=lost,
    )


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("sweep", *arguments)
    return capsys.readouterr().out


def test_it_takes_back_what_a_dead_worker_held(
    item: GenerationItem, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys) == "1 item of dead workers taken back. Items are due now.\n"
    item.refresh_from_db()
    assert (item.state, item.error_code) == ("queued", "lease_lost")


def test_it_closes_a_run_without_any_worker(item: GenerationItem, capsys: pytest.CaptureFixture[str]) -> None:
    GenerationItem.objects.update(state="done", finished_at=timezone.now(), **LET_GO)
    assert said(capsys) == "1 run closed. Nothing waits.\n"
    assert GenerationRun.objects.get().state == "closed"


def test_it_says_when_there_is_nothing_to_put_right_and_when_the_next_is_due(
    item: GenerationItem, capsys: pytest.CaptureFixture[str]
) -> None:
    later = timezone.now() + timedelta(minutes=5)
    GenerationItem.objects.update(state="queued", available_at=later, **LET_GO)
    assert "Nothing to put right. The next item is due in 300 s." in said(capsys)


def test_a_step_that_fails_is_named_and_the_others_are_done(
    item: GenerationItem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        raise DatabaseError("a row with a name in it")

    monkeypatch.setattr(sweeping, "fold_costs", broken)
    with pytest.raises(CommandError, match="Not done: daily costs") as refused:
        call_command("sweep")
    assert refused.value.returncode == 1
    assert "1 item of dead workers taken back" in capsys.readouterr().out


def test_it_sweeps_again_and_again_until_ctrl_c(
    item: GenerationItem, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt
        GenerationItem.objects.update(state="done", finished_at=timezone.now())

    monkeypatch.setattr(time, "sleep", pause)
    with pytest.raises(CommandError, match=r"^Stopped\.$") as stopped:
        call_command("sweep", "--every", "7.5")
    assert stopped.value.returncode == 130
    assert pauses == [7.5] * 3
    # What changed nothing says nothing.
    assert capsys.readouterr().out == "1 item of dead workers taken back.\n1 run closed.\n"


@pytest.mark.usefixtures("transactional_db")
def test_a_database_that_is_away_is_named_and_tried_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run()
    connection.close()

    def pause(seconds: float) -> None:
        if connection.settings_dict["PORT"] != "9":
            raise KeyboardInterrupt
        away.undo()

    monkeypatch.setattr(time, "sleep", pause)
    with pytest.MonkeyPatch.context() as away:
        for name, value in (("HOST", "127.0.0.1"), ("PORT", "9")):
            away.setitem(connection.settings_dict, name, value)
        with pytest.raises(CommandError, match="Stopped"):
            call_command("sweep", "--every", "1")
    out, err = capsys.readouterr()
    assert "at 127.0.0.1:9: OperationalError; trying again\n" in err
    assert out == "1 run closed.\n"


@pytest.mark.usefixtures("own_limits")
@pytest.mark.parametrize("every", ["0", "-1", "nan", "inf", "soon", ""])
def test_a_wrong_pause_is_refused(every: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        execute_from_command_line(["manage.py", "sweep", f"--every={every}"])
    assert refused.value.code == 2
    assert f"seconds are needed, from 0.01 to 86400, found '{every}'" in capsys.readouterr().err
