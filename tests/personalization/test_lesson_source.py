"""What of a lesson its texts are written from: its transcript, or its standard description; a course says."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from courses.formats.lesson import LESSON
from courses.models import Course, Lesson
from courses.rendering import plain_text
from personalization.course_status.figures import learner_figures
from personalization.models import PersonalizedLessonDescription as Text
from personalization.pairs import Selection
from personalization.prompts import messages
from personalization.queries import preview, progress
from personalization.services.drain import drain
from personalization.services.runs import start_run
from personalization.services.work import make_brief
from tests.admin_forms import errors_of, send
from tests.builders import (
    DESCRIPTION,
    make_condensed,
    make_course,
    make_description,
    make_learner,
    make_lesson,
    make_superuser,
    make_text,
)
from tests.store_builder import CourseBuilder, StoreBuilder, imported, write

pytestmark = pytest.mark.django_db

SAID = "Это сказано только в расшифровке. " * 20


@pytest.fixture
def course() -> Course:
    return make_course(lesson_source="template")


@pytest.fixture
def lesson(course: Course) -> Lesson:
    lesson = make_lesson(course, transcript=SAID)
    make_description(lesson)
    return lesson


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


def asked_for(lesson: Lesson) -> str:
    """The message that all learners of the lesson share."""
    return messages(make_brief(make_learner(course=lesson.course), lesson))[0]["content"]


def test_the_prompt_has_the_description_and_not_the_transcript(lesson: Lesson) -> None:
    said = asked_for(lesson)
    assert plain_text(DESCRIPTION, LESSON, "ru") in said
    assert "Ключевые моменты:\n- Тёплые руки\n- Мягкий нажим" in said
    assert "Важно:\n- Не трогайте шею спереди" in said
    assert "расшифровке" not in said
    Course.objects.update(lesson_source="transcript")
    said = asked_for(Lesson.objects.select_related("course").get())
    assert SAID in said
    assert "Мягкий нажим" not in said


def test_what_no_format_knows_of_a_description_is_said_too() -> None:
    document = {
        "introduction": "О чём",
        "notes": {"first_aid": ["Лёд", {"dose": "2 минуты"}]},
        "empty": [" "],
    }
    assert plain_text(document, LESSON, "en") == (
        "Introduction:\nО чём\n\nNotes:\nFirst aid:\n- Лёд\nDose:\n2 минуты"
    )


def test_a_lesson_without_the_chosen_source_is_skipped_with_the_reason(
    course: Course, lesson: Lesson
) -> None:
    make_lesson(course, 2, transcript=SAID)
    make_description(make_lesson(course, 3, transcript=SAID), {"introduction": "Мало."})
    make_learner(course=course)
    assert preview(Selection(), "simple").by_verdict == {"write": 1, "no_template": 2}
    assert learner_figures(course.pk)[1].missing == 1, "the other two cannot be written"


@pytest.mark.usefixtures("transactional_db")
def test_a_run_says_which_source_a_lesson_lacks(course: Course) -> None:
    make_lesson(course, transcript=SAID)
    make_learner(course=course)
    started = start_run(selection=Selection(), backend="simple")
    drain()
    [kind] = progress(started.run.pk).errors
    assert (kind.state, kind.code) == ("skipped", "no_template")
    assert "standard description" in kind.message


def test_an_adopted_description_that_is_no_document_breaks_no_batch(course: Course) -> None:
    lesson = make_lesson(course)
    make_description(lesson, ["a list", "of texts " * 40])  # type: ignore[arg-type]
    assert "of texts" in asked_for(lesson)


# --- the course's form ---


def test_the_source_is_chosen_on_the_courses_page(admin: Client, course: Course) -> None:
    page = reverse("admin:courses_course_change", args=[course.pk])
    field = admin.get(page).context["adminform"].form.fields["lesson_source"]
    assert [(value, str(label)) for value, label in field.choices] == [
        ("transcript", "transcripts"),
        ("template", "standard descriptions"),
    ]
    send(admin, page, lesson_source="transcript")
    course.refresh_from_db()
    assert course.lesson_source == "transcript"
    assert "marked as stale" in admin.get(reverse("admin:courses_course_changelist")).content.decode()


def test_an_unknown_source_is_refused(admin: Client, course: Course) -> None:
    page = reverse("admin:courses_course_change", args=[course.pk])
    assert list(errors_of(send(admin, page, lesson_source="video"))) == ["lesson_source"]


# --- the store ---


def test_the_source_is_the_stores_where_it_says_one(tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path)
    built: CourseBuilder = store.course().lessons(1)

    def kept(**said: str) -> str:
        write(built.path / "course.json", {"name": "Курс", **said})
        imported(store.path)
        return Course.objects.get().lesson_source

    assert kept() == "transcript"
    assert kept(lesson_source="template") == "template"
    assert kept() == "template"
    Course.objects.update(lesson_source="transcript")
    assert kept() == "transcript"


# --- what a text says of it ---


def shown(admin: Client, text: Text) -> str:
    page = reverse("admin:personalization_personalizedlessondescription_change", args=[text.pk])
    response: Any = admin.get(page)
    return " ".join(response.content.decode().split())


def test_a_texts_page_says_that_it_was_written_from_a_condensed_transcript(
    admin: Client, settings: Settings
) -> None:
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 8k, 1k out"
    lesson = make_lesson(transcript=SAID * 30)
    make_condensed(lesson, "Сжато: <b>две</b> минуты.")
    learner = make_learner(course=lesson.course)
    text = make_text(learner, lesson, origin="openai", model="gpt-4.1-mini", written_from="condensed")
    page = shown(admin, text)
    assert "<dt>Written from</dt><dd>condensed transcript</dd>" in page
    assert "Сжато: &lt;b&gt;две&lt;/b&gt; минуты." in page


def test_other_texts_say_what_they_were_written_from_or_nothing(admin: Client) -> None:
    lesson = make_lesson()
    make_condensed(lesson, "Сжато.")
    text = make_text(make_learner(course=lesson.course), lesson, origin="openai", written_from="template")
    assert "<dt>Written from</dt><dd>standard description</dd>" in shown(admin, text)
    assert "Сжато." not in shown(admin, text)
    Text.objects.update(written_from="")
    assert "Written from" not in shown(admin, text)


# --- before a run ---


def test_a_dry_run_says_which_lessons_are_condensed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.OPENAI_API_KEY = "test"
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 8k, 1k out"
    make_learner(course=make_lesson(transcript=SAID * 30).course)
    call_command("personalize", "--dry-run")
    assert "too long for the model, and condensed first: 1" in capsys.readouterr().out
    call_command("personalize", "--dry-run", "--backend", "simple")
    assert "condensed" not in capsys.readouterr().out


def test_the_page_before_a_run_says_so_too(admin: Client, settings: Settings) -> None:
    settings.OPENAI_API_KEY = "test"
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 8k, 1k out"
    learner = make_learner(course=make_lesson(transcript=SAID * 30).course)
    answer: Any = admin.post(
        reverse("admin:personalization_profile_changelist"),
        {"action": "regenerate", "_selected_action": [learner.pk], "backend": "openai"},
    )
    assert "1 of the lessons is too long for the model" in " ".join(answer.content.decode().split())
