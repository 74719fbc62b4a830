"""Coaches in the admin: portraits, the default coach, who speaks where, and what is told when nobody does."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from courses.models import Course
from personalization.models import Coach, ConfigEntry, CourseCoach
from personalization.services.coaches import default_coach_id, set_course_coach, set_default_coach, speakers
from personalization.services.portraits import thumbnail_name
from tests.admin_forms import errors_of, send
from tests.builders import make_coach, make_course, make_staff, make_superuser

pytestmark = pytest.mark.django_db
LIST = reverse("admin:personalization_coach_changelist")
ADD = reverse("admin:personalization_coach_add")
DELETED = reverse("admin:personalization_coach_deleted")


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


def page(coach: Coach) -> str:
    return reverse("admin:personalization_coach_change", args=[coach.pk])


def course_page(course: Course) -> str:
    return reverse("admin:courses_course_change", args=[course.pk])


def drawn(kind: str = "PNG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **options)
    return written.getvalue()


def upload(data: bytes, name: str = "portrait.png", kind: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


# --- portraits ---


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_portrait_is_kept_under_a_name_of_ours_with_a_thumbnail(admin: Client, kind: str) -> None:
    send(admin, ADD, name="Ada", photo=upload(drawn(kind, (1600, 1200)), "../../Ада.php"))
    name = str(Coach.objects.get().photo.name)
    assert name.startswith("coaches/")
    assert name.endswith(".webp")
    assert "Ада" not in name
    for stored, size in ((name, (800, 600)), (thumbnail_name(name), (128, 128))):
        with default_storage.open(stored) as file, Image.open(file) as picture:
            assert (picture.format, picture.size) == ("WEBP", size)


def test_where_a_photo_was_taken_is_not_kept(admin: Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    send(admin, ADD, name="Ada", photo=upload(drawn("JPEG", exif=exif)))
    with default_storage.open(str(Coach.objects.get().photo.name)) as file:
        assert b"taken at home" not in file.read()


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"Only words, in a file that is called portrait.png", "no JPEG, PNG or WebP"),
        (SVG, "SVG is not accepted"),
        (b"GIF89a" + bytes(40), "no JPEG, PNG or WebP"),
        (drawn()[:60], "damaged or incomplete"),
        (drawn("JPEG", (800, 800))[:3000], "damaged or incomplete"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "damaged or incomplete"),
        (b"", "empty"),
    ],
)
def test_what_is_no_portrait_is_refused_with_what_to_do(admin: Client, data: bytes, said: str) -> None:
    [message] = errors_of(send(admin, ADD, name="Ada", photo=upload(data)))["photo"]
    assert said in message
    assert not Coach.objects.exists()
    assert not default_storage.exists("coaches")


def test_a_picture_of_400_million_pixels_is_refused_before_it_is_decoded(admin: Client) -> None:
    written = BytesIO()
    Image.new("1", (20_000, 20_000)).save(written, "PNG")
    [message] = errors_of(send(admin, ADD, name="Ada", photo=upload(written.getvalue())))["photo"]
    assert "20000 × 20000 pixels" in message.replace(",", "")


def test_a_file_of_11_megabytes_is_refused(admin: Client) -> None:
    data = drawn() + bytes(11 * 1024 * 1024)
    assert "10 MB" in errors_of(send(admin, ADD, name="Ada", photo=upload(data)))["photo"][0]


def test_an_earlier_portrait_stays_for_the_history_and_all_go_with_the_coach(
    admin: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    send(admin, ADD, name="Ada", photo=upload(drawn()))
    coach = Coach.objects.get()
    first = str(coach.photo.name)
    send(admin, page(coach), photo=upload(drawn("JPEG")))
    coach.refresh_from_db()
    names = [first, str(coach.photo.name), thumbnail_name(first)]
    assert len(set(names)) == 3
    assert all(map(default_storage.exists, names))
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(reverse("admin:personalization_coach_delete", args=[coach.pk]), {"post": "yes"})
    assert not any(map(default_storage.exists, names))


def test_a_coach_that_comes_back_comes_without_its_portrait(
    admin: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    send(admin, ADD, name="Ada", photo=upload(drawn()), prompt="Warm")
    coach = Coach.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(reverse("admin:personalization_coach_delete", args=[coach.pk]), {"post": "yes"})
    change = admin.get(DELETED).context["rows"][0][0].id
    admin.post(DELETED, {"change": change})
    back = Coach.objects.get()
    assert (back.pk, back.prompt, back.photo.name) == (coach.pk, "Warm", "")


def test_a_portrait_is_served_and_nothing_else_is(admin: Client, client: Client, media: Path) -> None:
    send(admin, ADD, name="Ada", photo=upload(drawn()))
    name = str(Coach.objects.get().photo.name)
    served: Any = Client().get(f"/media/{name}")
    assert served.status_code == 200
    assert served.headers["Content-Type"] == "image/webp"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served.headers["Content-Security-Policy"]
    assert b"".join(served.streaming_content)[:4] == b"RIFF"
    (media / "coaches" / "evil.html").write_text("<script>")
    for other in ("coaches/evil.html", "coaches/..%2f..%2fsecret_key", f"coaches/{'0' * 32}.webp", "x.webp"):
        assert Client().get(f"/media/{other}").status_code == 404


# --- who speaks ---


def test_a_course_has_the_voice_that_it_names_else_the_default_one_else_none() -> None:
    named, default, neither = make_course(title="A"), make_course(title="B"), make_course(title="C")
    ada, bea = make_coach("Ada"), make_coach("Bea")
    set_course_coach(course=named, coach=ada)
    courses = [named.pk, default.pk, neither.pk]
    assert [one.name for one in speakers(courses).values()] == ["Ada", "", ""]
    set_default_coach(coach=bea)
    assert [one.name for one in speakers(courses).values()] == ["Ada", "Bea", "Bea"]
    assert ConfigEntry.objects.get(key="default_coach").value == {"default_coach_id": str(bea.pk)}
    set_course_coach(course=named, coach=None)
    assert speakers([named.pk])[named.pk].name == "Bea"


@pytest.mark.parametrize(
    ("ada", "bea", "said"),
    [
        ("inactive", "active", "Ada is not active. Bea, the default coach, speaks instead."),
        ("inactive", "inactive", "Ada is not active, and there is no default coach"),
        ("deleted", "active", "The coach was deleted. Bea, the default coach, speaks instead."),
        ("deleted", "deleted", "The coach was deleted, and there is no default coach"),
    ],
)
def test_a_fallback_is_seen_on_the_course_and_in_both_lists(
    admin: Client, ada: str, bea: str, said: str
) -> None:
    course, coaches = make_course(title="Neck"), {"Ada": make_coach("Ada"), "Bea": make_coach("Bea")}
    set_course_coach(course=course, coach=coaches["Ada"])
    set_default_coach(coach=coaches["Bea"])
    for name, state in (("Ada", ada), ("Bea", bea)):
        if state == "inactive":
            Coach.objects.filter(name=name).update(is_active=False)
        elif state == "deleted":
            Coach.objects.filter(name=name).delete()
    assert said in admin.get(course_page(course)).content.decode()
    make_coach("Somebody")
    assert said in admin.get(LIST).content.decode()
    assert "⚠" in admin.get(reverse("admin:courses_course_changelist")).content.decode()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "There is no default coach"),
        ({"default_coach_id": None}, "There is no default coach"),
        ({"default_coach_id": "no id at all"}, "There is no default coach"),
        (["a list"], "There is no default coach"),
        ({"default_coach_id": "00000000-0000-0000-0000-000000000001"}, "The default coach was deleted"),
    ],
)
def test_the_list_says_when_nobody_speaks_by_default(admin: Client, config: Any, said: str) -> None:
    make_coach("Ada")
    course = make_course()
    if config is not None:
        ConfigEntry.objects.create(key="default_coach", value=config)
    assert said in admin.get(LIST).content.decode()
    assert speakers([course.pk])[course.pk].name == ""


def test_the_default_coach_is_chosen_on_a_coachs_page(admin: Client) -> None:
    ada, bea = make_coach("Ada"), make_coach("Bea")
    send(admin, page(ada), is_default="on")
    assert default_coach_id() == ada.pk
    send(admin, page(bea), is_default="on")
    assert default_coach_id() == bea.pk
    send(admin, page(ada), bio="Hello")  # not the default any more, and not again
    assert default_coach_id() == bea.pk
    assert "all that name nobody" in admin.get(LIST).content.decode()
    admin.post(page(bea), {"name": "Bea", "is_active": "on", "voice_settings": "{}"})
    assert default_coach_id() is None


def test_who_is_not_active_cannot_be_the_default(admin: Client) -> None:
    answer = send(admin, page(make_coach("Ada", is_active=False)), is_default="on")
    assert "is_default" in errors_of(answer)


# --- the course's page ---


def test_a_course_names_its_coach(admin: Client) -> None:
    course, ada = make_course(), make_coach("Ada")
    answer = send(admin, course_page(course), coach=str(ada.pk))
    assert CourseCoach.objects.get(course=course).coach == ada
    assert "Texts in another voice" in "".join(map(str, answer.wsgi_request._messages))
    send(admin, course_page(course), coach="")
    assert not CourseCoach.objects.exists()


def test_who_is_not_active_is_not_offered_and_yet_shown_where_named(admin: Client) -> None:
    course, away = make_course(), make_coach("Away", is_active=False)
    assert "coach" in errors_of(send(admin, course_page(course), coach=str(away.pk)))
    set_course_coach(course=course, coach=away)
    assert "Away (not active)" in admin.get(course_page(course)).content.decode()


def test_saving_without_a_coach_acknowledges_that_it_is_gone(admin: Client) -> None:
    course, ada = make_course(), make_coach("Ada")
    set_course_coach(course=course, coach=ada)
    Coach.objects.all().delete()
    assert speakers([course.pk])[course.pk].lapsed
    send(admin, course_page(course))
    assert not speakers([course.pk])[course.pk].lapsed


def test_somebody_elses_coach_is_not_overwritten(admin: Client) -> None:
    course, ada, bea = make_course(), make_coach("Ada"), make_coach("Bea")
    opened = {"title": course.title, "language": "ru", "personal_format": "personal"}
    seen = admin.get(course_page(course)).context["adminform"].form.initial["seen"]
    set_course_coach(course=course, coach=ada)
    answer: Any = admin.post(course_page(course), {**opened, "seen": seen, "coach": str(bea.pk)})
    assert [found.name for found in answer.context["differences"]] == ["coach"]
    assert CourseCoach.objects.get().coach == ada


def test_a_viewer_reads_who_speaks_and_changes_nothing(client: Client) -> None:
    course, ada = make_course(), make_coach("Ada", prompt="Warm")
    set_course_coach(course=course, coach=ada)
    client.force_login(make_staff(permissions=["courses.view_course", "personalization.view_coach"]))
    html = client.get(course_page(course)).content.decode()
    assert "Ada speaks in this course" in html
    assert 'name="coach"' not in html
    assert client.post(page(ada), {"name": "Eve"}).status_code == 403


# --- the form and the preview ---


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a" * 101),
        ("name", "A\u202eb"),
        ("prompt", "я" * 5_001),
        ("bio", "я" * 5_001),
        ("year_of_birth", "1066"),
        ("year_of_birth", "2999"),
        ("voice_settings", "[1]"),
        ("voice_settings", "{"),
        ("prompt", "a\0b"),
    ],
)
def test_a_field_out_of_bounds_is_refused(admin: Client, field: str, value: str) -> None:
    assert list(errors_of(send(admin, ADD, **{"name": "Ada", field: value}))) == [field]
    assert not Coach.objects.exists()


def test_the_preview_is_what_the_model_reads_before_it_is_saved(admin: Client) -> None:
    draft = reverse("admin:personalization_coach_draft")
    html = admin.post(draft, {"name": "Ada", "sex": "female", "prompt": "<b>Dry</b> wit"}).content.decode()
    assert "that of the coach Ada, a woman" in html
    assert "&lt;b&gt;Dry&lt;/b&gt; wit" in html
    assert "tokens" in html
    assert "neutral" in admin.post(draft, {"name": "Ada", "prompt": " "}).content.decode()
    assert not Coach.objects.exists()


def test_the_page_of_a_deletion_says_who_speaks_then(admin: Client) -> None:
    ada = make_coach("Ada")
    set_course_coach(course=make_course(), coach=ada)
    set_default_coach(coach=ada)
    html = admin.get(reverse("admin:personalization_coach_delete", args=[ada.pk])).content.decode()
    assert "1 course names the coach" in html
    assert "It is the default coach" in html


def test_an_earlier_voice_comes_back(admin: Client) -> None:
    ada = make_coach("Ada", prompt="Warm")
    send(admin, page(ada), prompt="Cold")
    versions: Any = admin.get(reverse("admin:personalization_coach_history", args=[ada.pk]))
    newest, oldest = versions.context["versions"][0], versions.context["versions"][-1]
    back = reverse("admin:personalization_coach_bring_back", args=[ada.pk, oldest.id])
    admin.post(back, {"seen": newest.id})
    ada.refresh_from_db()
    assert ada.prompt == "Warm"
