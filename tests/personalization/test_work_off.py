"""manage.py work_off: a run's texts without Redis and without a worker."""

import os
import signal
from datetime import timedelta
from threading import Thread

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command, execute_from_command_line
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from benchmarks.faulting.links import Mode
from benchmarks.faulting.proxy import HOST, running_proxy
from persona_site.embedded.postgres import Postgres
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun, PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.run_report.workers import workers
from personalization.services import drain as draining
from personalization.services import queue
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.watched import age
from tests.processes import Environment, manage, until

pytestmark = pytest.mark.usefixtures("transactional_db")
NOBODY = "127.0.0.1:9"  # listens there


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.MODEL_LIMITS = "* = 60000 rpm"  # so that the limiter wants its Redis
    settings.REDIS_URL = f"redis://{NOBODY}/0"
    settings.GENERATION_CALL_SECONDS = 10
    return fake_model


@pytest.fixture
def run(model: RunningFakeModel) -> GenerationRun:
    """Five texts to write."""
    course = make_course()
    make_lesson(course)
    for _ in range(5):
        make_learner(course=course)
    return start_run(selection=Selection(), backend="openai").run


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("work_off", *arguments)
    return capsys.readouterr().out


def refusal() -> tuple[str, int]:
    with pytest.raises(CommandError) as refused:
        call_command("work_off")
    return str(refused.value), refused.value.returncode


def states() -> list[str]:
    return sorted(GenerationItem.objects.values_list("state", flat=True))


def test_it_writes_a_whole_run_without_redis(run: GenerationRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == "5 items settled. Nothing waits.\n"
    run.refresh_from_db()
    assert run.state == "closed"
    assert PersonalizedLessonDescription.objects.filter(origin="openai").count() == 5


def test_while_it_works_it_is_a_worker_that_lives_and_sweeps(
    run: GenerationRun, model: RunningFakeModel, settings: Settings
) -> None:
    settings.GENERATION_SWEEP_SECONDS = 0.02
    model.set(mode="hang")
    seen: list[int] = []

    def look() -> None:
        try:
            until(lambda: model.stats()["in_flight"] == 5, "the requests are under way")
            seen.append(workers().alive)
            age("worker_heartbeats", "seen_at", 40)
            until(lambda: workers().alive, "it is seen again")
            cancelled = GenerationRun.objects.filter(pk=run.pk)
            cancelled.update(state="cancelled", closed_at=timezone.now())  # as a cancel that ended no item
            until(lambda: set(states()) == {"cancelled"}, "it sweeps")
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            connection.close()

    looking = Thread(target=look)
    looking.start()
    refusal()
    looking.join()
    assert seen == [1]


def test_it_takes_no_more_than_its_most(
    run: GenerationRun, model: RunningFakeModel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "--max", "2") == "2 items settled. Items are due now.\n"
    assert states() == ["done", "done", "queued", "queued", "queued"]
    assert model.stats()["requests"] == 2


def test_its_most_may_be_more_than_there_is(run: GenerationRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--max", "6") == "5 items settled. Nothing waits.\n"


def test_what_comes_again_counts_again(
    run: GenerationRun, model: RunningFakeModel, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.GENERATION_RETRY_SECONDS = 0.001
    model.set(mode="server_error")
    assert said(capsys, "--max", "3").startswith("3 items settled.")
    assert sum(GenerationItem.objects.values_list("attempts", flat=True)) == 3


def test_what_a_dead_worker_held_is_written_too(
    run: GenerationRun, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.claim(5, worker="dead", lease=30)
    GenerationItem.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert said(capsys).startswith("5 items settled.")


def test_without_a_key_nothing_is_begun(run: GenerationRun, settings: Settings) -> None:
    settings.OPENAI_API_KEY = ""
    message, code = refusal()
    assert (code, str(run.pk) in message, "set OPENAI_API_KEY" in message) == (1, True, True)
    assert set(GenerationItem.objects.values_list("state", "attempts")) == {("queued", 0)}


def test_a_run_of_the_simple_writer_wants_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    course = make_course()
    make_lesson(course)
    make_learner(course=course)
    start_run(selection=Selection(), backend="simple")
    call_command("work_off")
    assert capsys.readouterr() == ("1 item settled. Nothing waits.\n", ""), (
        "no bar where there is no terminal"
    )


def test_a_run_that_the_endpoint_blocks_is_named(run: GenerationRun, model: RunningFakeModel) -> None:
    model.set(mode="unauthorized")
    message, code = refusal()
    assert code == 1
    assert message == f"Run {run.pk} is paused: the endpoint refused the key: check OPENAI_API_KEY"


def test_ctrl_c_gives_back_what_is_in_hand(
    run: GenerationRun, model: RunningFakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "GRACE_SECONDS", 0.05)
    model.set(mode="hang")
    before = signal.getsignal(signal.SIGINT)

    def press() -> None:
        until(lambda: model.stats()["in_flight"] > 0, "a request is under way")
        os.kill(os.getpid(), signal.SIGINT)

    pressing = Thread(target=press)
    pressing.start()
    message, code = refusal()
    pressing.join()
    assert (message, code) == ("Stopped. 0 items settled. What was in hand is queued again.", 130)
    assert set(GenerationItem.objects.values_list("state", "attempts")) == {("queued", 0)}
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("own_limits")
@pytest.mark.parametrize("most", ["0", "-3", "1.5", "many"])
def test_a_wrong_most_is_refused(most: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        execute_from_command_line(["manage.py", "work_off", f"--max={most}"])
    assert refused.value.code == 2
    assert f"a whole number above 0 is needed, found '{most}'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["work_off", "sweep"])
def test_a_database_that_takes_a_statement_and_answers_nothing_holds_up_no_command(
    command: str, process_environment: Environment
) -> None:
    database = connection.settings_dict
    with running_proxy(Postgres(settings.VAR).socket) as proxy:
        swallowed = proxy.trap(b"UPDATE generation_items", Mode.ZOMBIE)
        address = f"postgresql://{database['USER']}@{HOST}:{proxy.port}/{database['NAME']}"
        short = {"DATABASE_URL": address, "GENERATION_LEASE_SECONDS": "1.5", "OPENAI_API_KEY": ""}
        done = manage(command, env=process_environment | short)
    assert swallowed.sprung
    assert "sweep step 'expired leases' failed" in done.stderr
    # What a sweep has to put right is done by the next one; whoever writes goes on with a new connection.
    assert done.returncode == (1 if command == "sweep" else 0)


@pytest.mark.parametrize("command", ["work_off", "sweep"])
def test_a_database_that_is_away_is_one_line(command: str, process_environment: Environment) -> None:
    away = {"DATABASE_URL": f"postgresql://somebody:secret@{NOBODY}/persona"}
    done = manage(command, env=process_environment | away)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert f"persona at {NOBODY}" in done.stderr
