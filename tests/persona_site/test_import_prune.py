"""import_lessons --prune: what is deleted, what never is, and that nothing goes unlisted."""

import json
import shutil
import sys
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from courses.models import Course, Lesson, LessonAsset, LessonDescription
from courses.services.course_import import CourseChanged
from persona_site.import_options import ImportOptions
from persona_site.store_import import import_store
from personalization.models import PersonalizedLessonDescription, Profile
from tests.builders import make_course, make_feedback, make_learner, make_lesson, make_quiz, make_text
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id

pytestmark = pytest.mark.django_db

ASSET = {"type": "page", "path": "https://example.com/"}
WOULD = (
    "massage: lesson_assets 1, lesson_descriptions 1, lessons 1, personalized_lesson_descriptions 1 "
    "(lessons: 3; texts by origin: import 1)"
)


@pytest.fixture
def shrunk(course: CourseBuilder, store: StoreBuilder) -> StoreBuilder:
    """Imported with three lessons; then the store loses lesson 3, which had everything."""
    course.lesson(3, files=[ASSET])
    course.template(3)
    course.text("u-2", 3)
    imported(store.path)
    shutil.rmtree(course.path / "lessons" / "03")
    for path in [
        *course.path.glob(f"*{lesson_id(3)}*"),
        *course.path.glob(f"personalize/*/*{lesson_id(3)}*"),
    ]:
        path.unlink()
    return store


def prune(store: StoreBuilder, *arguments: str, **options: Any) -> str:
    output = StringIO()
    call_command(
        "import_lessons", "--store", str(store.path), "--prune", *arguments, stdout=output, **options
    )
    return output.getvalue()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(f"{text}\n"))


def numbers() -> list[int]:
    return [*Lesson.objects.order_by("lesson_number").values_list("lesson_number", flat=True)]


def test_what_the_store_does_not_hold_is_deleted_and_counted(shrunk: StoreBuilder) -> None:
    report = json.loads(prune(shrunk, "--yes", "--json", stderr=StringIO()))
    assert {table: counts["deleted"] for table, counts in report["tables"].items()} == {
        "courses": 0,
        "lessons": 1,
        "lesson_descriptions": 1,
        "lesson_assets": 1,
        "profiles": 0,
        "personalized_lesson_descriptions": 1,
    }
    assert report["leaving"] == [WOULD]
    assert report["warnings"] == []
    assert numbers() == [1, 2]
    assert [*PersonalizedLessonDescription.objects.values_list("lesson", flat=True)] == [lesson_id(1)]
    assert Profile.objects.count() == 2
    assert prune(shrunk, "--yes").count("deleted") == 0


def test_feedback_and_quiz_results_are_listed_too(shrunk: StoreBuilder) -> None:
    lesson, learner = Lesson.objects.get(lesson_number=3), Profile.objects.all()[0]
    make_feedback(learner, lesson)
    make_quiz(learner, lesson)
    make_quiz(learner, lesson)
    listed = WOULD.replace(" (lessons", ", lesson_feedback 1, quiz_results 2 (lessons")
    assert listed in prune(shrunk, "--dry-run")
    tables = json.loads(prune(shrunk, "--yes", "--json", stderr=StringIO()))["tables"]
    assert (tables["lesson_feedback"]["deleted"], tables["quiz_results"]["deleted"]) == (1, 2)


def test_a_dry_run_shows_the_same_counts_and_deletes_nothing(shrunk: StoreBuilder) -> None:
    planned = json.loads(prune(shrunk, "--dry-run", "--json"))
    assert numbers() == [1, 2, 3]
    assert f"would delete: {WOULD}" in prune(shrunk, "--dry-run")
    done = json.loads(prune(shrunk, "--yes", "--json", stderr=StringIO()))
    assert planned["tables"] == done["tables"]


def test_the_list_comes_before_the_question_and_yes_deletes(
    shrunk: StoreBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "yes")
    said = StringIO()
    assert f"deleted: {WOULD}" in prune(shrunk, stderr=said)
    assert said.getvalue() == f"would delete: {WOULD}\nDelete this? Type yes: "
    assert numbers() == [1, 2]


def test_the_question_is_no_part_of_the_report(
    shrunk: StoreBuilder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "yes")
    assert json.loads(prune(shrunk, "--json", stderr=StringIO()))["ok"]
    assert capsys.readouterr().out == ""


