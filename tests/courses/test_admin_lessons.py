"""A lesson's page: the description as a form made from its format, transcript and assets."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Lesson, LessonAsset, LessonDescription
from tests.admin_forms import errors_of, send
from tests.builders import (
    DESCRIPTION,
    make_asset,
    make_course,
    make_description,
    make_lesson,
    make_staff,
    make_superuser,
)


def page(lesson: Lesson) -> str:
    return reverse("admin:courses_lesson_change", args=[lesson.pk])


def stored(lesson: Lesson) -> Any:
    return LessonDescription.objects.get(lesson=lesson).data


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_the_description_is_a_form_with_headings_and_guidance(admin: Client) -> None:
    lesson = make_lesson()
    make_description(lesson)
    html = admin.get(page(lesson)).content.decode()
    assert "Key points" in html
    assert "4 to 6 points, each of 18 words at most." in html
    assert "Тёплые руки\nМягкий нажим" in html
    assert "&quot;key_points&quot;" not in html


def test_the_form_speaks_the_language_of_the_interface(admin: Client) -> None:
    lesson = make_lesson(make_course(language="en"))
    html = admin.get(page(lesson), headers={"accept-language": "ru"}).content.decode()
    assert "Ключевые моменты" in html


def test_editing_one_section_leaves_the_others_as_they_were(admin: Client) -> None:
    lesson = make_lesson()
    make_description(lesson)
    send(admin, page(lesson), section_key_points="One\r\n\r\n  Two  \r\n")
    assert stored(lesson) == {**DESCRIPTION, "key_points": ["One", "Two"]}


def test_the_title_alone_leaves_the_description_untouched(admin: Client) -> None:
    lesson = make_lesson()
    old = {"introduction": ["a list\nof lines"], "homework": ""}
    make_description(lesson, old)
    send(admin, page(lesson), title="New")
    assert stored(lesson) == old
    assert Lesson.objects.get(pk=lesson.pk).title == "New"


def test_unknown_sections_are_shown_and_kept_in_their_place(admin: Client) -> None:
    lesson = make_lesson()
    order = ["introduction", "author_note", "homework"]
    make_description(
        lesson, {"introduction": "I", "author_note": {"by": "<Анна>"}, "homework": "H", "_order": order}
    )
    html = admin.get(page(lesson)).content.decode()
    assert "Author note" in html
    assert "&lt;Анна&gt;" in html
    required = {"section_practical_tips": "T", "section_motivational_line": "M", "section_key_points": "K"}
    send(admin, page(lesson), **required)
    assert stored(lesson)["author_note"] == {"by": "<Анна>"}
    assert stored(lesson)["_order"] == [
        "introduction",
        "key_points",
        "practical_tips",
        "author_note",
        "homework",
        "motivational_line",
    ]


def test_required_sections_are_asked_for_when_the_description_is_edited(admin: Client) -> None:
    lesson = make_lesson()
    make_description(lesson)
    refused = send(admin, page(lesson), section_homework="  ")
    assert errors_of(refused) == {"section_homework": ["This section is required."]}
    assert stored(lesson) == DESCRIPTION


def test_an_optional_section_can_be_emptied(admin: Client) -> None:
    lesson = make_lesson()
    make_description(lesson)
    send(admin, page(lesson), section_important_notes="")
    assert stored(lesson)["important_notes"] == []


def test_a_lesson_without_description_gets_one(admin: Client) -> None:
    lesson = make_lesson()
    lists = {
        f"section_{key}": "\n".join(value) for key, value in DESCRIPTION.items() if isinstance(value, list)
    }
    texts = {f"section_{key}": value for key, value in DESCRIPTION.items() if isinstance(value, str)}
    send(admin, page(lesson), **lists, **texts)
    assert stored(lesson) == DESCRIPTION


def test_a_description_of_an_old_store_is_edited_in_canonical_keys(admin: Client) -> None:
    lesson = make_lesson()
    old = {"👋 Введение": "Привет", "🔑 Ключевые моменты": ["К"], "💡 Практические советы": ["С"]}
    make_description(lesson, {"template": old})
    send(admin, page(lesson), section_homework="Дом", section_motivational_line="Вперёд")
    assert stored(lesson) == {
        "introduction": "Привет",
        "key_points": ["К"],
        "practical_tips": ["С"],
        "homework": "Дом",
        "motivational_line": "Вперёд",
    }


def test_a_section_that_is_no_text_is_kept_and_not_edited(admin: Client) -> None:
    lesson = make_lesson()
    make_description(lesson, {**DESCRIPTION, "key_points": [{"point": "A"}]})
    send(admin, page(lesson), section_key_points="overwritten", section_homework="New")
    assert stored(lesson)["key_points"] == [{"point": "A"}]
    assert stored(lesson)["homework"] == "New"


def test_markup_in_a_description_stays_text(admin: Client) -> None:
    lesson = make_lesson()
    make_description(lesson, {**DESCRIPTION, "introduction": "</textarea><script>alert(1)</script>"})
    assert "<script>alert(1)" not in admin.get(page(lesson)).content.decode()


def test_a_new_lesson_can_be_added_with_its_transcript(admin: Client) -> None:
    course = make_course()
    add = reverse("admin:courses_lesson_add")
    send(admin, add, course=str(course.pk), lesson_number="4", title="New", transcript="Hello")
    assert Lesson.objects.get(course=course, lesson_number=4).transcript == "Hello"
    refused = send(admin, add, course=str(course.pk), lesson_number="4", title="Twin")
    assert errors_of(refused) == {"__all__": ["Lesson with this Course and Number already exists."]}


def test_a_number_that_another_lesson_has_is_refused(admin: Client) -> None:
    lesson = make_lesson(number=1)
    make_lesson(lesson.course, 2)
    refused = send(admin, page(lesson), lesson_number="2")
    assert errors_of(refused) == {"__all__": ["Lesson with this Course and Number already exists."]}
    lesson.refresh_from_db()
    assert lesson.lesson_number == 1


def test_assets_are_edited_without_touching_their_other_data(admin: Client) -> None:
    lesson = make_lesson()
    asset = make_asset(lesson, metadata={"seconds": 5})
    asset_page = send(admin, page(lesson), **{"assets-0-url": "https://example.org/new.mp4"})
    assert asset_page.status_code == 302
    asset.refresh_from_db()
    assert (asset.url, asset.metadata) == ("https://example.org/new.mp4", {"seconds": 5})
    assert LessonAsset.objects.count() == 1


def test_the_list_filters_by_course_and_by_what_is_missing(admin: Client) -> None:
    course = make_course()
    make_description(make_lesson(course, 1, title="Complete"))
    make_lesson(course, 2, title="Bare", transcript="")
    make_lesson(make_course(), 1, title="Elsewhere", transcript="")
    found = {
        "description": ["Bare"],
        "transcript": ["Bare"],
    }
    for missing, titles in found.items():
        query = {"missing": missing, "course": course.slug}
        response = admin.get(reverse("admin:courses_lesson_changelist"), query)
        assert [row.title for row in response.context["cl"].result_list] == titles


def test_who_may_only_look_reads_the_description(client: Client, db: None) -> None:
    lesson = make_lesson(make_course(language="ru"))
    make_description(lesson)
    client.force_login(make_staff(permissions=["courses.view_lesson", "courses.view_lessondescription"]))
    html = client.get(page(lesson)).content.decode()
    assert "Ключевые моменты" in html
    assert "<textarea" not in html
    assert client.post(page(lesson), {"section_homework": "X"}).status_code == 403
    assert stored(lesson) == DESCRIPTION


def test_lessons_are_numbered_from_one_and_an_adopted_number_stays(admin: Client) -> None:
    course = make_course()
    add = reverse("admin:courses_lesson_add")
    refused = send(admin, add, course=str(course.pk), lesson_number="-5", title="New")
    assert errors_of(refused) == {"lesson_number": ["Lessons are numbered from 1."]}
    odd = make_lesson(course, -5)
    send(admin, page(odd), title="New title")
    odd.refresh_from_db()
    assert (odd.lesson_number, odd.title) == (-5, "New title")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "../secret.mp4", "http://127.0.0.1/x", " "])
def test_an_asset_is_where_the_import_would_allow_it(admin: Client, url: str) -> None:
    lesson = make_lesson()
    asset = make_asset(lesson)
    response = send(admin, page(lesson), **{"assets-0-url": url})
    [inline] = response.context["inline_admin_formsets"]
    assert list(inline.formset.forms[0].errors) == ["url"]
    asset.refresh_from_db()
    assert asset.url == "https://example.org/video.mp4"


def test_a_section_that_an_old_description_lacks_stays_optional(admin: Client) -> None:
    lesson = make_lesson()
    make_description(lesson, {"introduction": "I", "homework": "H"})
    send(admin, page(lesson), section_homework="New")
    assert stored(lesson)["homework"] == "New"
    refused = send(admin, page(lesson), section_introduction="")
    assert list(errors_of(refused)) == ["section_introduction"]


def test_line_ends_of_a_browser_change_no_transcript(admin: Client) -> None:
    lesson = make_lesson(transcript="One\n\u2028Two \n")
    send(admin, page(lesson), title="New", transcript="One\r\n\u2028Two \r\n")
    assert Lesson.objects.get(pk=lesson.pk).transcript == "One\n\u2028Two \n"
    send(admin, page(lesson), transcript="One\r\nTwo\r\nThree")
    assert Lesson.objects.get(pk=lesson.pk).transcript == "One\nTwo\nThree"
