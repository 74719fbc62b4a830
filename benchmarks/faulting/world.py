"""Learners, lessons, and the old texts that must stay until newer ones are there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from courses.formats.definition import Document
from courses.models import Course, Lesson
from personalization.models import PersonalizedLessonDescription, Profile
from personalization.models.texts import Origin
from personalization.services.work import make_brief
from personalization.writers.registry import current_recipe
from tests.builders import PERSONAL_TEXT, SURVEY, make_course, make_lesson

LAST_ENDED_WELL = """
    SELECT profile_id, lesson_id, text.fingerprint
    FROM (SELECT DISTINCT ON (profile_id, lesson_id) * FROM generation_items
          ORDER BY profile_id, lesson_id, id DESC) item
    LEFT JOIN personalized_lesson_descriptions text USING (profile_id, lesson_id)
    WHERE item.state IN ('done', 'unchanged')
"""
OLD = "older than everything"  # the fingerprint of the texts that are there before
# One each: a text that came to the wrong learner is found by it.
_NAMES = """
    Нина Антонина Анна Ольга Елена Ирина Татьяна Наталья Светлана Екатерина Мария Юлия Галина Людмила
    Валентина Тамара Оксана Лариса Зоя Жанна Инна Алла Дарья Полина Ксения Алина Диана Эльвира Регина
    Тереза Иван Пётр Сергей Андрей Дмитрий Николай Алексей Владимир Михаил Константин
"""
NAMES = _NAMES.split()
STRANGER = "Марина"  # whose name the endpoint makes up


@dataclass(slots=True)
class World:
    """One course. `revisions` grows with each change of a learner's answers (see Reader)."""

    course: Course
    lessons: Sequence[Lesson]
    learners: Sequence[Profile]
    revisions: dict[str, int] = field(default_factory=dict)

    @property
    def pairs(self) -> list[tuple[UUID, UUID]]:
        return [(learner.pk, lesson.pk) for learner in self.learners for lesson in self.lessons]

    def note_revision(self, learner: Profile) -> None:
        """Texts made of the learner's answers as they are now are newer than all that were noted before."""
        number = len(self.revisions) + 1
        recipe = current_recipe("openai")
        self.revisions |= {make_brief(learner, lesson).fingerprint(recipe): number for lesson in self.lessons}

    def outdated(self) -> int:
        """How many texts were made of older answers than the learner's, though their last item ended well."""
        recipe = current_recipe("openai")
        newest = {
            (learner.pk, lesson.pk): make_brief(learner, lesson).fingerprint(recipe)
            for learner in Profile.objects.filter(course=self.course)
            for lesson in self.lessons
        }
        with connection.cursor() as cursor:
            cursor.execute(LAST_ENDED_WELL)
            return sum(newest[learner, lesson] != text for learner, lesson, text in cursor.fetchall())


def add_stranger(world: World) -> None:
    """Another learner of the course, for whom nothing is asked: no text may name her."""
    Profile.objects.create(user_identifier=f"{world.course.slug}-other", name=STRANGER, course=world.course)


def text_for(name: str) -> Document:
    """A good text, as old texts are."""
    return PERSONAL_TEXT | {"summary_short": f"{name}, этот урок о первом прикосновении."}


def make_world(learners: int, lessons: int) -> World:
    """Each learner has an old text for each lesson, and answers of their own that no text was made of.

    At most as many learners as there are NAMES.
    """
    course = make_course()
    for number in range(1, lessons + 1):
        make_lesson(course, number)
    Profile.objects.bulk_create(
        Profile(
            user_identifier=f"{course.slug}-{number:03}",
            name=NAMES[number],
            course=course,
            survey={**SURVEY, "motivation_other": f"Ответ {number}"},
        )
        for number in range(learners)
    )
    # Read again: the database has computed hashes.
    world = World(
        course,
        list(Lesson.objects.select_related("course").filter(course=course).order_by("lesson_number")),
        list(Profile.objects.filter(course=course).order_by("user_identifier")),
    )
    PersonalizedLessonDescription.objects.bulk_create(
        PersonalizedLessonDescription(
            profile=learner,
            lesson=lesson,
            content=text_for(learner.name or ""),
            origin=Origin.OPENAI,
            fingerprint=OLD,
        )
        for learner in world.learners
        for lesson in world.lessons
    )
    for learner in world.learners:
        world.note_revision(learner)
    return world
