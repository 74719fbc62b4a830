import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from courses.models import Course, Lesson, LessonDescription
from courses.services.descriptions import save_description
from personalization.fake_model import RunningFakeModel
from personalization.live_prompts import live_prompts
from personalization.management.template_lines import Store, plan_lines
from personalization.models import ConfigEntry, GenerationItem, GenerationRun
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.queries import progress
from personalization.services.queue import claim
from personalization.services.sources import transcripts
from personalization.services.template_work import template_brief
from personalization.template_queries import preview_templates
from personalization.writers.registry import template_recipe
from tests.builders import DESCRIPTION, make_course, make_lesson
from tests.conftest import WorkerStarter
from tests.personalization.templates import SAID
from tests.processes import Environment, manage, until
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id


@pytest.fixture
def key(settings: Settings) -> None:
    settings.OPENAI_API_KEY = "test"


@pytest.fixture
def folder(db: None, key: None, tmp_path: Path) -> CourseBuilder:
    course = StoreBuilder(tmp_path).course().lessons(3)
    imported(tmp_path)
    return course


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("regenerate_templates", *arguments)
    assert not GenerationRun.objects.exists()
    said = str(refused.value)
    assert len(said.splitlines()) == 1
    return said


def planned(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    call_command("regenerate_templates", "massage", *arguments, "--json")
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


@pytest.mark.usefixtures("folder")
def test_a_dry_run_says_what_would_be_done_and_what_it_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Lesson.objects.filter(lesson_number=2).update(transcript="")
    call_command("regenerate_templates", "massage", "--dry-run")
    out = capsys.readouterr().out
    assert "massage: 3 lessons" in out
    assert "2  to write" in out
    assert "1  skipped: the lesson has no transcript, or one of a few words (lesson 2)" in out
    assert f"Files: {tmp_path}" in out
    assert "Estimated cost:" in out
    assert not GenerationRun.objects.exists()


@pytest.mark.usefixtures("folder")
def test_it_starts_a_run_with_the_courses_own_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = planned(capsys)
    run = GenerationRun.objects.get()
    course = Course.objects.get()
    assert run.options["stores"] == {str(course.pk): str(tmp_path)}
    assert (run.kind, run.course) == ("templates", course)
    assert run.estimate_micro
    assert said["store_writable"] is True
    assert (said["run"]["id"], said["counts"]) == (str(run.pk), {"write": 3})
    assert GenerationItem.objects.filter(profile=None, kind="templates").count() == 3


@pytest.mark.usefixtures("folder")
def test_some_lessons_and_no_store(capsys: pytest.CaptureFixture[str]) -> None:
    said = planned(capsys, "--lesson", "1", "3", "--lesson", "3", "--no-store", "--budget", "2")
    assert [lesson["number"] for lesson in said["lessons"]] == [1, 3]
    assert said["store"] is None
    run = GenerationRun.objects.get()
    assert ("stores" in run.options, run.budget_micro) == (False, 2_000_000)


@pytest.mark.usefixtures("folder")
def test_who_may_not_write_the_files_is_told(tmp_path: Path) -> None:
    said = list(plan_lines(Course.objects.get(), preview_templates([]), Store(tmp_path, writable=False)))
    assert said[-1].strip().startswith("You may not write there. Workers must")


def test_another_store(folder: CourseBuilder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = shutil.copytree(folder.path.parent, tmp_path.with_name("other"))
    assert planned(capsys, "--store", str(other))["store"] == str(other)


def test_the_plan_says_what_the_next_import_undoes(
    folder: CourseBuilder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("regenerate_templates", "massage", "--dry-run", "--no-store")
    assert f"The next import from {tmp_path} brings back what its files say" in capsys.readouterr().out
    folder.lesson(2, description={"introduction": "Урок."})
    call_command("regenerate_templates", "massage", "--dry-run")
    out = capsys.readouterr().out
    assert "lesson.json holds a description, too (lesson 2): take it out there" in out
    assert "The next import from" not in out
    call_command("regenerate_templates", "massage", "--dry-run", "--lesson", "1")
    assert "lesson.json" not in capsys.readouterr().out


@pytest.mark.usefixtures("key", "db")
def test_a_course_that_no_import_made_has_no_files(capsys: pytest.CaptureFixture[str]) -> None:
    make_lesson(make_course("massage"))
    assert planned(capsys, "--dry-run")["store"] is None


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shvs"], "There is no course 'shvs'. Known: massage."),
        (["massage", "--lesson", "3", "9", "12"], "has no lesson 9, 12; its numbers end at 3"),
        (["massage", "--lesson", "0"], "above 0"),
        (["massage", "--lesson", "x"], "found 'x'"),
        (["massage", "--budget", "0"], "above 0 in USD"),
        (["massage", "--store", "/nowhere"], "/nowhere: cannot be opened as a store"),
        (["massage", "--store", "/nowhere"], ". Name another with --store DIR"),
        (["massage", "--store", "/tmp", "--no-store"], "not allowed with"),
        ([], "COURSE"),
    ],
)
def test_a_wrong_argument_is_answered_in_one_line(arguments: list[str], said: str) -> None:
    assert said in refusal(*arguments)


def test_a_store_without_the_course_is_refused(folder: CourseBuilder) -> None:
    shutil.rmtree(folder.path)
    said = refusal("massage")
    assert "has no folder of the course 'massage'" in said
    assert "The course was imported from there: name another with --store DIR, or say --no-store" in said


@pytest.mark.usefixtures("folder")
def test_without_a_model_nothing_starts(settings: Settings) -> None:
    settings.OPENAI_API_KEY = ""
    assert "OPENAI_API_KEY" in refusal("massage")
    assert "OPENAI_API_KEY" in refusal("massage", "--dry-run")


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_started_is_told_before_a_dry_run_too(settings: Settings) -> None:
    settings.OPENAI_MODEL = "mystery"
    for dry in ([], ["--dry-run"]):
        assert "has no price" in refusal("massage", "--budget", "5", *dry)
    ConfigEntry.objects.filter(pk=LESSON_TEMPLATE).update(value=5)
    assert refusal("massage", "--dry-run") == refusal("massage")


@pytest.mark.usefixtures("key", "db")
def test_a_course_without_lessons_is_refused() -> None:
    make_course("massage")
    assert "has no lessons" in refusal("massage")


@pytest.mark.parametrize(("state", "well"), [("done", True), ("failed", False), ("cancelled", False)])
def test_waiting_waits_for_lessons_of_another_run_too(
    folder: CourseBuilder, capsys: pytest.CaptureFixture[str], state: str, well: bool
) -> None:
    planned(capsys, "--lesson", "1")
    assert len(claim(1, worker="w", lease=60)) == 1

    def work(*_: object) -> None:
        ended = {"finished_at": datetime.now(UTC), "lease_token": None, "lease_until": None}
        GenerationItem.objects.update(state=state, **ended)
        GenerationRun.objects.update(state="closed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", work)
        if well:
            call_command("regenerate_templates", "massage", "--lesson", "1", "--wait", "--json")
        else:
            with pytest.raises(CommandError, match="Not every lesson was written"):
                call_command("regenerate_templates", "massage", "--lesson", "1", "--wait", "--json")
    said = json.loads(capsys.readouterr().out)
    assert [(result["number"], result["state"]) for result in said["results"]] == [(1, state)]


# --- the plan in SQL says what a worker does ---


def saved(lesson: Lesson, **fields: Any) -> None:
    """A description that a model wrote of the lesson as it is."""
    fresh = Lesson.objects.select_related("course").get(pk=lesson.pk)
    fingerprint = template_brief(
        fresh, live_prompts().lesson, transcripts([fresh], "")[fresh.pk]
    ).fingerprint(template_recipe())
    LessonDescription.objects.create(
        lesson=lesson, data=DESCRIPTION, **{"fingerprint": fingerprint, **fields}
    )


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("choices", [{}, {"force": True}, {"replace_locked": True}])
def test_the_plan_knows_what_will_be_written(choices: dict[str, bool]) -> None:
    course = make_course("massage")
    lessons = [make_lesson(course, number) for number in range(1, 6)]
    saved(lessons[1])
    saved(lessons[2], fingerprint="of before")
    save_description(lesson=lessons[3], data=DESCRIPTION, expected=None)
    Lesson.objects.filter(pk=lessons[4].pk).update(transcript="short")
    plan = preview_templates([lesson.pk for lesson in lessons], prompt=None, **choices)
    assert [lesson.verdict for lesson in plan.lessons] == [
        "write",
        "write" if "force" in choices else "unchanged",
        "write",
        "write" if "replace_locked" in choices else "locked",
        "no_source",
    ]
    assert plan.replaces_locked == ("replace_locked" in choices)
    assert sum(size.texts for size in plan.sizes) == plan.to_write


# --- with a worker ---


def eight_lessons_and_one_without_words(path: Path) -> CourseBuilder:
    """The first has a description already."""
    course = StoreBuilder(path).course()
    for number in range(1, 9):
        course.lesson(number)
        course.transcript(number, SAID)
    course.template(1)
    course.lesson(9)
    imported(path)
    return course


def test_killed_in_the_middle_and_run_again(
    start_worker: WorkerStarter,
    process_environment: Environment,
    fake_model: RunningFakeModel,
    tmp_path: Path,
) -> None:
    course = eight_lessons_and_one_without_words(tmp_path)
    fake_model.set(latency=300)
    variables = {
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": fake_model.base_url,
        "GENERATION_CONCURRENCY": "2",
    }
    started = manage("regenerate_templates", "massage", env={**process_environment, **variables})
    assert started.returncode == 0, started.stderr
    worker = start_worker(**variables)
    run = GenerationRun.objects.get()
    until(lambda: progress(run.pk).counts.get("done", 0) >= 2, "some are done")
    worker.kill()
    assert progress(run.pk).ended < 9, "the kill came in the middle"

    start_worker(**variables)
    again = manage(
        "regenerate_templates", "massage", "--wait", "--json", env={**process_environment, **variables}
    )
    assert again.returncode == 0, again.stderr
    said = json.loads(again.stdout)
    assert {result["number"]: result["code"] for result in said["results"]}[9] == "no_source"
    until(lambda: progress(run.pk).state == "closed", "the first run is over, too")
    for number in range(1, 9):
        file = course.path / f"{number}-{lesson_id(number)}-final.json"
        assert json.loads(file.read_bytes()) == LessonDescription.objects.get(lesson=lesson_id(number)).data
    assert [path.name for path in course.path.glob("*-backup.json")] == [
        f"1-{lesson_id(1)}-final-backup.json"
    ]
    assert not list(course.path.glob(".*")), "no part of a file is left"
    assert not LessonDescription.objects.filter(lesson=lesson_id(9)).exists()
    assert fake_model.stats()["requests"] <= 8 + 2, "no more than what was in flight is paid twice"
