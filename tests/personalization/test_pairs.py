"""What the database says of a learner × lesson pair is what Python says: its fingerprint and its verdict."""

from hashlib import md5
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from courses.models import Course, Lesson
from personalization.brief import SHORTEST_SOURCE, Brief, Current, Recipe, reason_to_skip
from personalization.course_status import learner_figures
from personalization.models import PersonalizedLessonDescription, Profile
from personalization.pairs import (
    PAIRS,
    SIZED,
    SIZED_PAIRS,
    SIZED_VERDICT,
    TODAYS_FINGERPRINT,
    VERDICT,
    Selection,
    selection_parameters,
    verdict_parameters,
)
from personalization.services.work import make_brief
from personalization.supervisor import CLUSTERS, guidance
from personalization.text_queries import lesson_texts, text_counts
from personalization.writers.registry import current_recipe
from tests.builders import SURVEY, make_cluster, make_course, make_learner, make_lesson, make_text

pytestmark = pytest.mark.django_db

type Pair = tuple[UUID, UUID]


def judged(
    recipe: Recipe, *, force: bool = False, replace_locked: bool = False
) -> dict[Pair, tuple[str, str]]:
    """(learner, lesson) → the database's verdict and fingerprint, for all pairs there are."""
    parameters = {
        **selection_parameters(Selection(), current_recipe("openai"), current_recipe("simple")),
        **verdict_parameters(recipe, force=force, replace_locked=replace_locked),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT profile.id, lesson.id, {VERDICT}, {TODAYS_FINGERPRINT} {PAIRS}", parameters)
        each = {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}
        sized = f"{SIZED_VERDICT}, {TODAYS_FINGERPRINT} {SIZED_PAIRS}"  # what a million are counted by
        cursor.execute(f"WITH {SIZED} SELECT profile.id, lesson.id, {sized}", {**parameters, "slug": None})
        assert {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()} == each
    return each


def brief_of(pair: Pair) -> Brief:
    profile = Profile.objects.get(pk=pair[0])
    return make_brief(profile, Lesson.objects.select_related("course").get(pk=pair[1]))


def current_of(pair: Pair) -> Current | None:
    text = PersonalizedLessonDescription.objects.filter(profile=pair[0], lesson=pair[1]).first()
    return Current(text.fingerprint, text.origin, text.locked) if text else None


def only_verdict(*, force: bool = False) -> str:
    """The verdict on the one pair there is, which Python shares."""
    recipe = current_recipe("openai")
    [(pair, (verdict, fingerprint))] = judged(recipe, force=force).items()
    assert verdict == (reason_to_skip(brief_of(pair), current_of(pair), recipe, force=force) or "write")
    assert fingerprint == brief_of(pair).fingerprint(recipe)
    return verdict


@pytest.fixture
def course() -> Course:
    return make_course("shvz")


@pytest.mark.parametrize(
    ("backend", "fmt"),
    [("openai", "personal"), ("simple", "personal"), ("openai", "extended"), ("simple", "unknown")],
)
@pytest.mark.parametrize(
    ("lesson", "learner"),
    [
        ({}, {}),
        ({"summary": None, "transcript": ""}, {"name": None, "survey": None}),
        ({"title": "", "summary": ""}, {"name": "", "survey": {}}),
        (
            {"title": "%s {} {{name}} 👋", "summary": "a\nb", "transcript": "\u2028'\"\\"},
            {"survey": {"b": 1.50, "a": ["ё", None]}},
        ),
        ({"transcript": "речь " * 50_000}, {"name": "O'Нина \\ %"}),
    ],
)
def test_the_database_computes_the_same_fingerprint(
    lesson: dict[str, Any], learner: dict[str, Any], backend: str, fmt: str
) -> None:
    course = make_course(title="Курс: 100 % \\ 'шея'", language="en", personal_format=fmt)
    make_lesson(course, **lesson)
    make_learner(course=course, **learner)
    recipe = current_recipe(backend)
    [(pair, (_, fingerprint))] = judged(recipe).items()
    assert fingerprint == brief_of(pair).fingerprint(recipe)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Course, {"title": "Иначе"}),
        (Course, {"language": "en"}),
        (Course, {"personal_format": "extended"}),
        (Course, {"lesson_source": "template"}),
        (Lesson, {"title": "Иначе"}),
        (Lesson, {"summary": "Иначе"}),
        (Lesson, {"summary": None}),
        (Lesson, {"transcript": "Иначе"}),
        (Profile, {"name": "Иначе"}),
        (Profile, {"name": None}),
        (Profile, {"survey": {**SURVEY, "fears": ["Наврежу"]}}),
        (Profile, {"survey": None}),
    ],
)
def test_each_input_in_the_database_changes_the_fingerprint(
    model: Any, change: dict[str, Any], course: Course
) -> None:
    make_lesson(course)
    make_learner(course=course)
    recipe = current_recipe("openai")
    [(pair, (_, before))] = judged(recipe).items()
    model.objects.update(**change)
    after = judged(recipe)[pair][1]
    assert after != before
    assert after == brief_of(pair).fingerprint(recipe)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Course, {"slug": "other", "description": "Иначе", "content": {"a": 1}}),
        (Lesson, {"lesson_number": 7, "content": {"a": 1}}),
        (Profile, {"user_identifier": "other"}),
        (Profile, {"survey": dict(reversed(SURVEY.items()))}),
    ],
)
def test_what_is_not_in_the_prompt_is_not_in_the_fingerprint(
    model: Any, change: dict[str, Any], course: Course
) -> None:
    make_lesson(course)
    make_learner(course=course)
    [(_, before)] = judged(current_recipe("openai")).values()
    model.objects.update(**change)
    Profile.objects.update(course=Course.objects.get())
    [(_, after)] = judged(current_recipe("openai")).values()
    assert after == before


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("cluster", [*CLUSTERS, "of an older system"])
def test_a_cluster_is_in_the_fingerprint_by_its_guidance(cluster: str, language: str) -> None:
    course = make_course(language=language)
    make_lesson(course)
    learner = make_learner(course=course)
    recipe = current_recipe("openai")
    [(pair, (_, before))] = judged(recipe).items()
    make_cluster(learner, cluster)
    [(_, after)] = judged(recipe).values()
    assert after == brief_of(pair).fingerprint(recipe)
    assert (after != before) is bool(guidance(cluster, language))


