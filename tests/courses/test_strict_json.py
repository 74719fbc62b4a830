"""The JSON reader refuses what PostgreSQL cannot keep and what two readers could understand differently."""

import json
from typing import Any

import pytest

from courses.strict_json import BOM, FILE, parse
from tests.courses.refusals import problems


def test_an_object_is_read_as_it_stands() -> None:
    source = {"b": [1, -2.5, True, None, "текст 👋"], "a": {"": {}}, "1": []}
    read = parse(json.dumps(source).encode())
    assert read == source
    assert list(read) == ["b", "a", "1"]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ('{"a": 9223372036854775807}', 2**63 - 1),
        ('{"a": -9223372036854775808}', -(2**63)),
        ('{"a": 1e308}', 1e308),
        ('{"a": 0.1}', 0.1),
        (r'{"a": "\ud83d\udc4b"}', "👋"),
        (r'{"a": "\u0001\u001f\n"}', "\x01\x1f\n"),
        ('{"a": "\u202e\ufeff\u200b"}', "\u202e\ufeff\u200b"),
        ('{"a": "NaN"}', "NaN"),
    ],
)
def test_what_can_be_kept_is_kept(data: str, value: Any) -> None:
    assert parse(data.encode()) == {"a": value}


@pytest.mark.parametrize("key", ["__proto__", "constructor", "{{ key }}", "<script>"])
def test_odd_keys_are_data(key: str) -> None:
    assert parse(json.dumps({key: 1}).encode()) == {key: 1}


# --- encoding ---


@pytest.mark.parametrize("data", [b"", b"   ", b"\n\t\r\n"])
def test_an_empty_text_is_called_empty(data: bytes) -> None:
    assert problems(data) == [("", "is empty")]
    assert problems(BOM + data, FILE, allow_bom=True) == [("", "is empty")]


def test_a_byte_order_mark_is_for_files_only() -> None:
    data = BOM + '{"a": "текст"}'.encode()
    assert parse(data, FILE, allow_bom=True) == {"a": "текст"}
    assert problems(data) == [("", "starts with a byte order mark: send UTF-8 without one")]
    assert problems(data, FILE) == [("", "starts with a byte order mark: send UTF-8 without one")]


def test_a_second_byte_order_mark_is_one_too_many() -> None:
    [(place, message)] = problems(BOM + BOM + b"{}", FILE, allow_bom=True)
    assert (place, message.split(":")[0]) == ("line 1, column 1", "is not JSON")


@pytest.mark.parametrize(
    ("data", "place", "byte"),
    [
        (b'{"a": "\xff\xfe"}', "line 1", "0xff"),
        ('{\n"a":\n"текст"}'.encode("cp1251"), "line 3", "0xf2"),
        ('{"a": "текст"}'.encode("utf-16"), "line 1", "0xff"),
        (b'{"a": "\xed\xa0\x80"}', "line 1", "0xed"),  # a surrogate in bytes
        (b'{"a": "\xc0\xaf"}', "line 1", "0xc0"),  # an overlong slash
        (b'{"a": "\xd0', "line 1", "0xd0"),
    ],
)
def test_other_encodings_are_refused_with_their_place(data: bytes, place: str, byte: str) -> None:
    assert problems(data, FILE, allow_bom=True) == [
        (place, f"is not UTF-8 (byte {byte}): save the file as UTF-8")
    ]


def test_utf_16_without_a_mark_is_no_json() -> None:
    [(place, message)] = problems('{"a": 1}'.encode("utf-16-le"))
    assert place == "line 1, column 2"
    assert message.startswith("is not JSON")


