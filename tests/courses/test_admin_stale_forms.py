"""A page that was opened before the row changed: nothing newer is overwritten, nothing typed is lost."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from courses.admin.lesson_form import LessonForm
from courses.errors import ChangedMeanwhile
from courses.models import Lesson, LessonDescription
from courses.services.descriptions import save_description
from tests.admin_forms import errors_of, filled_in
from tests.builders import DESCRIPTION, make_description, make_lesson, make_superuser

CHANGED = "Somebody else has changed it since you opened it"


def page(lesson: Lesson) -> str:
    return reverse("admin:courses_lesson_change", args=[lesson.pk])


def refused_as_stale(response: Any) -> bool:
    return CHANGED in str(errors_of(response).get("__all__", ""))


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.mark.parametrize(
    ("column", "value"),
    [("transcript", "Corrected"), ("title", "Theirs"), ("summary", "Theirs"), ("lesson_number", 9)],
)
def test_what_the_import_corrected_meanwhile_is_not_undone(admin: Client, column: str, value: Any) -> None:
    lesson = make_lesson()
    form = filled_in(admin, page(lesson))
    Lesson.objects.filter(pk=lesson.pk).update(**{column: value})
    response: Any = admin.post(page(lesson), {**form, "title": "Mine <b>"})
    assert refused_as_stale(response)
    assert "Mine &lt;b&gt;" in response.content.decode()
    assert Lesson.objects.values_list(column, flat=True).get(pk=lesson.pk) == value


def test_sending_the_refused_form_again_is_refused_again(admin: Client) -> None:
    lesson = make_lesson()
    form = filled_in(admin, page(lesson))
    Lesson.objects.filter(pk=lesson.pk).update(transcript="Corrected")
    refused: Any = admin.post(page(lesson), {**form, "title": "Mine"})
    again = {**form, "seen": refused.context["adminform"].form["seen"].value(), "title": "Mine"}
    assert refused_as_stale(admin.post(page(lesson), again))


def test_a_description_that_appeared_or_changed_meanwhile_is_kept(admin: Client) -> None:
    lesson = make_lesson()
    form = filled_in(admin, page(lesson))
    theirs = make_description(lesson)
    assert refused_as_stale(admin.post(page(lesson), {**form, "section_homework": "Mine"}))
    form = filled_in(admin, page(lesson))
    LessonDescription.objects.update(data={**theirs.data, "introduction": "Newer"})
    assert refused_as_stale(admin.post(page(lesson), {**form, "section_homework": "Mine"}))
    assert LessonDescription.objects.get().data == {**DESCRIPTION, "introduction": "Newer"}


def test_a_form_without_its_mark_changes_nothing(admin: Client) -> None:
    lesson = make_lesson(title="Before")
    form = {key: value for key, value in filled_in(admin, page(lesson)).items() if key != "seen"}
    assert refused_as_stale(admin.post(page(lesson), {**form, "title": "Mine"}))


def test_a_second_click_on_save_is_no_conflict_with_the_first(admin: Client) -> None:
    lesson = make_lesson()
    form = {**filled_in(admin, page(lesson)), "title": "Mine"}
    assert [admin.post(page(lesson), form).status_code for _ in range(2)] == [302, 302]


def test_the_mark_stands_in_the_form(admin: Client) -> None:
    html = admin.get(page(make_lesson())).content.decode()
    assert html.index("<form") < html.index('name="seen" value="')


@pytest.mark.usefixtures("transactional_db")
def test_a_change_between_reading_and_saving_is_seen(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(make_superuser())
    lesson = make_lesson()
    form = {**filled_in(client, page(lesson)), "summary": "Mine"}
    clean = LessonForm.clean

    def overtaken(self: LessonForm) -> Any:
        cleaned = clean(self)
        in_another_connection(lambda: Lesson.objects.filter(pk=lesson.pk).update(transcript="Theirs"))
        return cleaned

    monkeypatch.setattr(LessonForm, "clean", overtaken)
    assert refused_as_stale(client.post(page(lesson), form))
    lesson.refresh_from_db()
    assert (lesson.transcript, lesson.summary) == ("Theirs", "Первое прикосновение.")


def in_another_connection(work: Callable[[], Any]) -> None:
    def run() -> None:
        work()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()


def test_of_two_descriptions_saved_at_once_the_first_wins(db: None) -> None:
    lesson = make_lesson()
    first = save_description(lesson=lesson, data={"homework": "First"}, expected=None)
    with pytest.raises(ChangedMeanwhile):
        save_description(lesson=lesson, data={"homework": "Second"}, expected=None)
    seen = LessonDescription.objects.get(pk=first.pk)
    save_description(lesson=lesson, data={"homework": "Third"}, expected=seen)
    with pytest.raises(ChangedMeanwhile):
        save_description(lesson=lesson, data={"homework": "Fourth"}, expected=seen)
    LessonDescription.objects.all().delete()
    with pytest.raises(ChangedMeanwhile):
        save_description(lesson=lesson, data={"homework": "Fifth"}, expected=seen)
    assert not LessonDescription.objects.exists()
