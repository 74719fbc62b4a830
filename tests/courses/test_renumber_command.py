"""manage.py renumber_lessons as a person types it."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from courses.models import Course, Lesson
from tests.builders import make_course, make_lesson
from tests.store_builder import StoreBuilder, lesson_id


@pytest.fixture
def course(db: None) -> Course:
    course = make_course("neck")
    for number, title in ((1, "Начало"), (4, "Середина"), (7, "Конец")):
        make_lesson(course, number, title=title, id=lesson_id(number))
    return course


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command("renumber_lessons", "neck", *map(str, arguments), stdout=out)
    return out.getvalue()


def numbers() -> dict[str, int]:
    return dict(Lesson.objects.values_list("title", "lesson_number"))


def test_compact_shows_the_new_order_and_a_second_run_changes_nothing(course: Course) -> None:
    assert run("--compact").splitlines() == [
        "1 =    Начало",
        "4 → 2  Середина",
        "7 → 3  Конец",
        "",
        "neck: 2 of 3 lessons got another number; the order was verified.",
    ]
    assert numbers() == {"Начало": 1, "Середина": 2, "Конец": 3}
    assert "neck: nothing to change" in run("--compact")


def test_several_lessons_are_set_at_once(course: Course) -> None:
    run("--set", "Конец=1", "--set", f"{lesson_id(4)}=2")
    assert numbers() == {"Конец": 1, "Середина": 2, "Начало": 7}


def test_a_dry_run_changes_nothing(course: Course) -> None:
    assert "would get another number" in run("--set", "Конец=1", "--dry-run")
    assert numbers() == {"Начало": 1, "Середина": 4, "Конец": 7}


def test_the_store_says_the_order(course: Course, tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path / "store")
    folder = store.course("neck")
    folder.lesson(1, title="Другое имя", id=str(lesson_id(7)))
    folder.lesson(2, title="Начало", id=None)
    report = json.loads(run("--from-store", "--store", store.path, "--json"))
    assert (report["ok"], report["changed"], len(report["warnings"])) == (True, 2, 1)
    assert numbers() == {"Конец": 1, "Начало": 2, "Середина": 4}
    assert json.loads(run("--from-store", "--store", store.path, "--json"))["changed"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from-store"], "store: cannot be opened"),
        (["--set", "Конец=0"], "--set: Конец=0: the number must be"),
    ],
)
def test_what_is_refused_is_told_and_changes_nothing(
    course: Course, tmp_path: Path, arguments: list[str], said: str
) -> None:
    store = ["--store", tmp_path / "store"] if "--from-store" in arguments else []
    with pytest.raises(CommandError, match=said) as refused:
        run(*arguments, *store)
    assert refused.value.returncode == 1
    assert numbers() == {"Начало": 1, "Середина": 4, "Конец": 7}


def test_two_folders_of_one_number_and_one_id_are_refused(course: Course, tmp_path: Path) -> None:
    folder = StoreBuilder(tmp_path / "store").course("neck")
    folder.lesson(1)
    folder.lesson(1, folder="02", id=None)
    folder.lesson(3, id=str(lesson_id(1)))
    with pytest.raises(CommandError) as refused:
        run("--from-store", "--store", tmp_path / "store")
    assert len(str(refused.value).splitlines()) == 2


def test_an_unknown_course_lists_those_there_are(course: Course) -> None:
    with pytest.raises(CommandError, match="nope: is no course of the database, which has: neck"):
        call_command("renumber_lessons", "nope", "--compact")


def test_a_store_without_from_store_is_a_wrong_argument(course: Course) -> None:
    with pytest.raises(CommandError) as refused:
        run("--compact", "--store", "x")
    assert refused.value.returncode == 2
