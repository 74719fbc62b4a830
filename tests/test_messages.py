"""Every text of the interface is there in every language; the check that says so finds what is missing."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.utils.translation import gettext, ngettext, override, pgettext

from scripts.messages import LANGUAGES, LOCALE, incomplete, path_of, placeholders, problems, write


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_compiled(language: str) -> None:
    assert problems(language) == []


def test_the_compiled_texts_are_what_the_interface_says() -> None:
    with override("ru"):
        assert gettext("Runs") == "Запуски"
        assert pgettext("run", "cancelled") == "отменён"
        assert gettext("cancelled") == "отменено"
        counted = [ngettext("The run has started: %s text to look at.", "", n) % n for n in (1, 3, 5, 21)]
    assert counted == [
        "Запуск начат: предстоит просмотреть 1 текст.",
        "Запуск начат: предстоит просмотреть 3 текста.",
        "Запуск начат: предстоит просмотреть 5 текстов.",
        "Запуск начат: предстоит просмотреть 21 текст.",
    ]


def test_the_theme_speaks_the_language_too() -> None:
    with override("ru"):
        assert gettext("Search apps and models...") == "Поиск разделов…"
        assert gettext("Log out") == "Выйти"  # Django's own, which the catalogue does not repeat
    assert 'msgid "Log out"' not in path_of("ru").read_text()


def test_a_catalogue_names_nobody_and_no_machine() -> None:
    header, _, _ = path_of("ru").read_text().partition("\n\n")
    for forbidden in ("EMAIL", "@", "YEAR", "Date", "Team", "AUTHOR", "fuzzy"):
        assert forbidden not in header
    paths = [line for line in path_of("ru").read_text().splitlines() if line.startswith("#: ")]
    assert paths
    assert not [line for line in paths if line.startswith("#: /") or ".." in line]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('msgstr "Запуски"', 'msgstr ""', "not translated: 'Runs'"),
        ('msgstr "Запуски"', 'msgstr "Запуски {name}"', "other placeholders: 'Runs'"),
        ('msgstr[2] "%s символов"', 'msgstr[2] ""', "not translated: ('%s character', '%s characters')"),
        ('msgid "Runs"', 'msgid "Gone"', "not translated: 'Runs'"),
        ('msgstr "Запуски"', 'msgstr "Прогоны"', "LC_MESSAGES/django.mo is out of date"),
        ('msgid "Runs"', '#, fuzzy\nmsgid "Runs"', "not translated: 'Runs'"),
    ],
    ids=[
        "no translation",
        "a placeholder more",
        "a plural form less",
        "another text",
        "not compiled",
        "a guess",
    ],
)
def test_what_is_missing_is_found(tmp_path: Path, old: str, new: str, found: str) -> None:
    shutil.copytree(LOCALE, tmp_path, dirs_exist_ok=True)
    text = path_of("ru").read_text()
    assert text.count(old) == 1
    path_of("ru", tmp_path).write_text(text.replace(old, new))
    assert any(found in problem for problem in problems("ru", tmp_path))


def test_what_is_written_is_the_same_again_and_without_what_is_gone(tmp_path: Path) -> None:
    path = path_of("ru", tmp_path)
    path.parent.mkdir(parents=True)
    gone = 'msgid "A text that was taken out"\nmsgstr "Убранный текст"\n'
    path.write_text(f'{path_of("ru").read_text()}\n{gone}\n#~ msgid "Older"\n#~ msgstr "Старый"\n')
    write("ru", tmp_path)
    for name in (path.name, path.with_suffix(".mo").name):
        assert path.with_name(name).read_bytes() == path_of("ru").with_name(name).read_bytes()


def test_a_plural_needs_all_forms_of_its_language() -> None:
    catalog = Catalog(locale="ru")
    catalog.add(("%s lesson", "%s lessons"), ("%s урок", "%s урока"))
    assert list(incomplete(catalog)) == ["not translated: ('%s lesson', '%s lessons')"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nothing to fill in: 100 % of it.", {}),
        ("{count} of {count} in {place}", {"{count}": 2, "{place}": 1}),
        ("%(ended)s (%(percent)s %%), %s, %d", {"%(ended)s": 1, "%(percent)s": 1, "%%": 1, "%s": 1, "%d": 1}),
    ],
)
def test_placeholders(text: str, expected: dict[str, int]) -> None:
    assert placeholders(text) == Counter(expected)
