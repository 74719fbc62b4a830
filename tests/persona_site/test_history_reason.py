"""Who changed something, and why, is kept with it: pages, commands, workers, and what comes from outside."""

import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from psycopg.sql import SQL, Identifier

from courses.history.reason import because
from courses.models import Change, Course, Lesson
from personalization.services.queue import Outcome, Text, claim, settle
from tests.admin_forms import send
from tests.builders import (
    PERSONAL_TEXT,
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_superuser,
)
from tests.conftest import ROOT
from tests.processes import Environment, manage


def reasons(**change: Any) -> list[Any]:
    found = Change.objects.filter(**change).order_by("id")
    return [(kept.context.metadata if kept.context else None) for kept in found.select_related("context")]


@pytest.mark.django_db
def test_a_page_says_who_and_which(client: Client) -> None:
    course, admin = make_course(), make_superuser()
    client.force_login(admin)
    send(client, reverse("admin:courses_course_change", args=[course.pk]), title="New")
    assert reasons(row_id=course.pk, kind="update") == [{"user": admin.pk, "page": "courses_course_change"}]


@pytest.mark.django_db
def test_an_import_names_its_courses() -> None:
    call_command("import_lessons", "sleep-basics", store=ROOT / "store", verbosity=0)
    assert reasons(table_name="courses") == [{"command": "import_lessons", "store": ["sleep-basics"]}]


def test_a_command_says_its_name(process_environment: Environment) -> None:
    code = "from courses.models import Course; Course.objects.create(slug='x', title='X')"
    assert manage("shell", "-c", code, env=process_environment).returncode == 0
    assert reasons(table_name="courses") == [{"command": "shell"}]


@pytest.mark.django_db
def test_a_worker_names_the_run_of_each_text() -> None:
    lesson, runs = make_lesson(), [make_run(), make_run()]
    for run in runs:
        make_item(run, make_learner(), lesson)
    text = Text(PERSONAL_TEXT, "simple", "", "", "f")
    settle([Outcome(claimed, "done", text=text) for claimed in claim(2, worker="w", lease=30)])
    kept = reasons(table_name="personalized_lesson_descriptions")
    assert sorted(kept, key=str) == sorted([{"run": str(run.pk)} for run in runs], key=str)


def test_a_thread_speaks_for_itself(transactional_db: None) -> None:
    def work() -> None:
        make_course("of-the-thread")
        with because(run="r"):
            make_course("of-the-run")
        connection.close()

    with because(command="main"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        make_course("of-the-main")
    assert reasons(table_name="courses") == [None, {"run": "r"}, {"command": "main"}]


def test_from_outside_only_the_database_user_is_known(transactional_db: None) -> None:
    with because(command="before"):
        make_course()
    Course.objects.update(title="New")
    assert reasons(kind="update") == [None]
    assert Change.objects.get(kind="update").database_user == connection.settings_dict["USER"]
    assert Change.objects.get(kind="insert", table_name="courses").database_user is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        ("UPDATE courses SET title = '100 %' WHERE title LIKE '%и%'", None),
        ("UPDATE courses SET title = %s WHERE title LIKE '%%и%%'", ["100 %"]),
        ("UPDATE courses SET title = %(t)s", {"t": "100 %"}),
        (SQL("UPDATE {} SET title = '100 %'").format(Identifier("courses")), None),
        (SQL("UPDATE courses SET title = '100 %'"), None),
        ("  WITH x AS (SELECT 1) UPDATE courses SET title = '100 %'", None),
    ],
)
def test_every_kind_of_statement_carries_it(statement: Any, parameters: Any) -> None:
    make_course()
    with because(command="10 % “quoted” 'it'"), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount == 1
    assert Course.objects.get().title == "100 %"
    assert reasons(kind="update") == [{"command": "10 % “quoted” 'it'"}]


@pytest.mark.django_db
def test_what_a_statement_returns_is_its_own() -> None:
    with because(command="x"):
        course = make_course()
        assert course.pk is not None
        assert Course.objects.update(title="New") == 1
        lessons = Lesson.objects.bulk_create(
            [Lesson(course=course, lesson_number=number, title="T") for number in (1, 2)]
        )
    assert {lesson.pk for lesson in lessons} == set(Lesson.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_reading_costs_no_more_statements(django_assert_num_queries: Any) -> None:
    with because(command="x"), django_assert_num_queries(2):
        make_course()
        list(Course.objects.all())


@pytest.mark.django_db
def test_an_inner_reason_adds_to_the_outer_one() -> None:
    with because(user=1):
        with because(version=7):
            make_course("inner")
        make_course("outer")
    assert reasons(table_name="courses") == [{"user": 1, "version": 7}, {"user": 1}]
