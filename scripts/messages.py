"""python -m scripts.messages: collects the texts to translate, merges them into locale/ and compiles it.

With --check it writes nothing and exits 1 when a text has no translation or a catalogue is out of date.
Babel does what xgettext and msgfmt would, so that no system package is needed.
"""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = ("courses", "personalization", "persona_site")
LANGUAGES = ("ru",)  # English is the language of the source
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


def template() -> Catalog:
    """Every text to translate, with the files it stands in."""
    catalog = Catalog(project="Persona", version="0.1", charset="utf-8")
    for path, source in _sources():
        for line, message, comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            catalog.add(
                message, None, [(str(path.relative_to(ROOT)), line)], (), comments, context=context
            )
    return catalog


def path_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def merged(language: str) -> Catalog:
    """The language's catalogue with today's texts: known translations kept, no guesses made."""
    path = path_of(language)
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language, project="Persona", version="0.1", fuzzy=False)
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def untranslated(catalog: Catalog) -> list[str]:
    return [str(message.id) for message in catalog if message.id and not _complete(message)]


def problems(language: str) -> list[str]:
    """What keeps a language from being complete and compiled; empty when nothing does."""
    catalog = merged(language)
    found = [f"{language}: not translated: {text!r}" for text in untranslated(catalog)]
    with path_of(language).with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    for message in catalog:
        known = compiled.get(message.id, message.context) if message.id else None
        if message.id and (known is None or known.string != message.string):
            found.append(f"{language}: not compiled: {message.id!r}")
    return found


def write(language: str) -> Catalog:
    catalog = merged(language)
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        # Line numbers would change the file with every edit.
        write_po(file, catalog, width=110, sort_output=True, include_lineno=False)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    return catalog


def _sources() -> Iterator[tuple[Path, str]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield path, path.read_text()
            elif path.suffix == ".html":
                yield path, templatize(path.read_text(), origin=str(path))


def _complete(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(texts)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when something is missing")
    options = parser.parse_args()
    if not settings.configured:
        settings.configure(USE_I18N=True)
    found: list[str] = []
    for language in LANGUAGES:
        if options.check:
            found += problems(language)
        else:
            found += [f"{language}: not translated: {text!r}" for text in untranslated(write(language))]
    print("\n".join(found) or "Every text is translated.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
