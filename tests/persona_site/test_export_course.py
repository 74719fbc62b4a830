"""manage.py export_course: what comes back is what was there."""

import json
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from courses.models import Course, Lesson, LessonAsset, LessonDescription
from personalization.models import PersonalizedLessonDescription, Profile
from tests.builders import make_asset, make_course, make_description, make_learner, make_lesson, make_text
from tests.conftest import ROOT
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id, write

pytestmark = pytest.mark.django_db

TABLES: dict[Any, tuple[str, ...]] = {
    Course: ("slug", "title", "description", "language", "personal_format", "lesson_source", "content"),
    Lesson: (
        "pk",
        "course__slug",
        "lesson_number",
        "title",
        "summary",
        "content",
        "transcript",
        "source_hash",
    ),
    LessonDescription: ("lesson_id", "data"),
    LessonAsset: ("lesson_id", "asset_type", "url", "metadata"),
    Profile: ("user_identifier", "name", "course_id", "survey"),
    PersonalizedLessonDescription: ("profile__user_identifier", "lesson_id", "content"),
}


def rows() -> dict[str, list[str]]:
    """All six tables by natural keys; true and 1 are different, the order of rows is not."""
    return {
        model.__name__: sorted(
            json.dumps(row, sort_keys=True, default=str)
            for row in model._default_manager.values_list(*columns)
        )
        for model, columns in TABLES.items()
    }


def exported(target: Path, *options: str, course: str = "massage") -> str:
    out = StringIO()
    call_command("export_course", course, str(target), *options, stdout=out)
    return out.getvalue()


def files(target: Path) -> dict[str, bytes]:
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def assert_round_trip(target: Path, course: str = "massage") -> None:
    """Export, import over it, import into an emptied database: the same rows."""
    before = rows()
    exported(target, "--with-learners", course=course)
    assert imported(target).changed == 0
    assert rows() == before
    Course.objects.all().delete()
    Profile.objects.all().delete()
    imported(target)
    assert rows() == before
    assert imported(target).changed == 0


def refusal(target: Path, *options: str) -> list[str]:
    """The lines of the refusal; the folder is as it was, with nothing beside it."""
    before = files(target.parent)
    with pytest.raises(CommandError) as refused:
        exported(target, *options)
    assert files(target.parent) == before
    return str(refused.value).splitlines()


# --- round trips ---


@pytest.mark.parametrize("slug", ["shvz", "sleep-basics"])
def test_a_sample_course_comes_back(slug: str, tmp_path: Path) -> None:
    imported(ROOT / "store", slug)
    Profile.objects.exclude(course__slug=slug).delete()
    assert_round_trip(tmp_path / "out", slug)


def test_what_editors_changed_comes_back(store: StoreBuilder, course: CourseBuilder, tmp_path: Path) -> None:
    write(course.path / "course.json", {"title": "Курс", "lessons": [1, 2, 3], "colour": 1, "lesson_ids": {}})
    course.lesson(2, id=None, description="Старое", summary="О чём", files=[{"type": "a", "path": "a.png"}])
    imported(store.path)
    Course.objects.update(title="Новый", description="О курсе", language="en", personal_format="extended")
    Lesson.objects.filter(lesson_number=2).update(
        title="Другой", summary=None, lesson_number=7, transcript="Т"
    )
    LessonAsset.objects.update(asset_type="b")
    LessonDescription.objects.filter(lesson__lesson_number=7).update(
        data={"z": "1", "a": "2", "_order": ["z", "a"]}
    )
    make_lesson(Course.objects.get(), 4, transcript="")
    assert_round_trip(tmp_path / "out")


