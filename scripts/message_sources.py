"""Where the texts to translate stand: our apps, and the admin theme, which brings no translations at all."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import django
from babel.messages.extract import extract
from babel.messages.mofile import read_mo
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = ("courses", "personalization", "persona_site")
DJANGO = Path(django.__file__).parent
THEME = DJANGO.parent / "unfold"
# What is installed of the theme: its other parts are for packages that are not used here.
THEME_PARTS = (
    "*.py",
    "mixins",
    "templatetags",
    "templates/admin",
    "templates/auth",
    "templates/registration",
    "templates/unfold",
    "contrib/filters",
    "contrib/forms",
)
DJANGO_APPS = ("conf", "contrib/admin", "contrib/auth", "contrib/contenttypes", "contrib/sessions")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}

type MessageId = str | tuple[str, ...]  # singular and plural


@dataclass(frozen=True, slots=True)
class Text:
    id: MessageId
    context: str | None
    place: str  # the file, without the path of this machine


@cache
def texts(language: str) -> tuple[Text, ...]:
    """Every text that needs a translation of ours: the theme's only where Django has none for it."""
    return tuple(_texts(language))


def _texts(language: str) -> Iterator[Text]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            if "migrations" not in path.parts:
                yield from _texts_of(path, ROOT)
    known = _known_to_django(language)
    for path in _theme_files():
        for text in _texts_of(path, THEME.parent):
            if _key(text.id, text.context) not in known:
                yield text


def _theme_files() -> Iterator[Path]:
    for part in THEME_PARTS:
        for found in sorted(THEME.glob(part)):
            yield from sorted(found.rglob("*")) if found.is_dir() else [found]


def _texts_of(path: Path, root: Path) -> Iterator[Text]:
    if path.suffix == ".py":
        source = path.read_text()
    elif path.suffix == ".html":
        # To the extractor a template's indentation would be Python's.
        lines = templatize(path.read_text(), origin=str(path)).split("\n")
        source = "\n".join(line.strip() for line in lines)
    else:
        return
    for _, message, _, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        if message:
            yield Text(message, context, path.relative_to(root).as_posix())


def _known_to_django(language: str) -> set[tuple[str | None, str]]:
    known = set()
    for app in DJANGO_APPS:
        with (DJANGO / app / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
            known |= {_key(message.id, message.context) for message in read_mo(file)}
    return known


def _key(message: str | Sequence[str], context: str | None) -> tuple[str | None, str]:
    return context, message if isinstance(message, str) else message[0]
