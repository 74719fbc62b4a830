"""The overview of a course in the admin: figures that lead to their rows, the heat map, who sees what."""

import re
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from courses.models import Course
from personalization.admin import course_overview
from personalization.models import Profile
from tests.builders import (
    make_asset,
    make_course,
    make_description,
    make_learner,
    make_lesson,
    make_staff,
    make_superuser,
    make_text,
)

LISTS = {
    "lessons": "admin:courses_lesson_changelist",
    "learners": "admin:personalization_profile_changelist",
    "texts": "admin:personalization_personalizedlessondescription_changelist",
}
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def course() -> Course:
    """Something of everything that can be missing, beside a course of which nothing may be counted."""
    course = make_course("shvz")
    for course_of_lessons in (course, make_course("other")):
        first = make_lesson(course_of_lessons, 1)
        make_description(first)
        make_asset(first)
        make_lesson(course_of_lessons, 2, transcript="", title="XXXL")
        make_lesson(course_of_lessons, 5, transcript="too short", title="Урок ***")
        fourth = make_lesson(course_of_lessons, 6, title="TODO: Урок")
        # By their identifiers they are listed.
        learner = make_learner(f"{course_of_lessons.slug}-1", course_of_lessons)
        make_text(learner, first, origin="simple", fingerprint="old")
        make_text(learner, fourth, origin="simple", fingerprint="old", edited_at=timezone.now())
        make_learner(f"{course_of_lessons.slug}-2", course_of_lessons)
        make_learner(course=course_of_lessons, survey=None)
        make_learner(course=course_of_lessons, survey={"experience": " "})
    return course


def overview(course: Course) -> str:
    return reverse("admin:courses_course_overview", args=[course.pk])


def figures(client: Client, course: Course) -> dict[str, tuple[int, str]]:
    """Words → (number, link), of lessons and learners."""
    context = client.get(overview(course)).context
    found = [*context["lesson_figures"], *context["learner_figures"]]
    return {figure.words: (figure.count, figure.link) for figure in found}


def test_the_figures(admin: Client, course: Course) -> None:
    assert {words: count for words, (count, _) in figures(admin, course).items()} == {
        "lessons": 4,
        "without transcript": 1,
        "with a transcript too short to personalise": 1,
        "without description": 3,
        "without assets": 3,
        "with working marks in the title": 2,
        "after a gap in the numbering": 1,
        "learners": 4,
        "without any text": 3,
        "of them without answers: they cannot get one": 2,
        "without answers": 2,
        "could have more texts": 1,
        "personal texts": 2,
        "stale text": 1,
        "texts edited, and locked by that": 1,
    }


def test_each_figure_leads_to_the_rows_that_it_counts(admin: Client, course: Course) -> None:
    for words, (count, link) in figures(admin, course).items():
        changes: Any = admin.get(link).context["cl"]
        assert (words, changes.result_count) == (words, count)
        assert link.startswith(tuple(map(reverse, LISTS.values())))


def test_the_gaps_are_named(admin: Client, course: Course) -> None:
    make_lesson(course, 9)
    assert "Missing: 3–4, 7–8" in admin.get(overview(course)).content.decode()


def states(client: Client, course: Course) -> list[list[str]]:
    heat = client.get(overview(course)).context["heat"]
    return [[cell.state for cell in row.cells] for row in heat.rows]


def test_the_heat_map_has_a_state_for_each_pair(admin: Client, course: Course) -> None:
    assert states(admin, course) == [
        ["stale", "impossible", "impossible", "edited"],
        ["none", "impossible", "impossible", "none"],
        ["impossible"] * 4,
        ["impossible"] * 4,
    ]


def test_a_text_without_fingerprint_is_current(admin: Client) -> None:
    lesson = make_lesson()
    make_text(make_learner(course=lesson.course), lesson, origin="import")
    assert states(admin, lesson.course) == [["current"]]


def test_a_cell_leads_to_the_text_or_to_the_learner(admin: Client, course: Course) -> None:
    page = admin.get(overview(course)).content.decode()
    links = re.findall(r'<td class="heat-(\w+)"><a href="([^"]+)" aria-label="[^"]+">', page)
    assert len(links) == 16
    for state, link in links:
        shown = admin.get(link)
        assert shown.status_code == 200
        assert ("text" in shown.context) == (state in {"stale", "edited"})


def test_the_sums_stand_on_the_edges(admin: Client, course: Course) -> None:
    response: Any = admin.get(overview(course))
    assert response.context["heat_sums"] == [1, 0, 0, 1]
    assert [row.texts for row in response.context["heat"].rows] == [2, 0, 0, 0]
    assert '<td class="heat-sum">2</td></tr></tfoot>' in response.content.decode()


def test_of_many_learners_an_even_sample_is_shown_and_said(admin: Client) -> None:
    course = make_lesson().course
    Profile.objects.bulk_create(
        Profile(user_identifier=f"u-{number:04}", course=course) for number in range(1, 1003)
    )
    response: Any = admin.get(overview(course))
    numbers = [int(row.identifier[2:]) for row in response.context["heat"].rows]
    steps = {after - before for before, after in pairwise(numbers)}
    assert (len(numbers), numbers[-1]) == (200, 1002)
    assert steps == {5, 6}
    assert "200 of 1,002 learners" in response.content.decode()