def test_rows_that_no_store_made_come_back(tmp_path: Path) -> None:
    course = make_course("massage", content=None)
    lesson = make_lesson(course, 1, content=["a", {"b": None}])
    make_lesson(course, 2, content={"_stored": 1, "title": True})
    make_lesson(course, 3, content={"title": "Урок 3", "number": 3.0, "files": "none", "description": [1]})
    make_description(lesson)
    make_asset(lesson, metadata={"n": 1})
    make_text(make_learner("u 1", course, name=None), lesson)
    assert_round_trip(tmp_path / "out")


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Co", "Zl", "Zp"]), min_size=1, max_size=8)
keys = st.sampled_from(
    ["number", "title", "id", "files", "description", "summary", "lessons", "x", "_stored"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=4,
)
contents = st.none() | st.dictionaries(keys, values, max_size=5) | st.lists(values, max_size=2)


class AnyCourse(TestCase):
    @settings(deadline=None, max_examples=12)
    @given(st.dictionaries(st.integers(1, 30), contents, max_size=3), contents, st.booleans())
    def test_a_generated_course_comes_back(self, lessons: dict[int, Any], content: Any, ids: bool) -> None:
        course = make_course("massage", content=content)
        for number, kept in lessons.items():
            make_lesson(course, number, content=kept, **({"id": lesson_id(number)} if ids else {}))
        before = rows()
        with TemporaryDirectory() as folder:
            assert_round_trip(Path(folder) / "out")
        assert rows() == before


def test_the_same_database_gives_the_same_bytes(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    exported(tmp_path / "a", "--with-learners")
    imported(tmp_path / "a")
    assert "0 of them changed" in exported(tmp_path / "a", "--with-learners")
    exported(tmp_path / "b", "--with-learners")
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert sorted(files(tmp_path / "b"))[:5] == [
        ".persona-export.json",
        f"massage/1-{lesson_id(1)}-final.json",
        f"massage/1-{lesson_id(1)}.txt",
        f"massage/2-{lesson_id(2)}.txt",
        f"massage/3-{lesson_id(3)}.txt",
    ]
    assert not [path for path in tmp_path.iterdir() if path.name not in ("a", "b", "store")]


def test_texts_are_read_without_a_join(course: CourseBuilder, store: StoreBuilder, tmp_path: Path) -> None:
    imported(store.path)
    with CaptureQueriesContext(connection) as queries:
        exported(tmp_path / "out", "--with-learners")
    (statement,) = (
        query["sql"] for query in queries if '"personalized_lesson_descriptions"."content"' in query["sql"]
    )
    assert "JOIN" not in statement
    assert "ORDER BY" not in statement


def test_learners_stay_at_home_unless_asked_for(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    assert "were left out" in exported(tmp_path / "out")
    assert "Нина".encode() not in b"".join(files(tmp_path / "out").values())
    assert not [path for path in files(tmp_path / "out") if "u-1" in path or "profiles" in path]


# --- what a store cannot hold ---


def test_every_unsafe_identifier_is_told_and_no_address_shown(
    course: CourseBuilder, store: StoreBuilder, tmp_path: Path
) -> None:
    imported(store.path)
    mine = Course.objects.get()
    for identifier in ("../up", ".hidden", "a/b", "я" * 150, "U-1", " blank", "a@b.example/x"):
        make_learner(identifier, mine)
    make_learner("taken", mine, survey={"name": "Нина", "user_id": "1"})
    lines = refusal(tmp_path / "out", "--with-learners")
    assert len(lines) == 8
    assert "a@b.example" not in "".join(lines)


def test_numbers_that_no_store_has_are_told(tmp_path: Path) -> None:
    course = make_course("massage")
    for number in (-1, 0, 1):
        make_lesson(course, number)
    lines = refusal(tmp_path / "out")
    assert len(lines) == 2
    assert "renumber_lessons massage --compact" in lines[0]


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Lesson, {"title": "Две\nстроки"}),
        (LessonAsset, {"url": "../../etc/passwd"}),
        (LessonAsset, {"metadata": {"type": "x"}}),
        (LessonDescription, {"data": [1]}),
        (Course, {"slug": "Massage"}),
    ],
)
def test_what_would_be_lost_is_refused(model: Any, values: dict[str, Any], tmp_path: Path) -> None:
    lesson = make_lesson(make_course("massage"), 1)
    make_description(lesson)
    make_asset(lesson)
    model.objects.update(**values)
    with pytest.raises(CommandError):
        exported(tmp_path / "out", course=Course.objects.get().slug)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("values", "title", "transcript"),
    [
        ({"title": " Шея и\u0306 "}, "Шея й", "Раз."),
        ({"transcript": "\ufeffРаз.\r\nДва."}, "Шея", "Раз.\nДва."),
        ({"transcript": " \n"}, "Шея", ""),
    ],
)
def test_blanks_and_line_ends_that_only_adopted_lessons_have_are_no_reason_to_refuse(
    values: dict[str, Any], title: str, transcript: str, tmp_path: Path
) -> None:
    make_lesson(make_course("massage"), 1, **{"title": "Шея", "transcript": "Раз."} | values)
    assert "1 rows are of an older shape" in exported(tmp_path / "out")
    Course.objects.all().delete()
    imported(tmp_path / "out")
    assert (*Lesson.objects.values_list("title", "transcript"),) == ((title, transcript),)


def test_an_older_shape_is_exported_in_todays_with_a_warning(tmp_path: Path) -> None:
    lesson = make_lesson(make_course("massage"), 1, summary="")
    make_description(lesson, {"template": {"👋 Введение": "Привет"}})
    make_text(make_learner(survey=None, name="a@b.example"), lesson, origin="editor")
    said = exported(tmp_path / "out", "--with-learners")
    assert "3 rows are of an older shape" in said
    assert "1 personal texts lose who wrote them" in said
    assert "a@b.example" not in said + (tmp_path / "out" / "user_profiles.json").read_text()
