"""A site that has the six tables adopts the project with `migrate --fake-initial`, and nothing is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from courses.models import Course, DatabaseTimestamps, Lesson, LessonAsset, LessonDescription
from personalization.models import PersonalizedLessonDescription, Profile
from tests.courses.adoption import ROWS_SQL, TABLES_SQL, TRIGGERS_SQL, Adopted, adoption, asset
from tests.courses.catalog import TABLES
from tests.processes import manage
from tests.scratch_database import scratch_database

MODELS: list[type[DatabaseTimestamps]] = [
    Course,
    Lesson,
    LessonDescription,
    LessonAsset,
    Profile,
    PersonalizedLessonDescription,
]


@pytest.fixture(scope="module")
def older_site() -> Iterator[Adopted]:
    """created_at may be empty, and is in rows from before the triggers; profiles have an index already."""
    undated = "; ".join(
        f"UPDATE {table} SET created_at = NULL WHERE right(id::text, 1) IN ('2', '3', '4')"
        for table in TABLES
    )
    index = "CREATE INDEX ON profiles (course_slug)"
    tables = TABLES_SQL.replace("timestamptz NOT NULL", "timestamptz")
    # An asset without a date is from before the triggers, and so the older one.
    dropped = (asset(1), asset(4))
    with adoption(tables, ROWS_SQL, undated, TRIGGERS_SQL, index, dropped=dropped) as adopted:
        yield adopted


def test_every_original_value_is_as_it_was(site: Adopted) -> None:
    assert site.after == site.before
    assert {table: count for table, (count, _) in site.after.items()} == {
        "courses": 2,
        "lessons": 4,
        "lesson_descriptions": 3,
        "lesson_assets": 4,
        "profiles": 4,
        "personalized_lesson_descriptions": 3,
    }


def test_the_initial_migrations_were_faked(site: Adopted) -> None:
    for app in ("courses", "personalization"):
        assert f"Applying {app}.0001_initial... FAKED" in site.output
    assert "Applying courses.0002_product... OK" in site.output


def test_courses_get_the_language_of_their_title(site: Adopted) -> None:
    with site.database.connect() as session:
        languages = session.execute("SELECT slug, language FROM courses ORDER BY slug").fetchall()
    assert languages == [("shvz", "ru"), ("sleep", "en")]


def test_a_site_with_undated_rows_loses_nothing_either(older_site: Adopted) -> None:
    assert older_site.after == older_site.before
    with older_site.database.connect() as session:
        undated = session.execute("SELECT count(*) FROM courses WHERE created_at IS NULL").fetchone()
    assert undated == (1,)


def test_migrating_again_does_nothing(site: Adopted) -> None:
    again = manage("migrate", "--fake-initial", env=site.database.environment)
    assert again.returncode == 0
    assert "No migrations to apply." in again.stdout


def test_assets_that_differ_in_metadata_are_for_a_person_to_decide() -> None:
    differ = f"UPDATE lesson_assets SET metadata = '{{\"minutes\": 13}}' WHERE id = '{asset(2)}'"
    with scratch_database() as database:
        for statements in (TABLES_SQL, TRIGGERS_SQL, ROWS_SQL, differ):
            database.execute(statements)
        migrated = manage("migrate", "--fake-initial", env=database.environment)
        with database.connect() as session:
            count = session.execute("SELECT count(*) FROM lesson_assets").fetchone()
    assert migrated.returncode == 1
    assert "Traceback" not in migrated.stderr
    assert f"{asset(1)}, {asset(2)}" in migrated.stderr
    assert asset(3) not in migrated.stderr
    assert count == (6,)


# --- the models fit ---


@pytest.mark.parametrize("model", MODELS)
def test_every_model_reads_all_rows(model: type[DatabaseTimestamps], alias: str, site: Adopted) -> None:
    read = list(model._default_manager.using(alias).all())
    assert len(read) == site.after[model._meta.db_table][0]
    assert {row.created_at.year for row in read} == {2023}
    assert all(str(row) for row in read)


def test_relations_are_read(alias: str) -> None:
    course = Course.objects.using(alias).get(slug="shvz")
    assert [lesson.lesson_number for lesson in course.lessons.all()] == [1, 2, 10]
    lesson = course.lessons.get(lesson_number=1)
    assert lesson.description.data["👋 Введение"] == "Начнём."
    assert lesson.assets.count() == 3
    nina = Profile.objects.using(alias).get(user_identifier="u-1001")
    assert nina.course == course
    assert nina.texts.count() == 2
    assert nina.survey is not None
    assert nina.survey["unknown"] == {"deep": [1, 2.5]}


def test_a_learner_of_an_unknown_course_keeps_its_name(alias: str) -> None:
    learner = Profile.objects.using(alias).get(user_identifier="юзер-3")
    assert learner.course_id == "gone"
    assert list(Profile.objects.using(alias).filter(course__isnull=False, course__title=None)) == []
    learner.name = "Юра"
    learner.save(update_fields=["name"])
    learner.refresh_from_db()
    assert (learner.name, learner.course_id) == ("Юра", "gone")


def test_every_model_writes(alias: str) -> None:
    course = Course.objects.using(alias).create(slug="new", title="Новый")
    lesson = Lesson.objects.using(alias).create(
        course=course, lesson_number=1, title="Урок", transcript="речь"
    )
    description = LessonDescription.objects.using(alias).create(lesson=lesson, data={"homework": "Дома."})
    asset = LessonAsset.objects.using(alias).create(lesson=lesson, asset_type="video", url="v.mp4")
    learner = Profile.objects.using(alias).create(user_identifier="new", course=course, survey={"a": 1})
    text = PersonalizedLessonDescription.objects.using(alias).create(
        profile=learner, lesson=lesson, content={"why_watch": "Потому."}, origin="simple"
    )
    for row in (course, lesson, description, asset, learner, text):
        row.refresh_from_db()
        assert isinstance(row.pk, UUID)
        assert datetime.now(UTC) - row.created_at < timedelta(minutes=5)
    assert len(lesson.source_hash) == len(learner.answers_hash) == 32
    assert (text.flags, text.model, text.origin) == ([], "", "simple")


@pytest.mark.parametrize("model", MODELS)
def test_every_model_updates_and_deletes(model: type[DatabaseTimestamps], alias: str) -> None:
    field = {
        Course: "title",
        Lesson: "title",
        LessonDescription: "data",
        LessonAsset: "url",
        Profile: "name",
        PersonalizedLessonDescription: "content",
    }[model]
    row = model._default_manager.using(alias).first()
    assert row is not None
    setattr(row, field, "changed")
    row.save(update_fields=[field])
    row.refresh_from_db()
    assert getattr(row, field) == "changed"
    row.delete()
    assert not model._default_manager.using(alias).filter(pk=row.pk).exists()