def test_many_lessons_come_in_pages(admin: Client) -> None:
    course = make_course()
    for number in range(1, 63):
        make_lesson(course, number)
    make_learner(course=course)
    pages = {page: admin.get(overview(course), {"page": page}) for page in ("", "2", "3", "9", "x", "-1")}
    shown = {page: len(response.context["heat"].columns) for page, response in pages.items()}
    assert shown == {"": 30, "2": 30, "3": 2, "9": 2, "x": 30, "-1": 30}
    assert "Lessons 31–60 of 62" in pages["2"].content.decode()


def test_numbers_are_written_as_the_language_writes_them(admin: Client) -> None:
    course = make_lesson().course
    Profile.objects.bulk_create(Profile(user_identifier=f"u-{n}", course=course) for n in range(1002))
    page = admin.get(overview(course), headers={"accept-language": "ru"}).content.decode()
    assert "<strong>1\xa0002</strong>" in page


def test_learners_of_a_large_course_are_counted_by_a_second_request(
    admin: Client, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = figures(admin, course)
    monkeypatch.setattr(course_overview, "AT_ONCE_UP_TO", 15)
    assert "stale text" not in figures(admin, course)
    later = reverse("admin:courses_course_overview_learners", args=[course.pk])
    assert f'hx-get="{later}"' in admin.get(overview(course)).content.decode()
    assert [figure.count for figure in admin.get(later).context["figures"]] == [
        count for count, _ in at_once.values()
    ][7:]
    assert "stale text" in admin.get(overview(course), {"count": "all"}).content.decode()


# --- nothing there yet ---


def test_an_empty_course_says_what_to_do(admin: Client) -> None:
    page = admin.get(overview(make_course())).content.decode()
    assert "Import its store folder, or add a lesson" in page
    assert "No learner has this course yet" in page
    assert "data-heat-map" not in page


def test_a_course_without_texts_says_what_to_do(admin: Client) -> None:
    make_learner(course=(course := make_lesson().course))
    assert "There are no personal texts yet" in admin.get(overview(course)).content.decode()


def test_a_course_that_is_gone_is_not_found(admin: Client) -> None:
    course = make_course()
    url = overview(course)
    course.delete()
    assert admin.get(url).status_code == 404


# --- who sees what ---


@pytest.mark.django_db
@pytest.mark.parametrize("group", ["Content editors", "Operators", "Viewers"])
def test_each_group_sees_the_whole_page(client: Client, course: Course, group: str) -> None:
    client.force_login(make_staff(groups=[Group.objects.get(name=group)]))
    page = client.get(overview(course)).content.decode()
    assert "without transcript" in page
    assert "stale text" in page
    assert "data-heat-map" in page


@pytest.mark.django_db
def test_without_rights_to_learners_only_lessons_are_shown(client: Client, course: Course) -> None:
    client.force_login(make_staff(permissions=["courses.view_course", "courses.view_lesson"]))
    page = client.get(overview(course)).content.decode()
    assert "without transcript" in page
    for hidden in (
        "stale text",
        "data-heat-map",
        *Profile.objects.values_list("user_identifier", flat=True),
    ):
        assert hidden not in page
    later = reverse("admin:courses_course_overview_learners", args=[course.pk])
    assert client.get(later).context["figures"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["courses_course_overview", "courses_course_overview_learners"])
def test_without_rights_to_courses_there_is_no_page(client: Client, course: Course, name: str) -> None:
    client.force_login(make_staff(permissions=["courses.view_lesson", "personalization.view_profile"]))
    assert client.get(reverse(f"admin:{name}", args=[course.pk])).status_code == 403


# --- what it costs, what it is made of ---


def test_the_page_takes_a_fixed_number_of_queries(admin: Client, course: Course) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            admin.get(overview(course))
        counts.append(len(captured))
        assert not [query for query in captured if '"content"' in query["sql"]]
        for number in range(10, 15):
            make_text(make_learner(course=course), make_lesson(course, number + len(counts) * 10))
    assert counts[0] == counts[1] <= 15


def test_titles_and_identifiers_are_never_markup(admin: Client) -> None:
    course = make_course(title=HOSTILE)
    lesson = make_lesson(course, title=HOSTILE)
    make_text(make_learner(f"u{HOSTILE}", course, name=HOSTILE), lesson)
    page = admin.get(overview(course)).content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_the_course_and_the_list_of_courses_lead_to_it(admin: Client, course: Course) -> None:
    for url in (
        reverse("admin:courses_course_changelist"),
        reverse("admin:courses_course_change", args=[course.pk]),
    ):
        assert f'href="{overview(course)}"' in admin.get(url).content.decode()


@pytest.mark.parametrize("name", LISTS.values())
@pytest.mark.parametrize("parameter", ["missing", "answers", "texts", "stale"])
def test_a_filter_that_is_none_leaves_the_list_whole(
    admin: Client, course: Course, name: str, parameter: str
) -> None:
    url = reverse(name)
    response: Any = admin.get(url, {parameter: "nonsense"}, follow=True)
    assert response.context["cl"].result_count == admin.get(url).context["cl"].result_count
