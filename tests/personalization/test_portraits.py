"""Portraits of coaches: what is taken for one, how it is kept and served, and when it goes."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
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

from personalization.models import Coach
from personalization.services.portraits import thumbnail_name
from tests.admin_forms import errors_of, filled_in, send
from tests.builders import make_superuser

pytestmark = pytest.mark.django_db
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


def drawn(kind: str = "PNG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, kind, **options)
    return written.getvalue()


def upload(data: bytes, name: str = "portrait.png", kind: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


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


@contextmanager
def full_disk(room: int = 0) -> Iterator[None]:
    """No file takes more than so many bytes: what is written beyond is refused by the system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_where_the_disk_is_full_the_form_says_so_and_nothing_is_left(admin: Client, media: Path) -> None:
    form = filled_in(admin, ADD)
    with full_disk():
        refused = admin.post(ADD, {**form, "name": "Ada", "photo": upload(drawn())})
    [message] = errors_of(refused)["photo"]
    assert "no room left" in message
    assert not Coach.objects.exists()
    assert not [path for path in media.rglob("*") if path.is_file()]
    send(admin, ADD, name="Ada", photo=upload(drawn()))
    assert Coach.objects.get().photo


def test_then_a_coach_keeps_the_portrait_and_the_words_there_were(admin: Client, media: Path) -> None:
    send(admin, ADD, name="Ada", photo=upload(drawn()))
    coach = Coach.objects.get()
    before = sorted(media.rglob("*"))
    form = filled_in(admin, page(coach))
    with full_disk():
        refused = admin.post(page(coach), {**form, "name": "Eva", "photo": upload(drawn("JPEG"))})
    assert "no room left" in errors_of(refused)["photo"][0]
    assert 'value="Eva"' in refused.content.decode(), "what was typed is lost"
    now = Coach.objects.get()
    assert (now.name, now.photo.name) == ("Ada", coach.photo.name)
    assert sorted(media.rglob("*")) == before


def test_a_folder_that_may_not_be_written_is_no_error_of_the_server(admin: Client, media: Path) -> None:
    media.parent.mkdir(exist_ok=True)
    media.write_text("a file stands where the folder should be")
    [message] = errors_of(send(admin, ADD, name="Ada", photo=upload(drawn())))["photo"]
    assert "could not be stored" in message
