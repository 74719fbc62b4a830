"""A course of long lessons and its learners, each with answers of their own."""

from itertools import islice

from django.db import connection

from courses.models import Course, Lesson
from personalization.brief import Brief
from personalization.models import Profile
from personalization.services.work import make_brief

SPOKEN = "Садитесь прямо, опустите плечи и положите тёплые ладони на шею, дышите ровно и не спешите. "
LETTERS = 11_000  # of a transcript: 20 KB, an hour of talk has five times as many
GOALS = ("Помочь мужу после дороги", "Снять усталость за столом", "Научиться для семьи")
FEARS = ("Сделаю больно", "Не хватит сил", "Забуду порядок")


def make_classroom(learners: int, lessons: int) -> None:
    course = Course.objects.create(slug="classroom", title="Массаж шеи")
    Lesson.objects.bulk_create(
        Lesson(
            course=course,
            lesson_number=number,
            title=f"Урок {number}",
            summary="Тёплые ладони на плечах.",
            transcript=f"Урок {number}. {SPOKEN * 200}"[:LETTERS],
        )
        for number in range(1, lessons + 1)
    )
    Profile.objects.bulk_create(_learner(course, number) for number in range(learners))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _learner(course: Course, number: int) -> Profile:
    survey = {
        "motivation": [GOALS[number % 3], f"Мой план на год, строка {number}"],
        "fears": FEARS[number % 2],
        "experience": "Никакого опыта",
        "practice": "Дома по вечерам, на подушке, примерно полчаса",
    }
    return Profile(user_identifier=f"u-{number:05}", course=course, name=f"Нина {number}", survey=survey)


def briefs(limit: int | None = None) -> list[tuple[Profile, Brief]]:
    """Whom and what a run writes about, in its order: lesson by lesson."""
    learners = list(Profile.objects.order_by("pk"))
    lessons = Lesson.objects.select_related("course").order_by("lesson_number")
    pairs = ((learner, lesson) for lesson in lessons for learner in learners)
    return [(learner, make_brief(learner, lesson)) for learner, lesson in islice(pairs, limit)]