def test_a_learner_of_whom_nothing_is_known_keeps_the_fingerprint_from_before(course: Course) -> None:
    make_lesson(course)
    learner = make_learner(course=course)
    recipe = current_recipe("openai")
    [(pair, (_, without))] = judged(recipe).items()
    parts = brief_of(pair)
    inputs = [parts.source_hash, parts.answers_hash, parts.course_title, parts.language]
    old = md5("\x1f".join([*inputs, recipe.key, parts.format.tag]).encode()).hexdigest()
    assert without == old
    make_cluster(learner, "balanced")
    assert [fingerprint for _, fingerprint in judged(recipe).values()] == [old]


def test_a_new_cluster_makes_a_text_stale(course: Course) -> None:
    lesson = make_lesson(course)
    learner = make_learner(course=course)
    recipe = current_recipe("openai")
    [(_, fingerprint)] = judged(recipe).values()
    make_text(learner, lesson, origin="openai", fingerprint=fingerprint)
    assert only_verdict() == "unchanged"
    make_cluster(learner, "practical_advanced")
    assert only_verdict() == "write"
    assert text_counts([learner.pk])[learner.pk].stale == 1
    assert lesson_texts(learner.pk)[0].stale
    assert learner_figures(course.pk)[1].stale == 1


def test_a_name_and_an_answer_cannot_stand_in_for_each_other(course: Course) -> None:
    make_lesson(course)
    make_learner(course=course, name="a", survey={"b": 1})
    make_learner(course=course, name="", survey={"a": "b", "c": 1})
    make_learner(course=course, name=None, survey=None)
    fingerprints = [fingerprint for _, fingerprint in judged(current_recipe("openai")).values()]
    assert len(set(fingerprints)) == 3


# --- the verdict ---


