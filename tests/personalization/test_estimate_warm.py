"""What a lesson shares is in the provider's cache for minutes: then its first text finds it there as well."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from courses.models import Course, Lesson
from personalization.models import Profile
from personalization.pairs import Selection
from personalization.queries import preview
from personalization.sizes import WARM_SECONDS
from personalization.writers.registry import current_recipe
from tests.builders import make_call, make_course, make_item, make_learner, make_lesson, make_run

pytestmark = pytest.mark.django_db
LONG = "Садитесь прямо, опустите плечи и положите тёплые ладони на шею. " * 100


@pytest.fixture
def course() -> Course:
    """Two lessons that are long enough to be cached, and a learner."""
    course = make_course()
    for number in (1, 2):
        make_lesson(course, number, transcript=LONG)
    make_learner(course=course)
    return course


def cacheable(course: Course) -> int:
    """Of one learner's texts."""
    learner = Profile.objects.filter(course=course).earliest("created_at")
    return preview(Selection(profiles=(learner.pk,)), "openai").sizes[0].cacheable_tokens


def sent(lesson: Lesson, **fields: Any) -> None:
    """A good call by today's prompt, a moment ago."""
    fields = {"prompt_version": current_recipe("openai").prompt_version, **fields}
    make_call(make_item(make_run(), make_learner(course=lesson.course), lesson, state="done"), **fields)


def test_what_was_sent_just_now_is_still_in_the_cache(course: Course) -> None:
    first, second = course.lessons.order_by("lesson_number")
    sent(first)
    once = cacheable(course)
    sent(second)
    assert 0 < once < cacheable(course)


@pytest.mark.parametrize(
    "fields",
    [
        {"finished_at": timezone.now() - timedelta(seconds=WARM_SECONDS + 1)},
        {"model": "gpt-4.1"},
        {"prompt_version": "another"},
        {"state": "bad"},
    ],
    ids=["long ago", "to another model", "by another prompt", "and came back broken"],
)
def test_else_the_first_text_of_a_lesson_finds_nothing_there(course: Course, fields: dict[str, Any]) -> None:
    sent(course.lessons.all()[0], **fields)
    assert cacheable(course) == 0
