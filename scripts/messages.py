"""python -m scripts.messages: collects the texts to translate, merges them into locale/ and compiles it.

With --check it writes nothing. The exit code is 1 when a text has no translation or a file is out of date.
Babel does what xgettext and msgfmt would, so that no system package is needed.
"""

import argparse
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings

from scripts.message_sources import ROOT, texts

LOCALE = ROOT / "locale"
LANGUAGES = ("ru",)  # English is the language of the source
PLACEHOLDER = re.compile(r"%%|%\(\w+\)[sd]|%[sd]|\{\w*\}")
HEADER = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")


class PlainCatalog(Catalog):
    """A catalogue whose header says nothing of people, dates and tools: it changes when a text does."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        kept = [(name, value) for name, value in self._get_mime_headers() if name in HEADER]
        return [*kept, ("Generated-By", "Babel\n")]  # the last line needs an end


def path_of(language: str, locale: Path = LOCALE) -> Path:
    return locale / language / "LC_MESSAGES" / "django.po"


def merged(language: str, locale: Path = LOCALE) -> Catalog:
    """The language's catalogue with today's texts: known translations kept, no guesses made."""
    known = Catalog(locale=language)
    path = path_of(language, locale)
    if path.exists():
        with path.open("rb") as file:
            known = read_po(file, locale=language, abort_invalid=True)
    catalog = PlainCatalog(
        locale=language,
        fuzzy=False,
        header_comment="# Collected and compiled by: python -m scripts.messages",
    )
    for text in texts(language):
        old = known.get(text.id, text.context)
        fits = old is not None and not old.fuzzy and old.pluralizable == isinstance(text.id, tuple)
        catalog.add(text.id, old.string if old and fits else None, [(text.place, 0)], context=text.context)
    return catalog


def write(language: str, locale: Path = LOCALE) -> None:
    catalog = merged(language, locale)
    for path, content in _files(path_of(language, locale), catalog).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def problems(language: str, locale: Path = LOCALE) -> list[str]:
    """What keeps a language from being complete and compiled; empty when nothing does."""
    catalog = merged(language, locale)
    files = _files(path_of(language, locale), catalog)
    old = [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]
    outdated = [f"{path.relative_to(locale)} is out of date: python -m scripts.messages" for path in old]
    return [f"{language}: {problem}" for problem in [*incomplete(catalog), *outdated]]


def incomplete(catalog: Catalog) -> Iterator[str]:
    """Texts without a translation, with one of their plural forms missing, or with other placeholders."""
    for message in catalog:
        if not message.id:
            continue  # the header
        strings = _strings(message)
        expected = placeholders(message.id if isinstance(message.id, str) else message.id[-1])
        if not all(strings) or (message.pluralizable and len(strings) != catalog.num_plurals):
            yield f"not translated: {message.id!r}"
        elif any(placeholders(string) != expected for string in strings):
            yield f"other placeholders: {message.id!r}"


def placeholders(text: str) -> Counter[str]:
    """What the text leaves to be filled in ({name}, %(name)s, %s), and how often."""
    return Counter(PLACEHOLDER.findall(text))


def _files(path: Path, catalog: Catalog) -> dict[Path, bytes]:
    """What should stand in the catalogue at the path, and what in the compiled one beside it."""
    source, compiled = io.BytesIO(), io.BytesIO()
    # Line numbers would change the file with every edit.
    write_po(source, catalog, width=110, sort_output=True, include_lineno=False)
    write_mo(compiled, catalog)
    return {path: source.getvalue(), path.with_suffix(".mo"): compiled.getvalue()}


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string or "",)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when something is missing")
    options = parser.parse_args()
    if not settings.configured:
        settings.configure(USE_I18N=True)
    found: list[str] = []
    for language in LANGUAGES:
        if not options.check:
            write(language)
        found += problems(language)
    print("\n".join(found) or "Every text is translated and compiled.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
