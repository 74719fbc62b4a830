"""Personal texts in the admin: read as the learner reads them, edited section by section, locked by that."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.errors import ChangedMeanwhile
from personalization.admin import TextAdmin, paginator
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services.texts import edit_text
from tests.admin_forms import errors_of, filled_in, send
from tests.builders import (
    PERSONAL_TEXT,
    make_course,
    make_learner,
    make_lesson,
    make_staff,
    make_superuser,
    make_text,
)

LIST = reverse("admin:personalization_personalizedlessondescription_changelist")
EXTENDED = {
    "introduction": "Введение",
    "why_it_matters_for_you": "Почему",
    "key_takeaways": ["Раз", "Два", "Три"],
    "practical_application": "Как",
    "personalized_homework": "Дома",
    "motivational_quote": "Вперёд",
}


def page(text: Text) -> str:
    return reverse("admin:personalization_personalizedlessondescription_change", args=[text.pk])


def make_one(content: Any = None, **fields: Any) -> Text:
    lesson = make_lesson(make_course(language="ru"))
    return make_text(make_learner(course=lesson.course), lesson, content, **fields)


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_the_page_shows_text_and_provenance(admin: Client) -> None:
    text = make_one(
        origin="openai",
        model="gpt-x",
        prompt_version="7",
        fingerprint="0123456789abcdef",
        generated_at="2026-01-02T03:04Z",
    )
    response: Any = admin.get(page(text))
    html = response.content.decode()
    for shown in ("Почему этот урок для вас", "language model", "gpt-x", "0123456789ab", "stale"):
        assert shown in html
    assert "0123456789abcdef" not in html


def test_editing_keeps_the_origin_and_locks_the_text(admin: Client) -> None:
    text = make_one(origin="openai", model="gpt-x", fingerprint="f")
    send(admin, page(text), section_quick_action="Новое действие")
    text.refresh_from_db()
    assert text.content == {**PERSONAL_TEXT, "quick_action": "Новое действие"}
    assert (text.origin, text.model, text.fingerprint, text.locked) == ("openai", "gpt-x", "f", True)
    assert str(text.edited_by) == "admin"


def test_saving_without_a_change_locks_nothing(admin: Client) -> None:
    text = make_one()
    send(admin, page(text))
    text.refresh_from_db()
    assert not text.locked


def test_a_required_section_cannot_be_emptied(admin: Client) -> None:
    text = make_one()
    refused = send(admin, page(text), section_why_watch="")
    assert list(errors_of(refused)) == ["section_why_watch"]
    text.refresh_from_db()
    assert text.content == PERSONAL_TEXT


def test_a_text_of_the_seven_section_format_gets_its_own_form(admin: Client) -> None:
    text = make_one(EXTENDED)
    send(admin, page(text), section_key_takeaways="Раз\nДва")
    text.refresh_from_db()
    assert text.content == {**EXTENDED, "key_takeaways": ["Раз", "Два"]}


def test_a_list_that_an_old_store_kept_as_text_is_not_touched_unasked(admin: Client) -> None:
    text = make_one({**PERSONAL_TEXT, "homework_20m": "1. Раз\n2. Два", "prev_lessons": "Было"})
    send(admin, page(text), section_quick_action="Новое")
    text.refresh_from_db()
    assert text.content["homework_20m"] == "1. Раз\n2. Два"
    assert text.content["prev_lessons"] == "Было"


def test_a_text_of_a_course_that_the_learner_has_left_can_still_be_read(admin: Client) -> None:
    text = make_text(make_learner(course=make_course()), make_lesson())
    assert "not of the learner" in admin.get(page(text)).content.decode()


def test_who_may_only_look_gets_no_form(client: Client, db: None) -> None:
    text = make_one()
    client.force_login(make_staff(permissions=["personalization.view_personalizedlessondescription"]))
    html = client.get(page(text)).content.decode()
    assert "Нина, этот урок о первом прикосновении." in html
    assert "<textarea" not in html
    assert client.post(page(text), {"section_quick_action": "X"}).status_code == 403
    text.refresh_from_db()
    assert text.content == PERSONAL_TEXT


def test_texts_are_not_added_by_hand(admin: Client) -> None:
    assert admin.get(f"{LIST}add/").status_code == 403


def test_search_by_learner_and_filter_by_edited(admin: Client) -> None:
    lesson = make_lesson()
    make_text(make_learner("u-1", lesson.course), lesson, edited_at="2026-01-02T03:04Z")
    make_text(make_learner("u-2", lesson.course), lesson)
    for query in ({"q": "u-1"}, {"edited": "yes"}):
        rows = admin.get(LIST, query).context["cl"].result_list
        assert [row.profile.user_identifier for row in rows] == ["u-1"]


def test_a_big_table_is_estimated_not_counted(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = make_lesson()
    for _ in range(4):
        make_text(make_learner(course=lesson.course), lesson)
    monkeypatch.setattr(paginator, "EXACT_UP_TO", 2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE personalized_lesson_descriptions")
    with CaptureQueriesContext(connection) as captured:
        response: Any = admin.get(LIST)
    assert response.context["cl"].result_count == 4
    assert response.context["cl"].paginator.num_pages == 1
    counts = [query["sql"] for query in captured if "COUNT(*)" in query["sql"]]
    assert all("LIMIT 3" in sql for sql in counts)
    assert admin.get(LIST, {"q": "u-"}).context["cl"].result_count == 3


def test_a_text_that_a_worker_replaced_meanwhile_is_kept(admin: Client) -> None:
    text = make_one(origin="openai")
    form = filled_in(admin, page(text))
    newer = {**PERSONAL_TEXT, "why_watch": "Из новой версии"}
    Text.objects.filter(pk=text.pk).update(content=newer)
    response: Any = admin.post(page(text), {**form, "section_quick_action": "Мои слова"})
    html = response.content.decode()
    assert "Somebody else has changed it since you opened it" in html
    assert html.index("Мои слова") < html.index("Where this text comes from")
    text.refresh_from_db()
    assert (text.content, text.locked) == (newer, False)


def test_of_two_editors_at_once_the_first_wins(db: None) -> None:
    text = make_one()
    first, second = Text.objects.get(pk=text.pk), Text.objects.get(pk=text.pk)
    edit_text(text=first, content={**PERSONAL_TEXT, "why_watch": "1"}, editor=make_staff("first"))
    with pytest.raises(ChangedMeanwhile):
        edit_text(text=second, content={**PERSONAL_TEXT, "why_watch": "2"}, editor=make_staff("second"))
    text.refresh_from_db()
    assert (text.content["why_watch"], str(text.edited_by)) == ("1", "first")


def test_a_text_that_was_deleted_meanwhile_is_not_brought_back(db: None) -> None:
    text = make_one()
    Text.objects.all().delete()
    with pytest.raises(ChangedMeanwhile):
        edit_text(text=text, content=PERSONAL_TEXT, editor=make_staff())
    assert not Text.objects.exists()


def test_an_error_comes_first(admin: Client) -> None:
    text = make_one()
    html = admin.get(page(text)).content.decode()
    assert html.index("Where this text comes from") < html.index("Edit the text")
    html = send(admin, page(text), section_why_watch="").content.decode()
    assert html.count("Where this text comes from") == 1
    assert html.index("This section is required.") < html.index("Where this text comes from")


def test_a_section_that_the_text_lacked_is_not_asked_for(admin: Client) -> None:
    text = make_one({**PERSONAL_TEXT, "why_watch": ""})
    send(admin, page(text), section_quick_action="Новое")
    text.refresh_from_db()
    assert text.content["quick_action"] == "Новое"


def test_a_text_is_called_by_learner_and_lesson(admin: Client) -> None:
    text = make_one()
    assert f"{text.profile.user_identifier} · 1. Урок 1" in admin.get(page(text)).content.decode()
    assert f"Нина ({text.profile.user_identifier})" in admin.get(LIST).content.decode()


def test_the_list_is_by_learner_and_lesson_number(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course()
    lessons = [make_lesson(course, number) for number in (3, 1, 2)]
    for identifier in ("u-2", "u-1"):
        learner = make_learner(identifier, course)
        for lesson in lessons:
            make_text(learner, lesson)
    expected = [(who, number) for who in ("u-1", "u-2") for number in (1, 2, 3)]
    assert shown(admin.get(LIST)) == expected
    monkeypatch.setattr(TextAdmin, "list_per_page", 4)
    assert shown(admin.get(LIST, {"p": "2"})) == expected[4:]
    assert shown(admin.get(LIST, {"all": ""})) == expected


def shown(response: Any) -> list[tuple[str, int]]:
    rows = response.context["cl"].result_list
    return [(row.profile.user_identifier, row.lesson.lesson_number) for row in rows]


@pytest.mark.parametrize("number", [-5, 0])
def test_an_adopted_odd_number_breaks_no_page(admin: Client, number: int) -> None:
    lesson = make_lesson(make_course(), number)
    text = make_text(make_learner(course=lesson.course), lesson)
    learner_page = reverse("admin:personalization_profile_change", args=[text.profile_id])
    assert [admin.get(url).status_code for url in (page(text), learner_page)] == [200, 200]
