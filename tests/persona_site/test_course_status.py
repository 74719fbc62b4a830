"""manage.py course_status: what it prints for people and for deploys, and how it ends."""

import json
import os
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Course
from tests.builders import make_course, make_description, make_learner, make_lesson, make_text
from tests.processes import manage

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("course_status", *arguments, stdout=output)
    return output.getvalue()


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    assert error.value.returncode == 1
    return str(error.value)


@pytest.fixture
def course() -> Course:
    course = make_course("shvz", title="Массаж шеи")
    lesson = make_lesson(course, 2)
    make_description(lesson)
    make_lesson(course, 5, transcript="")
    make_text(make_learner(course=course), lesson, origin="simple", fingerprint="old")
    make_learner(course=course)
    make_learner(course=course, survey=None)
    return course


def test_the_figures_as_a_table(course: Course) -> None:
    assert [" ".join(line.split()) for line in run().splitlines()] == [
        "Массаж шеи (shvz)",
        "lessons 2",
        "without transcript 1",
        "transcript too short 0",
        "without description 1",
        "without assets 2",
        "working marks in title 0",
        "gaps in the numbering 2 no lesson 1, 3-4",
        "learners 3",
        "without any text 2",
        "of them without answers 1",
        "without answers 1",
        "could have more texts 1",
        "texts 1",
        "missing 1",
        "stale 1",
        "edited, locked 0",
        "",
    ]


def test_the_json_has_stable_keys(course: Course) -> None:
    assert json.loads(run("--json")) == {
        "ok": True,
        "failed": [],
        "courses": [
            {
                "slug": "shvz",
                "title": "Массаж шеи",
                "lessons": {
                    "total": 2,
                    "without_transcript": 1,
                    "transcript_too_short": 0,
                    "without_description": 1,
                    "without_assets": 2,
                    "working_marks": 0,
                    "number_gaps": 2,
                },
                "gaps": [{"first": 1, "last": 1}, {"first": 3, "last": 4}],
                "learners": {
                    "total": 3,
                    "without_texts": 2,
                    "without_texts_and_answers": 1,
                    "without_answers": 1,
                    "missing_texts": 1,
                },
                "texts": {"total": 1, "missing": 1, "stale": 1, "edited": 0},
            }
        ],
    }


def test_courses_that_are_named_are_shown_in_order(course: Course) -> None:
    make_course("yoga")
    make_course("another")
    shown = json.loads(run("yoga", "shvz", "yoga", "--json"))["courses"]
    assert [status["slug"] for status in shown] == ["shvz", "yoga"]


def test_unknown_courses_are_refused_with_those_that_exist(course: Course) -> None:
    assert refusal("x", "shvz", "y\0") == "There is no course 'x' or 'y\\x00'. Known: shvz."


def test_a_deploy_fails_on_what_it_names(course: Course) -> None:
    assert refusal("--fail-on", "missing,transcripts").splitlines() == [
        "shvz: texts: missing: 1",
        "shvz: lessons: without transcript: 1",
    ]
    run("--fail-on", "titles")


def test_a_deploy_gets_the_json_of_what_failed(course: Course) -> None:
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("course_status", "--json", "--fail-on", "stale", stdout=output)
    found: Any = json.loads(output.getvalue())
    assert (found["ok"], found["failed"]) == (False, ["shvz: texts: stale: 1"])


def test_a_kind_of_failure_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="found 'x'; known: transcripts, descriptions"):
        run("--fail-on", "stale,x")


def test_an_empty_database_says_what_to_do() -> None:
    assert run() == "There is no course yet. Bring one in: manage.py import_lessons\n"
    assert json.loads(run("--json"))["courses"] == []
    assert "import_lessons" in refusal("--fail-on", "missing")
    assert "import_lessons" in refusal("x")


def test_a_course_takes_six_queries(course: Course) -> None:
    with CaptureQueriesContext(connection) as captured:
        run()
    assert len(captured) == 1 + 2 + 3  # which courses; live prompts and contact keys, read once; figures


def test_numbers_and_titles_are_printed_as_they_are() -> None:
    make_course("x", title="[bold]A[/bold] [/]")
    assert run().startswith("[bold]A[/bold] [/] (x)\n")


def test_a_database_that_is_down_is_one_line() -> None:
    down = {**os.environ, "DATABASE_URL": "postgresql://anna:geheim@127.0.0.1:1/persona"}
    done = manage("course_status", env=down)
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert "geheim" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
