"""Portraits of coaches: what is taken for one, and where it is kept.

Whatever is sent is decoded and written anew, so that nothing but pixels comes through: no script, no place
where a photo was taken, no second file behind the first.
"""

import errno
import logging
from contextlib import suppress
from io import BytesIO
from uuid import UUID, uuid4

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from personalization.models import Coach

log = logging.getLogger(__name__)
FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_PIXELS = 40_000_000  # of what is sent; decoded, a pixel takes four bytes
PORTRAIT, THUMBNAIL = 800, 128  # pixels, of the longer side and of both
FOLDER, SUFFIX, SMALL = "coaches/", ".webp", "-small.webp"


class PictureRefusedError(Exception):
    """What is sent is no portrait; says what to do, to a person."""


class PictureNotKeptError(Exception):
    """The storage did not take it, and has nothing of it; says what to do, to a person."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def portrait_from(sent: File) -> ContentFile:  # type: ignore[type-arg]
    """The portrait as it is kept, under a name of ours. Raises PictureRefusedError."""
    if (sent.size or 0) > LARGEST_FILE:
        raise PictureRefusedError(
            _("The file has %(size)s MB, and 10 MB are the most. Save the picture with fewer pixels.")
            % {"size": number_format(round((sent.size or 0) / 1024 / 1024))}
        )
    picture = _opened(sent)
    if picture.width * picture.height > MOST_PIXELS:
        raise PictureRefusedError(
            _("The picture has %(width)s × %(height)s pixels. Make it smaller: 800 × 800 are enough.")
            % {"width": number_format(picture.width), "height": number_format(picture.height)}
        )
    try:
        picture.draft("RGB", (PORTRAIT * 2, PORTRAIT * 2))
        pixels = ImageOps.exif_transpose(picture).convert("RGBA" if picture.has_transparency_data else "RGB")
    except Exception as error:
        # Decoders raise whatever comes to them.
        raise PictureRefusedError(
            _("The picture is damaged or incomplete. Save it once more, or send another one.")
        ) from error
    pixels.thumbnail((PORTRAIT, PORTRAIT))
    return _as_file(pixels, f"{uuid4().hex}{SUFFIX}")


def store_portrait(portrait: File) -> str:  # type: ignore[type-arg]
    """Keeps what portrait_from has made, and a square thumbnail of it; the name in the storage.

    Both or none. Raises PictureNotKeptError.
    """
    name = f"{FOLDER}{uuid4().hex}{SUFFIX}"
    with Image.open(portrait) as picture:
        small = ImageOps.fit(picture, (THUMBNAIL, THUMBNAIL), centering=(0.5, 0.3))
    portrait.seek(0)
    try:
        for kept, data in ((name, portrait), (thumbnail_name(name), _as_file(small, "thumbnail"))):
            default_storage.save(kept, data)
    except OSError as error:
        log.error("a portrait could not be stored: %s", error.strerror or type(error).__name__)
        remove_portrait(name)
        raise PictureNotKeptError(_not_kept(error)) from error
    return name


def remove_portrait(name: str) -> None:
    """At once; also what is there of one that was not stored whole."""
    for kept in (name, thumbnail_name(name)):
        with suppress(OSError):
            default_storage.delete(kept)


def _not_kept(error: OSError) -> str:
    if error.errno in _FULL:
        return _(
            "There is no room left where pictures are kept. Nothing was saved: tell whoever runs the server, "
            "or save without the picture."
        )
    return _(
        "The picture could not be stored. Nothing was saved: tell whoever runs the server, or save without "
        "the picture."
    )


def thumbnail_name(name: str) -> str:
    return name.removesuffix(SUFFIX) + SMALL


def kept_portraits(coaches: list[UUID]) -> set[str]:
    """Names of all portraits that the coaches have or had: an earlier one may be brought back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT photo FROM coaches WHERE id = ANY(%(ids)s) UNION SELECT before ->> 'photo' FROM changes"
            " WHERE row_id = ANY(%(ids)s) AND table_name = 'coaches' AND before ? 'photo'",
            {"ids": coaches},
        )
        return {name for (name,) in cursor.fetchall() if name}


def delete_portraits(names: set[str]) -> None:
    """Removes the files once the transaction that deletes their coaches is through."""
    both = [*names, *map(thumbnail_name, names)]

    def delete() -> None:
        for name in both:
            default_storage.delete(name)

    transaction.on_commit(delete)


def forget_lost_portraits() -> None:
    """Of coaches that came back after their deletion: the files did not."""
    for coach in Coach.objects.exclude(photo="").only("photo"):
        if not default_storage.exists(str(coach.photo.name)):
            Coach.objects.filter(pk=coach.pk).update(photo="")


def _opened(sent: File) -> Image.Image:  # type: ignore[type-arg]
    """Its header is read, and no pixel. By the format's own reader: Image.open has limits of its own, with
    other words, and a warning where there is room for both."""
    Image.preinit()
    Image.init()
    sent.seek(0)
    start = sent.read(1024)
    for name in FORMATS:
        read, accepts = Image.OPEN[name]
        if accepts is None or accepts(start) is not True:
            continue
        sent.seek(0)
        try:
            return read(sent, "")
        except Exception as error:
            raise PictureRefusedError(
                _("The picture is damaged or incomplete. Save it once more, or send another one.")
            ) from error
    if b"<svg" in start.lower():
        raise PictureRefusedError(
            _("SVG is not accepted, for it may hold scripts. Save the picture as PNG or JPEG.")
        )
    raise PictureRefusedError(
        _("This is no JPEG, PNG or WebP picture, whatever its name says. Save it as one of those.")
    )


def _as_file(picture: Image.Image, name: str) -> ContentFile:  # type: ignore[type-arg]
    written = BytesIO()
    picture.save(written, "WEBP", quality=85)
    return ContentFile(written.getvalue(), name)