def test_the_end_of_the_input_is_a_no(shrunk: StoreBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())  # Ctrl-D
    with pytest.raises(CommandError, match="the deletion was not agreed to"):
        prune(shrunk, stderr=StringIO())
    assert numbers() == [1, 2, 3]


@pytest.mark.parametrize("text", ["", "no", "y", "yes please"])
def test_anything_else_deletes_and_imports_nothing(
    shrunk: StoreBuilder, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    shrunk.course(name="Новое имя")
    answer(monkeypatch, text)
    with pytest.raises(CommandError, match="nothing was deleted, and nothing imported"):
        prune(shrunk, stderr=StringIO())
    assert numbers() == [1, 2, 3]
    assert Course.objects.get().title == "Массаж шеи"


def test_without_a_terminal_it_is_refused_before_anything_is_read(
    store: StoreBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())
    with pytest.raises(CommandError, match=r"no terminal to ask at.*--yes") as error:
        prune(store)
    assert error.value.returncode == 2


def test_nothing_to_delete_asks_nothing(
    course: CourseBuilder, store: StoreBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "")
    assert "deleted" not in prune(store)


def test_a_description_and_an_asset_that_the_store_lost(course: CourseBuilder, store: StoreBuilder) -> None:
    course.lesson(2, files=[ASSET, {**ASSET, "type": "book"}])
    imported(store.path)
    course.lesson(2, files=[ASSET])
    next(course.path.glob("*-final.json")).unlink()
    assert "massage: lesson_assets 1, lesson_descriptions 1\n" in prune(store, "--yes", stderr=StringIO())
    assert [*LessonAsset.objects.values_list("asset_type", flat=True)] == ["page"]
    assert not LessonDescription.objects.exists()
    assert numbers() == [1, 2, 3]


def test_the_number_of_a_deleted_lesson_is_free(shrunk: StoreBuilder) -> None:
    CourseBuilder(shrunk.path / "massage", {"name": "x"}).lesson(3, id=str(lesson_id(33)))
    with pytest.raises(CommandError, match="3 is the number of another lesson"):
        call_command("import_lessons", store=shrunk.path)
    prune(shrunk, "--yes", stderr=StringIO())
    assert Lesson.objects.get(lesson_number=3).pk == lesson_id(33)


def test_a_text_that_an_editor_changed_holds_its_lesson(shrunk: StoreBuilder) -> None:
    PersonalizedLessonDescription.objects.filter(lesson=lesson_id(3)).update(
        edited_at=timezone.now(), edited_by=User.objects.create_user("editor")
    )
    with pytest.raises(
        CommandError,
        match=r"massage: lesson 3 is not in the store.*an editor changed personal texts of it \(1\)",
    ):
        prune(shrunk, "--yes")
    assert numbers() == [1, 2, 3]


def test_a_folder_without_a_lesson_may_be_the_lesson_that_would_be_deleted(
    shrunk: StoreBuilder, course: CourseBuilder
) -> None:
    course.file("lessons/03/notes.txt")
    refused = r"massage/lessons/03: has no lesson\.json, and --prune would delete"
    with pytest.raises(CommandError, match=refused):
        prune(shrunk, "--yes")
    assert Lesson.objects.filter(pk=lesson_id(3)).exists()
    shutil.rmtree(course.path / "lessons" / "03")
    prune(shrunk, "--yes")
    assert not Lesson.objects.filter(pk=lesson_id(3)).exists()


def test_other_courses_learners_and_texts_of_lessons_that_stay_are_left_alone(shrunk: StoreBuilder) -> None:
    make_text(make_learner("guest"), make_lesson(make_course("yoga")), origin="openai")
    make_text(make_learner("other"), Lesson.objects.get(pk=lesson_id(1)), origin="import")
    prune(shrunk, "--yes", stderr=StringIO())
    assert Course.objects.count() == 2
    assert {*Profile.objects.values_list("user_identifier", flat=True)} == {"u-1", "u-2", "guest", "other"}
    assert PersonalizedLessonDescription.objects.count() == 3


def test_a_text_that_comes_after_the_list_stops_the_deletion(shrunk: StoreBuilder) -> None:
    def late(_: object) -> bool:
        make_text(make_learner("late"), Lesson.objects.get(pk=lesson_id(3)), origin="openai")
        return True

    with pytest.raises(CourseChanged, match="massage"):
        import_store(shrunk.path, options=ImportOptions(prune=late))
    assert numbers() == [1, 2, 3]
    assert PersonalizedLessonDescription.objects.count() == 3
