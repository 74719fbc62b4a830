"""manage.py import_lessons: what it prints, and how it ends."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import override_settings

from courses.models import Course
from persona_site.management.commands.import_lessons import Command
from personalization.models import Profile
from tests.environment import ROOT
from tests.processes import Environment, manage
from tests.store_builder import StoreBuilder, lesson_id, write


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    store = StoreBuilder(tmp_path / "store")
    store.course().lessons(2).text("u-1", 1)
    store.profiles("u-1")
    return store


def run(*arguments: object) -> str:
    output = StringIO()
    call_command("import_lessons", *map(str, arguments), stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_the_report_is_a_table_and_a_line_for_each_warning(store: StoreBuilder) -> None:
    (store.path / "massage" / f"9-{lesson_id(9)}.txt").write_text("x")
    lines = [" ".join(line.split()) for line in run("--store", store.path).splitlines()]
    assert lines == [
        "table created updated unchanged",
        "courses 1 0 0",
        "lessons 2 0 0",
        "lesson_descriptions 0 0 0",
        "lesson_assets 0 0 0",
        "profiles 1 0 0",
        "personalized_lesson_descriptions 1 0 0",
        "",
        f"1 course from {store.path}: 5 rows changed.",
        "Descriptions and texts that were read: 1 document, 9 strings in, 9 out.",
        "",
        "1 warning:",
        f"massage/9-{lesson_id(9)}.txt: is not used: no lesson of the course has its UUID or its number",
    ]


@pytest.mark.django_db
def test_the_second_run_says_that_nothing_changed(store: StoreBuilder) -> None:
    run("--store", store.path)
    assert "0 rows changed." in run("--store", store.path)


@pytest.mark.django_db
def test_a_dry_run_says_so(store: StoreBuilder) -> None:
    assert "5 rows would change. Dry run: nothing was written." in run("--store", store.path, "--dry-run")
    assert not Course.objects.exists()


@pytest.mark.django_db
def test_the_json_has_stable_keys(store: StoreBuilder) -> None:
    report = json.loads(run("--store", store.path, "--json"))
    assert report.pop("tables")["personalized_lesson_descriptions"] == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "kept": 0,
        "locked": 0,
        "deleted": 0,
    }
    assert report == {
        "ok": True,
        "store": str(store.path),
        "dry_run": False,
        "courses": ["massage"],
        "changed": 5,
        "converted": {"documents": 1, "strings_in": 9, "strings_out": 9},
        "leaving": [],
        "warnings": [],
        "problems": [],
    }


@pytest.mark.django_db
def test_all_problems_are_told_at_once_and_nothing_is_written(store: StoreBuilder) -> None:
    store.course("yoga", name="", slug="yoga").lesson(7, title="")
    with pytest.raises(CommandError) as error:
        run("--store", store.path)
    assert error.value.returncode == 1
    assert str(error.value).splitlines() == [
        "2 problems, nothing was written:",
        "yoga/course.json: /name: is empty: write a text",
        "yoga/lessons/07/lesson.json: /title: is empty: write a text",
    ]
    assert not Profile.objects.exists()


@pytest.mark.django_db
def test_problems_as_json(store: StoreBuilder) -> None:
    write(store.path / "massage" / "course.json", b"[]")
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("import_lessons", store=store.path, json=True, stdout=output)
    report = json.loads(output.getvalue())
    assert report["ok"] is False
    assert report["problems"] == [
        {
            "file": "massage/course.json",
            "place": "",
            "message": "an object {…} is needed at the top, found a list",
        }
    ]


@pytest.mark.django_db
def test_the_store_of_the_settings_is_the_default(store: StoreBuilder) -> None:
    with override_settings(COURSE_STORE_PATH=store.path):
        assert "5 rows changed." in run()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--store", "nix"], "nix: cannot be opened as a store: no such file or directory"),
        (["nix"], "nix: is no course of this store, which has: shvz, sleep-basics"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: list[str], line: str) -> None:
    with override_settings(COURSE_STORE_PATH=ROOT / "store"), pytest.raises(CommandError) as error:
        run(*arguments)
    assert str(error.value) == line


def test_the_help_teaches() -> None:
    text = Command().create_parser("manage.py", "import_lessons").format_help()
    assert "manage.py import_lessons --dry-run" in text
    assert "exit codes: 0" in text
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.usefixtures("transactional_db")
def test_real_processes_end_with_one_line_and_a_code(
    store: StoreBuilder, process_environment: Environment
) -> None:
    (store.path / "massage" / "course.json").unlink()
    refused = manage("import_lessons", "--store", str(store.path), env=process_environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: massage/course.json: is missing")
    assert "Traceback" not in refused.stderr
    gone: dict[str, Any] = {**process_environment, "DATABASE_URL": "postgresql://joe:s3cret@127.0.0.1:1/shop"}
    lost = manage("import_lessons", "--store", str(store.path), env=gone)
    assert lost.returncode == 1
    assert lost.stderr.strip() == (
        "The database shop at 127.0.0.1:1 does not do its work: nothing answers there. "
        "Start it, or correct DATABASE_URL."
    )


@pytest.mark.django_db
def test_an_error_without_an_explanation_says_where_and_not_whose(store: StoreBuilder) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE profiles ADD CONSTRAINT odd CHECK (user_identifier LIKE 'x%')")
    with pytest.raises(CommandError) as error:
        run("--store", store.path)
    assert "SQLSTATE 23514, table profiles, constraint odd." in str(error.value)
    assert error.value.__context__ is None
    assert "Нина" not in str(error.value)


@pytest.mark.django_db
def test_what_was_written_before_an_error_is_told(store: StoreBuilder) -> None:
    store.course("yoga").lesson(7)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE courses ADD CONSTRAINT odd CHECK (slug <> 'yoga')")
    output = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_lessons", store=store.path, json=True, stdout=output)
    report = json.loads(output.getvalue())
    assert (report["ok"], report["courses"], report["changed"]) == (False, ["massage"], 5)
    assert [*Course.objects.values_list("slug", flat=True)] == ["massage"]
    assert str(error.value).splitlines()[-1] == (
        "Written before that: courses 1, lessons 2, profiles 1, personalized_lesson_descriptions 1. "
        "Courses: massage."
    )
