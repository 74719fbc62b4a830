"""Another order of a course's lessons: what is planned, what is written, and who else writes meanwhile."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from courses.errors import ChangedMeanwhile, InvalidInput
from courses.models import Course, Lesson
from courses.services.number_wishes import StoreLesson, stored, wished
from courses.services.numbering import Place, compacted, read_places, renumber, reordered
from tests.builders import make_asset, make_course, make_description, make_learner, make_lesson, make_text
from tests.store_builder import lesson_id


def places(*numbers: int) -> list[Place]:
    """Lessons called by their number: the title of number 7 is "t7"."""
    return [Place(lesson_id(1000 + number), number, f"t{number}") for number in numbers]


def by_title(found: list[Place], numbers: dict[UUID, int]) -> dict[str, int]:
    """What changes: title → new number."""
    return {p.title: numbers[p.id] for p in found if numbers[p.id] != p.number}


def stored_lesson(number: int, title: str, said: UUID | None = None) -> StoreLesson:
    return StoreLesson(f"c/lessons/{number:02}/lesson.json", number, title, said)


# --- wishes ---


@pytest.mark.parametrize(
    ("now", "wishes", "changes"),
    [
        ((1, 2, 3, 4, 5), ["t2=4"], {"t2": 4, "t3": 2, "t4": 3}),
        ((1, 2, 3, 4, 5), ["t4=2"], {"t4": 2, "t2": 3, "t3": 4}),
        ((1, 2, 3), ["t2=9"], {"t2": 9}),
        ((1, 2, 5, 8), ["t8=2"], {"t8": 2, "t2": 5, "t5": 8}),
        ((1, 2, 3), ["t1=3", "t3=1"], {"t1": 3, "t3": 1}),
        ((1, 2, 3), ["t1=2", "t2=7"], {"t1": 2, "t2": 7}),
        ((1, 2, 3, 4, 7), ["t2=20", "t7=4"], {"t2": 20, "t7": 4, "t4": 7}),
        ((-4, 0, 3), ["t0=1"], {"t0": 1}),
        ((1, 2, 3), ["t2=2"], {}),
    ],
)
def test_a_wish_moves_those_between_and_nobody_else(
    now: tuple[int, ...], wishes: list[str], changes: dict[str, int]
) -> None:
    found = places(*now)
    assert by_title(found, wished(found, wishes)) == changes


@given(st.data())
def test_wishes_hold_all_at_once_and_no_number_is_there_twice(data: st.DataObject) -> None:
    found = places(*data.draw(st.sets(st.integers(-3, 20), min_size=1, max_size=12)))
    asked = data.draw(st.dictionaries(st.sampled_from(found), st.integers(1, 24), min_size=1))
    if len(set(asked.values())) < len(asked):
        return
    numbers = wished(found, [f"{place.id}={number}" for place, number in asked.items()])
    assert {place: numbers[place.id] for place in asked} == asked
    assert len(set(numbers.values())) == len(found)
    others = [place for place in sorted(found, key=lambda place: place.number) if place not in asked]
    order = [numbers[place.id] for place in others]
    assert order == sorted(order)


def test_a_title_may_hold_the_sign_and_be_written_decomposed() -> None:
    found = [Place(lesson_id(1), 1, "a=b"), Place(lesson_id(2), 2, "Йога")]
    assert wished(found, ["a=b=7", " Йога =9"]) == {lesson_id(1): 7, lesson_id(2): 9}


def test_every_wrong_wish_is_told_at_once() -> None:
    same = [Place(lesson_id(1), 1, "same"), Place(lesson_id(2), 2, "same"), Place(lesson_id(3), 3, "other")]
    wishes = [
        "other",
        "oth=4",
        f"{uuid4()}=4",
        "same=4",
        "other=0",
        "other=1000001",
        "other=3.5",
        "other=--5",
        "other=9",
        "other=8",
        f"{lesson_id(1)}=9",
    ]
    with pytest.raises(InvalidInput) as refused:
        wished(same, wishes)
    problems = refused.value.problems
    assert [problem.place for problem in problems] == [*wishes[:8], *wishes[9:]]
    assert f"1. same ({lesson_id(1)}); 2. same ({lesson_id(2)})" in problems[3].message


# --- the store's numbers ---


def test_lessons_are_found_by_id_and_else_by_title() -> None:
    found = places(1, 2, 3)
    lessons = [
        stored_lesson(2, "renamed", found[0].id),
        stored_lesson(3, " t2 ", uuid4()),
        stored_lesson(1, "t3"),
    ]
    assert stored(found, lessons) == ({found[0].id: 2, found[1].id: 3, found[2].id: 1}, [])


def test_a_lesson_that_the_store_lacks_keeps_its_number_or_follows_the_others() -> None:
    found = places(1, 2, 3, 20)
    numbers, warnings = stored(found, [stored_lesson(3, "t1"), stored_lesson(2, "new")])
    assert by_title(found, numbers) == {"t1": 3, "t2": 4, "t3": 5}
    assert len(warnings) == 4
    assert str(warnings[0]).startswith("c/lessons/02/lesson.json: is not in the database: its number 2")


def test_ambiguous_titles_are_all_told_with_their_candidates() -> None:
    found = [*places(1), Place(lesson_id(8), 8, "t1"), *places(2)]
    lessons = [stored_lesson(1, "t1"), stored_lesson(2, "t2"), stored_lesson(3, "t2")]
    with pytest.raises(InvalidInput) as refused:
        stored(found, lessons)
    first, second = refused.value.problems
    assert f"1. t1 ({lesson_id(1001)}); 8. t1 ({lesson_id(8)})" in first.message
    assert second.file == "c/lessons/02/lesson.json, c/lessons/03/lesson.json"


# --- what is written ---


class AnyOrder(TestCase):
    @given(st.sets(st.integers(-(2**31), 2**31 - 1), min_size=2, max_size=6), st.randoms())
    def test_any_numbers_become_any_other_numbers(self, numbers: set[int], random: object) -> None:
        course = make_course()
        for number in numbers:
            make_lesson(course, number, transcript="")
        order = [place.id for place in read_places(course)]
        random.shuffle(order)  # type: ignore[attr-defined]
        assert_renumbered(course, reordered(read_places(course), order))
        assert_renumbered(course, compacted(read_places(course)))


def assert_renumbered(course: Course, numbers: dict[UUID, int]) -> None:
    made = renumber(course=course, places=read_places(course), numbers=numbers)
    assert {move.id: move.new for move in made} == numbers
    assert dict(course.lessons.values_list("id", "lesson_number")) == numbers


@pytest.fixture
def course(db: None) -> Course:
    """Lessons 1 to 4; another course has a lesson 1 too."""
    make_lesson(make_course(), 1)
    course = make_course("neck")
    for number in (1, 2, 3, 4):
        make_lesson(course, number, id=lesson_id(number))
    return course


def turned(course: Course) -> list[object]:
    """The service's work: the lessons in reversed order."""
    now = read_places(course)
    numbers = reordered(now, [place.id for place in reversed(now)])
    return list(renumber(course=course, places=now, numbers=numbers))


