"""Reads that more than one door shares: stale texts, a learner's lessons, counts, the preview of a run."""

from dataclasses import replace
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from courses.models import Course, Lesson
from personalization.models import Profile
from personalization.pairs import Selection
from personalization.queries import Preview, preview
from personalization.services.work import make_brief
from personalization.text_queries import LessonText, TextCounts, lesson_texts, text_counts
from personalization.writers.registry import current_recipe
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run, make_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return make_course("shvz")


# --- what a text is today ---


def written(learner: Profile, lesson: Lesson, backend: str = "openai", **fields: Any) -> None:
    """A text that its writer would leave unchanged today."""
    recipe = current_recipe(backend)
    brief = make_brief(
        Profile.objects.get(pk=learner.pk), Lesson.objects.select_related("course").get(pk=lesson.pk)
    )
    values = {"origin": recipe.origin, "fingerprint": brief.fingerprint(recipe), **fields}
    make_text(learner, lesson, **values)


def stale_of(learner: Profile) -> list[bool]:
    return [line.stale for line in lesson_texts(learner.pk)]


@pytest.mark.parametrize("backend", ["openai", "simple"])
def test_a_text_is_stale_when_its_inputs_differ_today(backend: str, course: Course) -> None:
    lesson, learner = make_lesson(course), make_learner(course=course)
    written(learner, lesson, backend)
    assert stale_of(learner) == [False]
    Lesson.objects.update(title="Иначе")
    assert stale_of(learner) == [True]


def test_a_text_is_stale_when_its_own_writer_changed(course: Course, settings: LazySettings) -> None:
    first, second, learner = make_lesson(course, 1), make_lesson(course, 2), make_learner(course=course)
    written(learner, first, "openai")
    written(learner, second, "simple")
    settings.OPENAI_MODEL = "another-model"
    assert stale_of(learner) == [True, False]


@pytest.mark.parametrize(
    ("origin", "fingerprint", "stale"),
    [
        ("openai", "other", True),
        ("simple", "other", True),
        ("openai", None, False),
        ("import", "other", False),
        ("editor", "other", False),
        ("api", "other", False),
        (None, "other", False),
        (None, None, False),
    ],
)
def test_only_what_a_writer_wrote_can_be_stale(
    origin: str | None, fingerprint: str | None, stale: bool, course: Course
) -> None:
    lesson, learner = make_lesson(course), make_learner(course=course)
    make_text(learner, lesson, origin=origin, fingerprint=fingerprint)
    assert stale_of(learner) == [stale]
    assert text_counts([learner.pk]) == {learner.pk: TextCounts(lessons=1, texts=1, stale=int(stale))}


# --- the reads that doors share ---


