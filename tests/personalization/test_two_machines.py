"""Workers on two machines share a run: here two working directories that have no file in common."""

import shutil
from pathlib import Path

import pytest
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, PersonalizedLessonDescription
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.conftest import WorkerStarter
from tests.forked import ROOT
from tests.processes import Environment, WorkerProcess, until

PACKAGES = ("courses", "personalization", "persona_site")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The project once more, with a `var` of its own and without a .env."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.usefixtures("transactional_db")
def test_no_item_is_done_twice(
    start_worker: WorkerStarter,
    process_environment: Environment,
    fake_model: RunningFakeModel,
    elsewhere: Path,
    settings: Settings,
) -> None:
    course = make_course()
    for number in range(1, 4):
        make_lesson(course, number)
    for _ in range(20):
        make_learner(course=course)
    fake_model.set(latency=100)
    model = {"OPENAI_API_KEY": "test", "OPENAI_BASE_URL": fake_model.base_url}
    here = start_worker(**model, GENERATION_CONCURRENCY="5")
    there = WorkerProcess(
        {
            **process_environment,
            **model,
            "GENERATION_CONCURRENCY": "5",
            "PERSONA_VAR": str(elsewhere / "var"),
            "SECRET_KEY": "another",
        },
        elsewhere,
    )
    try:
        until(lambda: here.is_ready() and there.is_ready(), "both are ready")
        settings.OPENAI_API_KEY = "test"
        run = start_run(selection=Selection(), backend="openai").run.pk
        held = GenerationItem.objects.filter(state="running").values("leased_by").distinct()
        until(lambda: held.count() == 2, "both hold items at one moment")
        until(lambda: progress(run).state == "closed", "the run ends")
    finally:
        there.stop()
    assert progress(run).counts == {"done": 60}
    assert PersonalizedLessonDescription.objects.count() == 60
    assert fake_model.stats()["requests"] == 60, "nothing is asked for twice"
