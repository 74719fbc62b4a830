"""The format that an editor chose for a course: everything that writes its texts keeps to it."""

import json

import jsonschema
import pytest
from django.db import connection
from pytest_django import Settings

from courses.formats.definition import Format
from courses.formats.personal import EXTENDED, PERSONAL
from courses.formats.shapes import PERSONAL_FORMATS, chosen_format, personal_format
from courses.models import Course, Lesson
from personalization.delivery import lesson_for
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationRun, PersonalizedLessonDescription, Profile
from personalization.pairs import Selection
from personalization.queries import preview
from personalization.services.drain import drain
from personalization.services.runs import start_run
from personalization.services.work import make_brief
from personalization.text_queries import lesson_texts
from personalization.writers.registry import current_recipe
from personalization.writers.simple import SECTIONS
from tests.builders import make_course, make_learner, make_lesson, make_text


def written_by(backend: str) -> list[dict[str, object]]:
    """What a run over everything leaves, text by text."""
    start_run(selection=Selection(), backend=backend)
    drain()
    assert not GenerationRun.objects.exclude(state="closed").exists()
    return [text.content for text in PersonalizedLessonDescription.objects.order_by("lesson__title")]


@pytest.mark.parametrize("fmt", PERSONAL_FORMATS)
def test_a_choice_names_its_format(fmt: Format) -> None:
    assert chosen_format(fmt.name) is fmt


@pytest.mark.parametrize("name", ["", "lesson", "seven", "PERSONAL"])
def test_what_names_no_format_means_the_usual_one(name: str) -> None:
    assert chosen_format(name) is PERSONAL


def test_the_courses_choices_are_the_formats_there_are() -> None:
    field = Course._meta.get_field("personal_format")
    assert [value for value, _ in field.choices or ()] == [fmt.name for fmt in PERSONAL_FORMATS]
    assert field.default == PERSONAL.name
    assert SECTIONS.keys() == {fmt.name for fmt in PERSONAL_FORMATS}


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_simple_writer_writes_each_course_in_its_format(language: str) -> None:
    for name in ("extended", "personal"):
        course = make_course(language=language, personal_format=name)
        make_lesson(course, title=name)
        make_learner(course=course)
    extended, personal = written_by("simple")
    assert EXTENDED.problems(extended) == PERSONAL.problems(personal) == []


@pytest.mark.usefixtures("transactional_db")
def test_the_model_is_asked_for_the_courses_format(fake_model: RunningFakeModel, settings: Settings) -> None:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    russian = make_course(personal_format="extended", language="ru")
    english = make_course(personal_format="extended", language="en", title="Sleep basics")
    make_lesson(russian, title="1")
    make_lesson(
        english,
        title="2",
        summary="What a night is good for.",
        transcript="Tonight we talk about why people sleep at all, and what happens when they do not. " * 5,
    )
    make_learner(course=russian)
    make_learner(course=english, name="Sam", survey={"motivation": "Wake up rested"})
    texts = written_by("openai")
    assert len(texts) == 2
    for text in texts:
        jsonschema.validate(text, EXTENDED.json_schema())
        assert EXTENDED.problems(text) == []
    sent = json.dumps(fake_model.prompts(), ensure_ascii=False)
    assert "why_it_matters_for_you (text)" in sent
    assert "key_takeaways (list of texts)" in sent
    assert "quick_action" not in sent


# --- the choice changes ---


@pytest.fixture
def written(db: None) -> Profile:
    """A learner with a text that its writer would leave unchanged today."""
    lesson = make_lesson(make_course("neck"))
    profile = Profile.objects.get(pk=make_learner("u-1", course=lesson.course).pk)
    brief = make_brief(profile, Lesson.objects.select_related("course").get())
    make_text(profile, lesson, origin="simple", fingerprint=brief.fingerprint(current_recipe("simple")))
    return profile


def stale(learner: Profile) -> bool:
    [line] = lesson_texts(learner.pk)
    return line.stale


def test_another_choice_makes_texts_stale_and_the_old_one_fresh_again(written: Profile) -> None:
    assert not stale(written)
    Course.objects.update(personal_format="extended")
    assert stale(written)
    assert preview(Selection(only_stale=True), "simple").by_verdict == {"write": 1}
    assert not GenerationRun.objects.exists()
    Course.objects.update(personal_format="personal")
    assert not stale(written)
    assert preview(Selection(), "simple").by_verdict == {"unchanged": 1}


def test_a_choice_of_another_course_changes_nothing(written: Profile) -> None:
    make_course("other", personal_format="extended")
    assert not stale(written)


def test_a_choice_that_nobody_knows_writes_the_usual_format(written: Profile) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE courses SET personal_format = 'seven'")
    assert not stale(written)
    lesson = Lesson.objects.select_related("course").get()
    assert make_brief(written, lesson).format is PERSONAL


def test_a_text_in_the_other_format_keeps_its_own_headings(written: Profile) -> None:
    Course.objects.update(personal_format="extended")
    shown = lesson_for("u-1", 1)
    assert shown
    assert "<h3>Задание на 20 минут</h3>" in shown.html
    assert "<h3>Ваше домашнее задание</h3>" not in shown.html
    assert personal_format(PersonalizedLessonDescription.objects.get().content) is PERSONAL
