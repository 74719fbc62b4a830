"""Standard descriptions are of transcripts, condensed where too long, whatever texts are written from."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from courses.models import LessonDescription
from personalization.fake_model import RunningFakeModel
from personalization.models import CondensedSource, PersonalizedLessonDescription
from personalization.queries import progress
from personalization.template_queries import preview_templates
from tests.builders import make_course, make_description, make_learner, make_lesson, make_superuser
from tests.personalization.long_lessons import LONG, finished, parts_asked, run, small_model
from tests.personalization.templates import SAID, ended, start
from tests.store_builder import StoreBuilder, imported

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    return small_model(fake_model, settings)


def test_a_transcript_that_is_too_long_is_condensed_once_for_description_and_texts(
    model: RunningFakeModel,
) -> None:
    lesson = make_lesson(make_course(), transcript=LONG)
    plan = preview_templates([lesson.pk])
    assert (plan.to_write, plan.condensed) == (1, 1)
    described = start()
    finished(described.pk)
    assert ended(described) == [(1, "done", "")]
    asked = parts_asked(model)
    assert len(asked) == len(set(asked)) > 1
    assert progress(described.pk).calls == len(asked) + 1
    prompt = model.prompts()[-1]
    assert str(CondensedSource.objects.get().text) in str(prompt["messages"][0]["content"])  # type: ignore[index]
    plan = preview_templates([lesson.pk])
    assert (plan.by_verdict, plan.condensed) == ({"unchanged": 1}, 0)
    make_learner(course=lesson.course)
    assert run().counts == {"done": 1}
    assert parts_asked(model) == asked


def test_its_file_is_written_without_asking_again(model: RunningFakeModel, tmp_path: Path) -> None:
    folder = StoreBuilder(tmp_path).course()
    folder.lesson(1)
    folder.transcript(1, LONG)
    imported(tmp_path)
    described = start(tmp_path)
    finished(described.pk)
    assert ended(described) == [(1, "done", "")]
    assert progress(described.pk).calls == len(parts_asked(model)) + 1
    assert "introduction" in next(folder.path.rglob("*-final.json")).read_text(encoding="utf-8")


def test_where_texts_are_written_from_descriptions_these_are_of_the_transcript(
    model: RunningFakeModel,
) -> None:
    lesson = make_lesson(make_course(lesson_source="template"), transcript=SAID)
    make_description(lesson)
    make_learner(course=lesson.course)
    described = start()
    finished(described.pk)
    assert ended(described) == [(1, "done", "")]
    assert SAID.strip() in str(model.prompts()[-1])
    assert run().counts == {"done": 1}
    assert SAID.strip() not in str(model.prompts()[-1])
    assert LessonDescription.objects.get().data["introduction"] in str(model.prompts()[-1])
    assert PersonalizedLessonDescription.objects.get().written_from == "template"


@pytest.mark.parametrize(
    ("transcript", "mark", "words"),
    [(LONG, "condensed", "from the condensed transcript"), (SAID, "transcript", "from the transcript")],
)
def test_a_lessons_page_says_whether_its_description_is_of_the_whole_transcript(
    model: RunningFakeModel, client: Client, transcript: str, mark: str, words: str
) -> None:
    lesson = make_lesson(make_course(), transcript=transcript)
    finished(start().pk)
    assert LessonDescription.objects.get().written_from == mark
    client.force_login(make_superuser())
    assert words in client.get(reverse("admin:courses_lesson_change", args=[lesson.pk])).content.decode()


def test_other_words_lose_the_mark(model: RunningFakeModel) -> None:
    make_lesson(make_course(), transcript=LONG)
    finished(start().pk)
    LessonDescription.objects.update(data={"introduction": "Из файла."})
    assert LessonDescription.objects.get().written_from == ""
