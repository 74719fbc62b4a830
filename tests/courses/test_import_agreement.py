"""Transcripts and templates that sound like another lesson than the one they are taken for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from courses.course_folder.agreement import MOST_WITH_UUIDS, Agreement
from courses.course_folder.findings import Findings
from courses.course_folder.plan import CoursePlan
from courses.course_folder.words import Likeness, Stems
from persona_site.store_import import import_store
from tests.builders import DESCRIPTION
from tests.courses.agreement_courses import LESSONS
from tests.environment import ROOT
from tests.store_builder import Reading, StoreBuilder, lesson_id, read

STEMS = Stems()
VARIANTS: dict[str, dict[str, Any]] = {"as it is": {}, "no description": {"description": {}}}
VARIANTS["titles alone"] = {"description": {}, "summary": None}


@cache
def sample() -> Reading:
    return read(ROOT / "store")


def sample_plans(variant: str) -> Iterator[CoursePlan]:
    for plan in sample().plans:
        lessons = (
            replace(lesson, source=replace(lesson.source, **VARIANTS[variant])) for lesson in plan.lessons
        )
        yield replace(plan, lessons=tuple(lessons))


def transcripts(plan: CoursePlan) -> list[str]:
    files = (
        ROOT / "store" / plan.folder.path / lesson.transcript.name
        for lesson in plan.lessons
        if lesson.transcript
    )
    return [path.read_text() for path in files]


def doubted(plan: CoursePlan, texts: Sequence[str]) -> dict[int, int]:
    """Place of a lesson → place of the one that its transcript fits better, where that is said."""
    agreement, findings = Agreement(plan, STEMS), Findings()
    for lesson, text in zip(plan.lessons, texts, strict=True):
        agreement.transcript(lesson, text)
    agreement.tell(findings)
    numbers = [str(warning).split("lesson ")[1:] for warning in findings.warnings]
    return {int(taken.split()[0]) - 1: int(better.split()[0]) - 1 for taken, better in numbers}


def swapped(texts: Sequence[str], one: int, other: int) -> list[str]:
    changed = list(texts)
    changed[one], changed[other] = texts[other], texts[one]
    return changed


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_false_alarm_in_the_sample_courses(variant: str) -> None:
    assert [doubted(plan, transcripts(plan)) for plan in sample_plans(variant)] == [{}, {}]


@pytest.mark.parametrize(
    ("variant", "files", "wrongly"),
    [("as it is", 1.0, 0), ("no description", 0.99, 10), ("titles alone", 0.97, 10)],
)
def test_of_each_two_swapped_transcripts_of_the_sample_at_least_one_is_told(
    variant: str, files: float, wrongly: int
) -> None:
    """72 swaps. files: share of the 144 wrong files that are told; wrongly: right ones told."""
    told = blamed = 0
    for plan in sample_plans(variant):
        texts = transcripts(plan)
        for pair in combinations(range(len(texts)), 2):
            found = doubted(plan, swapped(texts, *pair))
            assert found.keys() & set(pair)
            told += len(found.keys() & set(pair))
            blamed += len(found.keys() - set(pair))
    assert told >= files * 144
    assert blamed <= wrongly


def many(plan: CoursePlan, copies: int, **carried: UUID | None) -> CoursePlan:
    """The plan's lessons over and over, each with files that carry its UUID, or `uuid`."""
    lessons = []
    for lesson, new_id in ((lesson, uuid4()) for _ in range(copies) for lesson in plan.lessons):
        assert lesson.transcript
        file = replace(lesson.transcript, uuid=carried.get("uuid", new_id))
        lessons.append(replace(lesson, id=new_id, transcript=file, template=None))
    return replace(plan, lessons=tuple(lessons))