# --- syntax ---


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("hello", "line 1, column 1"),
        ('{"a": 1', "line 1, column 8"),
        ('{"a": 1} xx', "line 1, column 10"),
        ('{"a": 1}{"b": 2}', "line 1, column 9"),
        ('{\n  "a": 1,\n}', "line 2, column 9"),
        ('{"a": [1, 2,]}', "line 1, column 12"),
        ("{'a': 1}", "line 1, column 2"),
        ('{\n// comment\n"a": 1}', "line 2, column 1"),
        ('{"a": 01}', "line 1, column 8"),
        ('{"a": +1}', "line 1, column 7"),
        ('{"a": "line\nbreak"}', "line 1, column 12"),
        ('{"a": "\x00"}', "line 1, column 8"),
        (r'{"a": "\x41"}', "line 1, column 8"),
        ('{"a" 1}', "line 1, column 6"),
    ],
)
def test_what_is_no_json_is_refused_with_line_and_column(data: str, place: str) -> None:
    [(found, message)] = problems(data)
    assert found == place
    assert message.startswith("is not JSON: ")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("[]", "a list"),
        ("null", "null"),
        ("1", "a number"),
        ("1.5", "a number"),
        ("true", "true or false"),
        ('"текст"', "a text"),
        ("NaN", "a number"),
        ("1" * 5_000, "a number"),
    ],
)
def test_an_object_stands_at_the_top(data: str, found: str) -> None:
    assert problems(data) == [("", f"an object {{…}} is needed at the top, found {found}")]


# --- values ---


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_is_refused(name: str) -> None:
    assert problems(f'{{"a": [1, {name}]}}') == [
        ("/a/1", f"is {name}, which is not JSON: write a number or null")
    ]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e999999999", "0." + "3" * 39])
def test_numbers_that_no_one_can_keep_are_refused(number: str) -> None:
    assert problems(f'{{"a": {number}}}') == [
        ("/a", f"is the number {number[:30]}, which is too large or too long")
    ]


@pytest.mark.parametrize(
    ("digits", "count"), [(20, "20"), (4_000, "4,000"), (5_000, "5,000"), (200_000, "200,000")]
)
@pytest.mark.parametrize("sign", ["", "-"])
def test_integers_have_nineteen_digits_at_most(digits: int, count: str, sign: str) -> None:
    assert problems(f'{{"a": {sign}{"9" * digits}}}') == [
        ("/a", f"is a number of {count} digits, at most 19 are read")
    ]


@pytest.mark.parametrize(
    ("escape", "name"),
    [(r"\u0000", "U+0000"), (r"\ud800", "U+D800"), (r"\udfff", "U+DFFF"), (r"\udc4b\ud83d", "U+DC4B")],
)
def test_nul_and_lone_surrogates_are_refused_in_values_and_keys(escape: str, name: str) -> None:
    assert problems(f'{{"a": {{"b": "x{escape}y"}}}}') == [
        ("/a/b", f"holds {name}, which cannot be stored: remove it")
    ]
    assert problems(f'{{"a": {{"x{escape}y": 1}}}}') == [
        ("/a", f"has a key with {name}, which cannot be stored: remove it")
    ]


def test_duplicate_keys_are_refused_wherever_they_stand() -> None:
    assert problems('{"a": 1, "b": {"c": 1, "c": 1}, "a": 2, "a": 3}') == [
        ("/a", "stands there twice: keep one"),
        ("/b/c", "stands there twice: keep one"),
    ]


def test_keys_that_differ_only_in_case_or_normal_form_are_two() -> None:
    source = {"a": 1, "A": 2, "\u0439": 3, "\u0438\u0306": 4}
    assert parse(json.dumps(source).encode()) == source


def test_an_escaped_key_is_the_same_key() -> None:
    assert problems(r'{"a": 1, "\u0061": 2}') == [("/a", "stands there twice: keep one")]


def test_all_problems_come_at_once_in_the_order_of_the_text() -> None:
    data = r"""{"one": "\u0000", "two": [NaN, {"x": 1, "x": 2, "\ud800": "\udfff"}],
                "three": {"deep": {"number": 12345678901234567890}}, "four": 1e400}"""
    assert [place for place, _ in problems(data)] == [
        "/one",
        "/two/0",
        "/two/1/x",
        "/two/1",
        r"/two/1/\ud800",
        "/three/deep/number",
        "/four",
    ]


@pytest.mark.parametrize(
    ("key", "pointer"),
    [
        ("a/b", "/a~1b"),
        ("a~b", "/a~0b"),
        ("", "/"),
        ("ключ", "/ключ"),
        ("a\nb", r"/a\nb"),
        ("\u202eabc", r"/\u202eabc"),
        ("x" * 500, "/" + "x" * 80),
    ],
)
def test_pointers_can_be_printed(key: str, pointer: str) -> None:
    data = json.dumps({key: float("nan")}, ensure_ascii=False)
    [(place, _)] = problems(data)
    assert place == pointer
    assert place.isprintable()