def test_all_that_is_a_lessons_stays_with_it(course: Course) -> None:
    lesson = Lesson.objects.get(pk=lesson_id(1))
    mine: list[Any] = [
        make_description(lesson),
        make_asset(lesson),
        make_text(make_learner(course=course), lesson),
    ]
    turned(course)
    assert [type(row).objects.get(pk=row.pk).lesson_id for row in mine] == [lesson.pk] * 3
    now = Lesson.objects.get(pk=lesson.pk)
    assert now.lesson_number == 4
    kept = ("title", "summary", "transcript", "source_hash", "created_at", "content")
    assert [getattr(now, name) for name in kept] == [getattr(lesson, name) for name in kept]


def test_statements_do_not_grow_with_the_lessons(course: Course) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        turned(course)
    for number in range(5, 40):
        make_lesson(course, number)
    with CaptureQueriesContext(connection) as many:
        turned(course)
    assert len(many) == len(few)
    assert sum("UPDATE lessons" in query["sql"] for query in many) == 2


def test_an_order_that_is_there_writes_nothing(course: Course) -> None:
    now = read_places(course)
    with CaptureQueriesContext(connection) as queries:
        made = renumber(course=course, places=now, numbers=compacted(now))
    assert not any(move.moved for move in made)
    assert not any("UPDATE lessons" in query["sql"] for query in queries)


@pytest.mark.parametrize(
    "change",
    [
        lambda course: make_lesson(course, 9),
        lambda course: course.lessons.get(lesson_number=4).delete(),
        lambda course: course.lessons.filter(lesson_number=4).update(lesson_number=9),
    ],
    ids=["came", "went", "moved"],
)
def test_a_lesson_that_changed_since_the_plan_refuses_it(course: Course, change: object) -> None:
    seen = read_places(course)
    change(course)  # type: ignore[operator]
    now = read_places(course)
    numbers = {place.id: 10 - place.number for place in seen}
    with pytest.raises(ChangedMeanwhile):
        renumber(course=course, places=seen, numbers=numbers)
    assert read_places(course) == now


def test_an_order_must_hold_each_lesson_once() -> None:
    found = places(1, 2)
    with pytest.raises(ValueError, match="each lesson"):
        reordered(found, [found[0].id, found[0].id])


# --- the hash that the trigger keeps ---


def test_nobody_can_leave_the_source_hash_behind(course: Course) -> None:
    before = Lesson.objects.get(pk=lesson_id(1)).source_hash
    Lesson.objects.filter(pk=lesson_id(1)).update(source_hash="forged")
    assert Lesson.objects.get(pk=lesson_id(1)).source_hash == before
    hashes = {before}
    for column, value in {"title": "Другой", "summary": None, "transcript": "Другое"}.items():
        Lesson.objects.filter(pk=lesson_id(1)).update(**{column: value})
        hashes.add(Lesson.objects.get(pk=lesson_id(1)).source_hash)
    assert len(hashes) == 4
