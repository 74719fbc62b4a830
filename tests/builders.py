"""Rows for tests, each in one line: only what a test names differs from a plain, complete default."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone

from courses.formats.definition import Document
from courses.models import Course, Lesson, LessonAsset, LessonDescription
from personalization.condensing.prompt import VERSION
from personalization.models import (
    CallState,
    Coach,
    CondensedSource,
    CourseSurvey,
    GenerationItem,
    GenerationRun,
    ItemState,
    LessonFeedback,
    ModelCall,
    PersonalizedLessonDescription,
    Profile,
    PromptRefinement,
    QuizResult,
    SurveyOption,
    SurveyQuestion,
    UserCluster,
)
from personalization.models.runs import ENDED
from personalization.services.condensed import tag_of
from personalization.survey import DEFAULT_SURVEY
from personalization.tokens import estimated_tokens

TRANSCRIPT = "Садитесь прямо, опустите плечи и положите тёплые ладони на шею. " * 10
DESCRIPTION: Document = {
    "introduction": "Урок о первом прикосновении.",
    "key_points": ["Тёплые руки", "Мягкий нажим", "Спокойное дыхание", "Пауза"],
    "practical_tips": ["Согрейте ладони", "Спросите о боли", "Не спешите"],
    "important_notes": ["Не трогайте шею спереди", "При боли остановитесь"],
    "homework": "Повторите дома.",
    "motivational_line": "Начало положено.",
}
PERSONAL_TEXT: Document = {
    "summary_short": "Нина, этот урок о первом прикосновении.",
    "why_watch": "Вы хотели помочь мужу после дороги.",
    "quick_action": "Положите ладони на плечи.",
    "social_share": "Учусь массажу шеи!",
    "homework_20m": ["Согрейте руки", "Сядьте удобно", "Погладьте", "Спросите", "Отдохните"],
}
SURVEY: dict[str, Any] = {"motivation": ["Помочь мужу"], "experience": "Никакого"}

_numbers = count(1)


def make_course(slug: str | None = None, **fields: Any) -> Course:
    fields.setdefault("title", "Массаж шеи")
    return Course.objects.create(slug=slug or f"course-{next(_numbers)}", **fields)


def make_lesson(course: Course | None = None, number: int = 1, **fields: Any) -> Lesson:
    values = {
        "title": f"Урок {number}",
        "summary": "Первое прикосновение.",
        "transcript": TRANSCRIPT,
        **fields,
    }
    return Lesson.objects.create(course=course or make_course(), lesson_number=number, **values)


def make_description(lesson: Lesson, data: Document | None = None) -> LessonDescription:
    return LessonDescription.objects.create(lesson=lesson, data=DESCRIPTION if data is None else data)


def make_asset(lesson: Lesson, **fields: Any) -> LessonAsset:
    values = {"asset_type": "video", "url": "https://example.org/video.mp4", **fields}
    return LessonAsset.objects.create(lesson=lesson, **values)


def make_condensed(lesson: Lesson, text: str = "Коротко.", **fields: Any) -> CondensedSource:
    """What the lesson's transcript is condensed to, ready."""
    values = {
        "source_hash": Lesson.objects.get(pk=lesson.pk).source_hash,
        "language": lesson.course.language,
        "model": "gpt-4.1-mini",
        "prompt_version": VERSION,
        "source_tokens": estimated_tokens(lesson.transcript),
        "tag": tag_of(text),
        "finished_at": timezone.now(),
        **fields,
    }
    return CondensedSource.objects.create(lesson=lesson, text=text, **values)


def make_learner(identifier: str | None = None, course: Course | None = None, **fields: Any) -> Profile:
    values = {"name": "Нина", "survey": SURVEY, **fields}
    return Profile.objects.create(
        user_identifier=identifier or f"u-{next(_numbers)}", course=course, **values
    )


def make_text(
    learner: Profile, lesson: Lesson, content: Document | None = None, **fields: Any
) -> PersonalizedLessonDescription:
    return PersonalizedLessonDescription.objects.create(
        profile=learner, lesson=lesson, content=PERSONAL_TEXT if content is None else content, **fields
    )