def test_counts_of_a_page_of_learners_in_one_query_and_one_for_the_live_prompts(
    course: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lessons = [make_lesson(course, number) for number in (1, 2, 3)]
    make_lesson(make_course())
    nina, artyom, nobody = (make_learner(course=course) for _ in range(3))
    free, gone, other = make_learner(), make_learner(course_id="gone"), make_learner(course=make_course())
    written(nina, lessons[0])
    make_text(nina, lessons[1], origin="openai", fingerprint="other")
    make_text(artyom, lessons[2])
    learners = [nina, artyom, nobody, free, gone, other]
    with django_assert_num_queries(2):
        counts = text_counts(learner.pk for learner in learners)
    assert counts == {
        nina.pk: TextCounts(lessons=3, texts=2, stale=1),
        artyom.pk: TextCounts(lessons=3, texts=1, stale=0),
        nobody.pk: TextCounts(lessons=3, texts=0, stale=0),
    }
    assert [counts[learner.pk].missing for learner in (nina, artyom, nobody)] == [1, 2, 3]


def test_counts_of_nobody() -> None:
    assert text_counts([]) == {}


def test_a_text_of_another_course_is_not_counted(course: Course) -> None:
    make_lesson(course)
    learner = make_learner(course=course)
    make_text(learner, make_lesson(make_course()))
    assert text_counts([learner.pk]) == {learner.pk: TextCounts(lessons=1, texts=0, stale=0)}


def test_the_lessons_of_a_learner_with_their_texts(course: Course) -> None:
    lessons = {number: make_lesson(course, number) for number in (10, 2, 1)}
    learner, now = make_learner(course=course), timezone.now()
    text = make_text(
        learner, lessons[2], origin="openai", model="m", fingerprint="other", generated_at=now, edited_at=now
    )
    make_text(make_learner(course=course), lessons[1])

    def without_text(number: int) -> LessonText:
        nothing = (None, None, None, None, None)
        return LessonText(lessons[number].pk, number, f"Урок {number}", *nothing, stale=False)

    assert lesson_texts(learner.pk) == [
        without_text(1),
        LessonText(lessons[2].pk, 2, "Урок 2", text.pk, "openai", "m", now, now, stale=True),
        without_text(10),
    ]


@pytest.mark.parametrize("fields", [{}, {"course_id": "gone"}])
def test_a_learner_without_a_course_has_no_lessons(fields: dict[str, Any]) -> None:
    make_lesson()
    assert lesson_texts(make_learner(**fields).pk) == []


def test_the_preview_of_a_run(course: Course, settings: LazySettings) -> None:
    lessons = [make_lesson(course, 1), make_lesson(course, 2), make_lesson(course, 3, transcript="мало")]
    nina, artyom, silent = make_learner(course=course), make_learner(course=course), make_learner(survey={})
    Profile.objects.filter(pk=silent.pk).update(course=course)
    written(nina, lessons[0])
    make_text(nina, lessons[1], edited_at=timezone.now())
    make_item(make_run(), artyom, lessons[0], state="running")
    make_item(make_run(), artyom, lessons[1], state="done")
    plan = preview(Selection(), "openai")
    assert replace(plan, sizes=()) == Preview(
        learners=3,
        lessons=3,
        by_verdict={"unchanged": 1, "locked": 1, "no_source": 2, "no_survey": 3, "write": 2},
        being_written=1,
    )
    assert (plan.total, plan.to_write, plan.unchanged) == (9, 2, 1)
    by_simple = {"better_text": 1, "locked": 1, "no_source": 2, "no_survey": 3, "write": 2}
    assert preview(Selection(), "simple").by_verdict == by_simple
    forced = {"locked": 1, "no_source": 2, "no_survey": 3, "write": 3}
    assert preview(Selection(), "simple", force=True).by_verdict == forced


def test_the_preview_of_nothing() -> None:
    assert preview(Selection(), "openai") == Preview(0, 0, {}, 0)
    assert preview(Selection(profiles=()), "openai") == Preview(0, 0, {}, 0)


def test_a_selection_narrows_the_preview(course: Course) -> None:
    other = make_course()
    lessons = [make_lesson(course, number) for number in (1, 2, 3)]
    make_lesson(other, 1)
    nina, artyom = make_learner(course=course), make_learner(course=course)
    make_learner(course=other)
    written(nina, lessons[0])
    make_text(nina, lessons[1], origin="openai", fingerprint="other")
    make_text(nina, lessons[2], origin="import")

    def total(**choice: Any) -> int:
        return preview(Selection(**choice), "openai").total

    assert total() == 7
    assert total(profiles=(nina.pk,)) == 3
    assert total(profiles=(nina.pk, artyom.pk), lessons=(1, 3, 99)) == 4
    assert total(course=other.pk) == 1
    assert total(course=other.pk, profiles=(nina.pk,)) == 0
    assert total(limit=2) == 2
    assert total(profiles=(nina.pk,), only_stale=True) == 1
    assert total(course=course.pk, only_stale=True) == 4
    assert total(lessons=()) == 0