@pytest.mark.parametrize(
    ("survey", "verdict"),
    [
        (None, "no_survey"),
        ({}, "no_survey"),
        ({"a": ""}, "no_survey"),
        ({"a": " \t\n\r\u00a0\u2003"}, "no_survey"),
        ({"a": [], "b": {}, "c": None, "d": [None, "", {"e": " "}]}, "no_survey"),
        ({"a": "да"}, "write"),
        ({"a": "\u200b\u00ad\u200e\ufeff \U000e0041"}, "no_survey"),
        ({"a": "\u200dя"}, "write"),
        ({"a": "\n.\n"}, "write"),
        ({"a": [{"b": ["", "да"]}]}, "write"),
        ({"": "да"}, "write"),
        ({"a": 0}, "write"),
        ({"a": 2.5}, "write"),
        ({"a": False}, "write"),
        ({"a": "Нина"}, "write"),
        ({"a": "nina@example.org"}, "write"),
        ([], "no_survey"),
        (["да"], "no_survey"),
        ("да", "no_survey"),
        (5, "no_survey"),
    ],
)
def test_whether_a_learner_answered_anything(survey: Any, verdict: str, course: Course) -> None:
    make_lesson(course)
    make_learner(course=course, survey=survey)
    assert only_verdict() == only_verdict(force=True) == verdict


def test_an_sql_null_and_a_json_null_are_no_answers(course: Course) -> None:
    make_lesson(course)
    learner = make_learner(course=course)
    for null in ("NULL", "'null'"):
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE profiles SET survey = {null} WHERE id = %s", [learner.pk])
        assert only_verdict() == "no_survey"


@pytest.mark.parametrize(
    ("transcript", "verdict"),
    [
        ("", "no_source"),
        ("я" * (SHORTEST_SOURCE - 1), "no_source"),
        ("я" * SHORTEST_SOURCE, "write"),
        ("👋" * SHORTEST_SOURCE, "write"),
        (" \t\r\n" * 100 + "я" * (SHORTEST_SOURCE - 1) + " \t\r\n" * 100, "no_source"),
        (" \n" + "я" * SHORTEST_SOURCE + "\n", "write"),
        ("я" + " " * SHORTEST_SOURCE + "я", "write"),
        ("\u00a0" + "я" * (SHORTEST_SOURCE - 2) + "\u2003", "write"),
        ("\x0b\x0c" * SHORTEST_SOURCE, "write"),
    ],
)
def test_whether_a_lesson_has_a_source(transcript: str, verdict: str, course: Course) -> None:
    make_lesson(course, transcript=transcript)
    make_learner(course=course)
    assert only_verdict() == only_verdict(force=True) == verdict


def test_database_and_worker_agree_on_every_kind_of_pair(course: Course) -> None:
    recipes = [current_recipe("openai"), current_recipe("simple")]
    lessons = [make_lesson(course, 1), make_lesson(course, 2, transcript="мало")]
    extended = make_course(personal_format="extended")
    lessons_of = {course: lessons, extended: [make_lesson(extended)]}
    for on, origin, fingerprint, edited, survey in product(
        lessons_of,
        ["openai", "simple", "import", None],
        [*recipes, "other", None],
        [None, timezone.now()],
        [SURVEY, {}],
    ):
        learner = make_learner(course=on, survey=survey)
        for lesson in lessons_of[on]:
            today = isinstance(fingerprint, Recipe) and brief_of((learner.pk, lesson.pk)).fingerprint(
                fingerprint
            )
            make_text(learner, lesson, origin=origin, fingerprint=today or fingerprint, edited_at=edited)
    make_learner(course=course)  # one without texts
    pairs = [(pair, brief_of(pair), current_of(pair)) for pair in judged(recipes[0])]
    seen = set()
    for recipe, force, replace_locked in product(recipes, [False, True], [False, True]):
        choices = {"force": force, "replace_locked": replace_locked}
        verdicts = judged(recipe, **choices)
        for pair, brief, current in pairs:
            assert verdicts[pair][0] == (reason_to_skip(brief, current, recipe, **choices) or "write")
            seen.add(verdicts[pair][0])
    assert seen == {"locked", "no_survey", "no_source", "better_text", "unchanged", "write"}