def make_feedback(
    learner: Profile, lesson: Lesson, issue: str = "", rating: int = 3, **fields: Any
) -> LessonFeedback:
    fields.setdefault("created_at", timezone.now() + timedelta(microseconds=next(_numbers)))
    return LessonFeedback.objects.create(profile=learner, lesson=lesson, issue=issue, rating=rating, **fields)


def make_quiz(learner: Profile, lesson: Lesson, score: float = 50, **fields: Any) -> QuizResult:
    fields.setdefault("created_at", timezone.now() + timedelta(microseconds=next(_numbers)))
    return QuizResult.objects.create(profile=learner, lesson=lesson, score=score, **fields)


def make_cluster(learner: Profile, cluster: str = "visual_basic", **fields: Any) -> UserCluster:
    return UserCluster.objects.create(user=learner, cluster_type=cluster, **{"cluster_score": 0.5, **fields})


def make_refinement(learner: Profile, **fields: Any) -> PromptRefinement:
    values = {"session_id": uuid4(), "original_prompt": "{}", "refined_prompt": "Be brief.\n\n{}"}
    return PromptRefinement.objects.create(user=learner, cluster_type="visual_basic", **{**values, **fields})


def make_coach(name: str = "Ада", **fields: Any) -> Coach:
    return Coach.objects.create(name=name, **{"prompt": "Коротко и тепло.", **fields})


def default_survey() -> CourseSurvey:
    return CourseSurvey.objects.get(course=None)


def ship_default_survey() -> None:
    """As its migration does; for a database that was emptied."""
    survey = CourseSurvey.objects.create(course=None)
    asked = [
        SurveyQuestion(
            survey=survey,
            position=position,
            key=question.key,
            other_key=question.other_key,
            **_labels(question.labels),
        )
        for position, question in enumerate(DEFAULT_SURVEY.questions)
    ]
    rows = SurveyQuestion.objects.bulk_create(asked)
    SurveyOption.objects.bulk_create(
        SurveyOption(
            question=row,
            position=position,
            code=option.code,
            old_codes=list(option.old_codes),
            **_labels(option.labels),
        )
        for row, question in zip(rows, DEFAULT_SURVEY.questions, strict=True)
        for position, option in enumerate(question.options)
    )


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {f"label_{language}": label for language, label in labels.items()}


def make_run(**fields: Any) -> GenerationRun:
    return GenerationRun.objects.create(**{"backend": "simple", **fields})


def make_item(run: GenerationRun, learner: Profile | None, lesson: Lesson, **fields: Any) -> GenerationItem:
    """An item in any state, with what the table demands of that state; without a learner of the lesson."""
    if learner is None:
        fields.setdefault("kind", "templates")
    state = fields.setdefault("state", ItemState.QUEUED)
    now = timezone.now()
    if state in ENDED:
        fields.setdefault("finished_at", now)
    if state == ItemState.RUNNING:
        fields = {
            "lease_token": uuid4(),
            "lease_until": now + timedelta(seconds=30),
            "claimed_rev": 1,
        } | fields
    return GenerationItem.objects.create(run=run, profile=learner, lesson=lesson, **fields)


def make_call(item: GenerationItem | None = None, seconds: float = 1.0, **fields: Any) -> ModelCall:
    """A call of the ledger, settled a moment ago with a good answer unless the fields say otherwise.

    seconds: how long it took.
    """
    now = timezone.now()
    state = fields.setdefault("state", CallState.OK)
    if state != CallState.RESERVED:
        fields = {"actual_micro": 1_000, "finished_at": now} | fields
        fields = {"input_tokens": 1_000, "cached_tokens": 0, "output_tokens": 100} | fields
    values = {
        "rev": 1,
        "lease_token": uuid4(),
        "call_no": 1,
        "model": "gpt-4.1-mini",
        "prompt_version": "p",
        "fingerprint": "f",
        "reserved_micro": 2_000,
        "started_at": now - timedelta(seconds=seconds),
        "item": item,
        "run": item.run if item else None,
        **fields,
    }
    return ModelCall.objects.create(**values)


def make_staff(
    username: str = "staff", permissions: Iterable[str] = (), groups: Iterable[Group] = (), **fields: Any
) -> User:
    """A user who may log in to the admin; permissions as "app.codename"."""
    user = User.objects.create_user(username, is_staff=True, **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    user.groups.set(groups)
    return user


def make_superuser(username: str = "admin") -> User:
    return User.objects.create_superuser(username)
