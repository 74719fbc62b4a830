"""Two editors on one lesson: both versions are shown, field by field, and nothing of either is lost."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from courses.admin.lesson_form import LessonForm
from courses.models import Lesson, LessonAsset, LessonDescription
from courses.services.lessons import locked_lesson
from tests.admin_forms import filled_in, send, sent_anyway
from tests.builders import DESCRIPTION, make_asset, make_description, make_lesson, make_staff, make_superuser
from tests.locks import deadlock, impatient
from tests.persona_site.test_import_at_once import holding

OTHER = "https://example.org/other.mp4"


def page(lesson: Lesson) -> str:
    return reverse("admin:courses_lesson_change", args=[lesson.pk])


def differences(response: Any) -> dict[str, str]:
    """Field → who changed it; {} of a form that was saved."""
    assert response.status_code in (200, 302)
    return (
        {found.name: str(found.changed) for found in response.context["differences"]}
        if (response.status_code == 200)
        else {}
    )


@pytest.fixture
def lesson(db: None) -> Lesson:
    lesson = make_lesson(title="Before", summary="Before")
    make_description(lesson)
    return lesson


@pytest.fixture
def mine(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def hers(db: None) -> Client:
    client = Client()
    client.force_login(make_superuser("anna"))
    return client


def conflict(mine: Client, hers: Client, lesson: Lesson, **my_changes: Any) -> Any:
    """Anna changes title and homework while my form is open; what becomes of my save."""
    form = filled_in(mine, page(lesson))
    assert send(hers, page(lesson), title="Anna's", section_homework="Anna's homework.").status_code == 302
    return mine.post(page(lesson), {**form, **my_changes})


def test_both_versions_are_shown_field_by_field(mine: Client, hers: Client, lesson: Lesson) -> None:
    response = conflict(mine, hers, lesson, summary="Mine", section_homework="My homework.")
    assert differences(response) == {"title": "theirs", "summary": "mine", "section_homework": "both"}
    html = response.content.decode()
    for words in ("Homework", "changed by both", "<del>Anna&#x27;s ", "<ins>My </ins>"):
        assert words in html
    assert LessonDescription.objects.get().data["homework"] == "Anna's homework."
    assert Lesson.objects.get().summary == "Before"


def test_the_page_says_who_the_other_editor_was(mine: Client, hers: Client, lesson: Lesson) -> None:
    response = conflict(mine, hers, lesson, summary="Mine")
    assert ", anna." in response.content.decode()


def test_the_form_goes_on_from_the_new_version_with_my_words_on_top(
    mine: Client, hers: Client, lesson: Lesson
) -> None:
    response = conflict(mine, hers, lesson, summary="Mine", section_homework="My homework.")
    again = mine.post(page(lesson), sent_anyway(response))
    assert again.status_code == 302
    lesson.refresh_from_db()
    assert (lesson.title, lesson.summary) == ("Anna's", "Mine")
    assert LessonDescription.objects.get().data == {**DESCRIPTION, "homework": "My homework."}


def test_where_i_say_so_the_new_version_is_taken(mine: Client, hers: Client, lesson: Lesson) -> None:
    response = conflict(mine, hers, lesson, summary="Mine", section_homework="My homework.")
    mine.post(page(lesson), {**sent_anyway(response), "theirs": ["section_homework"]})
    lesson.refresh_from_db()
    assert lesson.summary == "Mine"
    assert LessonDescription.objects.get().data["homework"] == "Anna's homework."


def test_a_third_editor_in_between_is_shown_too(mine: Client, hers: Client, lesson: Lesson) -> None:
    response = conflict(mine, hers, lesson, summary="Mine")
    send(hers, page(lesson), summary="Anna again")
    again = mine.post(page(lesson), sent_anyway(response))
    assert differences(again) == {"summary": "both"}
    assert mine.post(page(lesson), sent_anyway(again)).status_code == 302
    lesson.refresh_from_db()
    assert (lesson.title, lesson.summary) == ("Anna's", "Mine")


def test_the_page_has_the_buttons_that_decide_and_no_other(
    mine: Client, hers: Client, lesson: Lesson
) -> None:
    html = conflict(mine, hers, lesson, summary="Mine").content.decode()
    assert "Save mine anyway" in html
    assert "Discard mine, open the new version" in html
    assert 'name="_save"' not in html


def test_a_list_is_shown_and_kept_item_by_item(mine: Client, hers: Client, lesson: Lesson) -> None:
    form = filled_in(mine, page(lesson))
    LessonDescription.objects.update(data={**DESCRIPTION, "key_points": ["Two\nlines", "New"]})
    response = mine.post(page(lesson), {**form, "section_practical_tips": "My tip"})
    assert differences(response) == {"section_key_points": "theirs", "section_practical_tips": "mine"}
    mine.post(page(lesson), sent_anyway(response))
    stored = LessonDescription.objects.get().data
    assert (stored["key_points"], stored["practical_tips"]) == (["Two\nlines", "New"], ["My tip"])


def test_garbled_marks_make_everything_a_question(mine: Client, lesson: Lesson) -> None:
    form = filled_in(mine, page(lesson))
    for marks in ("[" * 100_000, "[1]", '{"title": 5}', "\0"):
        response = mine.post(page(lesson), {**form, "seen": marks, "title": "Mine"})
        assert response.status_code == 200
    assert Lesson.objects.get().title == "Before"


# --- assets ---


def asset_urls(lesson: Lesson) -> list[str]:
    return sorted(LessonAsset.objects.filter(lesson=lesson).values_list("url", flat=True))


def new_asset(form: dict[str, Any], url: str) -> dict[str, Any]:
    index = int(form["assets-TOTAL_FORMS"])
    row = {f"assets-{index}-asset_type": "video", f"assets-{index}-url": url}
    return {**form, **row, "assets-TOTAL_FORMS": str(index + 1)}


def test_an_asset_that_appeared_meanwhile_is_no_longer_overlooked(mine: Client, lesson: Lesson) -> None:
    form = filled_in(mine, page(lesson))
    make_asset(lesson)
    response = mine.post(page(lesson), new_asset(form, OTHER))
    assert differences(response) == {"assets": "both"}
    assert asset_urls(lesson) == ["https://example.org/video.mp4"]
    mine.post(page(lesson), sent_anyway(response))
    assert asset_urls(lesson) == [OTHER, "https://example.org/video.mp4"]


def test_an_asset_that_i_changed_and_somebody_deleted_comes_as_a_new_one(
    mine: Client, lesson: Lesson
) -> None:
    make_asset(lesson, url="https://example.org/1.mp4")
    make_asset(lesson, url="https://example.org/2.mp4")
    form = filled_in(mine, page(lesson))
    LessonAsset.objects.filter(lesson=lesson).delete()
    response = mine.post(page(lesson), {**form, "assets-0-url": OTHER})
    assert differences(response) == {"assets": "both"}
    mine.post(page(lesson), sent_anyway(response))
    assert asset_urls(lesson) == [OTHER]


def test_assets_that_somebody_changed_and_i_did_not_stay_as_they_are_now(
    mine: Client, lesson: Lesson
) -> None:
    make_asset(lesson)
    form = filled_in(mine, page(lesson))
    LessonAsset.objects.filter(lesson=lesson).update(url=OTHER)
    response = mine.post(page(lesson), {**form, "title": "Mine"})
    assert differences(response) == {"title": "mine", "assets": "theirs"}
    mine.post(page(lesson), sent_anyway(response))
    assert asset_urls(lesson) == [OTHER]
    assert Lesson.objects.get().title == "Mine"


def test_of_two_changes_of_one_asset_mine_can_be_given_up(mine: Client, lesson: Lesson) -> None:
    make_asset(lesson)
    form = filled_in(mine, page(lesson))
    LessonAsset.objects.filter(lesson=lesson).update(url=OTHER)
    response = mine.post(page(lesson), {**form, "title": "Mine", "assets-0-url": "https://example.org/3.mp4"})
    assert differences(response) == {"title": "mine", "assets": "both"}
    assert '<input type="checkbox" name="theirs" value="assets">' in response.content.decode()
    mine.post(page(lesson), {**sent_anyway(response), "theirs": ["assets"]})
    assert asset_urls(lesson) == [OTHER]


# --- deleted meanwhile ---


def test_who_saves_a_deleted_lesson_gets_their_words_back(mine: Client, lesson: Lesson) -> None:
    form = {**filled_in(mine, page(lesson)), "section_homework": "My <b>homework</b>.", "title": "My title"}
    lesson.delete()
    response = mine.post(page(lesson), form)
    html = response.content.decode()
    assert response.status_code == 409
    for words in ("It was deleted meanwhile", "My &lt;b&gt;homework", "My title", "Homework", "Тёплые руки"):
        assert words in html
    assert mine.get(page(lesson)).status_code == 302


def test_nobody_else_reads_the_words_of_a_deleted_lesson(client: Client, lesson: Lesson) -> None:
    client.force_login(make_staff(permissions=["courses.view_course"]))
    lesson.delete()
    assert "My title" not in client.post(page(lesson), {"title": "My title"}, follow=True).content.decode()


# --- at the same moment ---


def in_another_connection(work: Callable[[], Any]) -> None:
    def run() -> None:
        work()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("what", ["asset", "number", "description", "gone"])
def test_what_changes_between_reading_and_saving_is_seen(
    client: Client, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    client.force_login(make_superuser())
    lesson = make_lesson()
    changes = {
        "asset": lambda: make_asset(lesson),
        "number": lambda: Lesson.objects.filter(pk=lesson.pk).update(lesson_number=7),
        "description": lambda: make_description(lesson),
        "gone": lesson.delete,
    }
    form = {**filled_in(client, page(lesson)), "summary": "Mine"}
    clean, times = LessonForm.clean, iter([changes[what]])

    def overtaken(self: LessonForm) -> Any:
        cleaned = clean(self)
        for change in times:
            in_another_connection(change)
        return cleaned

    monkeypatch.setattr(LessonForm, "clean", overtaken)
    response = client.post(page(lesson), form)
    assert response.status_code == (409 if what == "gone" else 200)
    assert "Mine" in response.content.decode()
    assert not Lesson.objects.filter(summary="Mine").exists()


@pytest.mark.usefixtures("transactional_db")
def test_what_is_typed_while_an_import_holds_the_lesson_is_not_lost(client: Client) -> None:
    client.force_login(make_superuser())
    lesson = make_lesson()
    form = {**filled_in(client, page(lesson)), "summary": "Mine"}
    with impatient(), holding("SELECT FROM lessons FOR NO KEY UPDATE"):
        response = client.post(page(lesson), form)
    assert response.status_code == 200
    html = response.content.decode()
    assert "An import holds the lessons. Nothing was saved" in html
    assert "Mine" in html
    assert client.post(page(lesson), form).status_code == 302
    assert Lesson.objects.get().summary == "Mine"


def test_what_is_typed_is_not_lost_in_a_deadlock(mine: Client, lesson: Lesson) -> None:
    form = {**filled_in(mine, page(lesson)), "summary": "Mine"}
    with deadlock("lessons"):
        html = mine.post(page(lesson), form).content.decode()
    assert "An import holds the lessons. Nothing was saved" in html
    assert "Mine" in html


@pytest.mark.django_db
def test_a_lesson_that_is_gone_is_not_locked(lesson: Lesson) -> None:
    pk = lesson.pk
    assert locked_lesson(pk) == lesson
    lesson.delete()
    assert locked_lesson(pk) is None
