"""Learners of a store into the database: what is written, and what is kept."""

import unicodedata
from pathlib import Path
from uuid import uuid4

import pytest

from courses.course_folder.report import Counts
from persona_site.store_import import import_store
from personalization.models import PersonalizedLessonDescription, Profile
from tests.builders import PERSONAL_TEXT, SURVEY, make_course, make_learner
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    return StoreBuilder(tmp_path / "store")


@pytest.fixture
def course(store: StoreBuilder) -> CourseBuilder:
    """Three lessons; the learner u-1 has a text for the first."""
    course = store.course().lessons(3)
    course.text("u-1", 1)
    store.profiles("u-1")
    return course


def test_the_adopted_learner_with_an_address_for_a_name_loses_it(store: StoreBuilder) -> None:
    make_learner("u-1", name="nina@example.com")
    make_learner("u-2", name="Ольга")
    address = {"name": "olga@example.com", **SURVEY}
    store.profiles(**{"u-1": {"name": "nina@example.com", **SURVEY}, "u-2": address})
    imported(store.path)
    assert dict(Profile.objects.values_list("user_identifier", "name")) == {"u-1": None, "u-2": "Ольга"}


def test_a_profile_that_says_less_takes_nothing_away(store: StoreBuilder) -> None:
    make_learner("u-1", course=make_course("massage"), survey={"fears": ["боль"]})
    store.profiles(**{"u-1": {}})
    assert imported(store.path).tables["profiles"] == Counts(unchanged=1)
    profile = Profile.objects.get()
    assert (profile.name, profile.course_id, profile.survey) == ("Нина", "massage", {"fears": ["боль"]})


def test_a_course_of_the_database_may_be_named_and_an_unknown_one_may_not(store: StoreBuilder) -> None:
    make_course("yoga")
    store.profiles(a={"course": "yoga"}, b={"course": f"x-{uuid4()}"})
    (problem,) = import_store(store.path).problems
    assert (problem.file, problem.place) == ("user_profiles.json", "/b/course")
    assert not Profile.objects.exists()


def test_personal_texts_say_where_they_are_from(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    text = PersonalizedLessonDescription.objects.get()
    assert text.content == PERSONAL_TEXT
    assert (text.origin, text.model, text.fingerprint, text.generated_at) == ("import", "", None, None)
    assert (text.profile.user_identifier, text.lesson_id) == ("u-1", lesson_id(1))


def test_decomposed_file_names_and_identifiers_are_one_with_composed_ones(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    store.profiles("u-1", "Ёлкин-й")
    course.text(unicodedata.normalize("NFD", "Ёлкин-й"), 2)
    imported(store.path)
    assert PersonalizedLessonDescription.objects.filter(profile__user_identifier="Ёлкин-й").count() == 1
    assert imported(store.path).changed == 0