def test_a_very_large_course_is_compared_only_where_numbers_had_to_tell() -> None:
    plan = next(plan for plan in sample().plans if len(plan.lessons) == 12)
    texts = transcripts(plan)
    texts = [*swapped(texts, 0, 7), *texts * (MOST_WITH_UUIDS // len(texts))]
    copies = len(texts) // len(plan.lessons)
    assert len(texts) > MOST_WITH_UUIDS
    assert doubted(many(plan, copies), texts) == {}
    by_number = many(plan, copies, uuid=None)
    heard = Agreement(by_number, STEMS)
    assert heard.compares
    assert not Agreement(many(plan, copies), STEMS).compares
    assert Agreement(many(plan, copies - 1), STEMS).compares


def test_shuffled_transcripts_of_the_sample_are_told_with_their_lessons() -> None:
    plan = next(sample_plans("as it is"))
    texts = transcripts(plan)
    order = Random(7).sample(range(len(texts)), len(texts))
    found = doubted(plan, [texts[place] for place in order])
    assert found == {place: right for place, right in enumerate(order) if place != right}


def course_by_numbers(store: StoreBuilder, slug: str, order: Sequence[int]) -> None:
    """A course that says no UUID; the transcript of lesson order[n] is named n + 1."""
    course = store.course(slug)
    for number, (title, summary, _) in enumerate(LESSONS[slug], start=1):
        course.lesson(number, id=None, title=title, summary=summary)
        course.file(f"{number}.txt", LESSONS[slug][order[number - 1]][2])


@pytest.mark.django_db
@pytest.mark.parametrize("slug", LESSONS)
def test_invented_courses_by_numbers_alone(tmp_path: Path, slug: str) -> None:
    store = StoreBuilder(tmp_path)
    course_by_numbers(store, slug, [0, 1, 2, 3])
    assert not import_store(store.path).warnings
    for one, other in combinations(range(4), 2):
        order = [0, 1, 2, 3]
        order[one], order[other] = other, one
        course_by_numbers(store, slug, order)
        files = {warning.file for warning in import_store(store.path, dry_run=True).warnings}
        assert files == {f"{slug}/{one + 1}.txt", f"{slug}/{other + 1}.txt"}


@pytest.mark.django_db
def test_the_warning_names_the_file_and_both_lessons_and_refuses_nothing(tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path)
    course_by_numbers(store, "bread", [1, 0, 2, 3])
    report = import_store(store.path)
    assert report.tables["lessons"].created == 4
    assert [str(warning) for warning in report.warnings] == [
        (
            "bread/1.txt: is taken for lesson 1 (Feeding a sourdough starter) by its number, but its words "
            "fit lesson 2 (Kneading by hand) better: compare them"
        ),
        (
            "bread/2.txt: is taken for lesson 2 (Kneading by hand) by its number, but its words fit "
            "lesson 1 (Feeding a sourdough starter) better: compare them"
        ),
    ]


@pytest.mark.django_db
def test_a_uuid_that_was_copied_wrong_is_told_too(tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path)
    course = store.course("bread")
    for number, (title, summary, text) in enumerate(LESSONS["bread"], start=1):
        course.lesson(number, title=title, summary=summary)
        course.transcript({1: 3, 3: 1}.get(number, number), text)
    warnings = [str(warning) for warning in import_store(store.path).warnings]
    assert [warning.split(": ")[0] for warning in warnings] == [
        f"bread/1-{lesson_id(1)}.txt",
        f"bread/3-{lesson_id(3)}.txt",
    ]
    assert all("by its UUID" in warning for warning in warnings)


@pytest.mark.django_db
def test_swapped_templates_are_told(tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path)
    course_by_numbers(store, "guitar", [0, 1, 2, 3])
    for number, other in ((1, 4), (4, 1)):
        text = LESSONS["guitar"][other - 1][2]
        store.course("guitar").file(f"{number}-final.json", {**DESCRIPTION, "introduction": text})
    warnings = [str(warning) for warning in import_store(store.path).warnings]
    assert [warning.split(": ")[0] for warning in warnings] == ["guitar/1-final.json", "guitar/4-final.json"]


def test_a_word_is_its_stem_in_both_languages() -> None:
    counted = STEMS.count("Аккорд, аккорды; Ёлка и ёлки. Kneading, kneads: on 12 а")
    assert counted == {"аккорд": 2, "елк": 2, "knead": 2}


def test_likeness_is_a_cosine_and_common_words_weigh_nothing() -> None:
    texts: list[Mapping[str, int]] = [{"a": 1, "all": 9}, {"b": 1, "c": 1, "all": 9}, {"d": 1}]
    likeness = Likeness(texts)
    assert likeness.to({"a": 3, "all": 5, "new": 1}) == pytest.approx({0: 1.0})
    assert likeness.to({"b": 1}) == pytest.approx({1: 0.5**0.5})
    assert likeness.to({"all": 3}) == {}


@pytest.mark.django_db
def test_a_title_that_is_one_common_word_is_no_evidence(tmp_path: Path) -> None:
    course = StoreBuilder(tmp_path).course().lessons(3)
    course.lesson(1, title="Теория")
    assert not import_store(tmp_path).warnings


@pytest.mark.parametrize("count", [0, 1, 2])
def test_courses_too_small_to_compare(count: int) -> None:
    plan = next(sample_plans("as it is"))
    plan = replace(plan, lessons=plan.lessons[:count])
    assert doubted(plan, ["что-то совсем другое " * 20] * count) == {}
