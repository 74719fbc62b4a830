"""Prompts are templates that reach nothing, end soon, and are refused with the line."""

import re
from time import thread_time
from typing import Any

import pytest

from personalization.prompt_engine import LONGEST_PROMPT, MOST_SECONDS, PromptError, parse

NAMES = {"lesson": frozenset({"title", "parts"}), "learner": frozenset({"name", "answers"}), "var": None}
VALUES: dict[str, Any] = {
    "lesson": {"title": "Шея & плечи", "parts": ["вход", "нажим", "выход"]},
    "learner": {"name": "{{name}}", "answers": {"fears": ["боль"]}},
    "var": {"tone": "тепло"},
}


def rendered(text: str) -> str:
    return parse(text, NAMES).render(VALUES)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Урок: {{ lesson.title }}", "Урок: Шея & плечи"),
        ("{{ learner.name }}, {{ var.tone|upper }}", "{{name}}, ТЕПЛО"),
        ("{% if learner.answers.fears and not var.cold %}да{% else %}нет{% endif %}", "да"),
        ("{% if learner.answers.goal %}да{% elif lesson.parts|length > 2 %}три{% endif %}", "три"),
        (
            "{% for part in lesson.parts %}{{ forloop.counter }}. {{ part }}\n{% endfor %}",
            "1. вход\n2. нажим\n3. выход\n",
        ),
        ("{% with t=lesson.title %}{{ t|truncatechars:4 }}{% endwith %}", "Шея…"),
        ('{{ lesson.parts|join:", " }}', "вход, нажим, выход"),
        ("{# a note #}{% comment %}another{% endcomment %}Текст", "Текст"),
        ("{% verbatim %}{{name}}{% endverbatim %}", "{{name}}"),
        ('{% firstof var.cold var.tone "x" %}', "тепло"),
        ("", ""),
    ],
)
def test_what_an_editor_can_write(text: str, result: str) -> None:
    assert rendered(text) == result


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("Урок\n{{ lesson.titel }}", 2, "There is no “lesson.titel”. Known: lesson.parts, lesson.title."),
        ("{{ user.email }}", 1, "There is no “user”. Known: learner, lesson, var."),
        ("\n\n{% if lesson.nix %}x{% endif %}", 3, "There is no “lesson.nix”"),
        ("{% for p in lesson.parts %}{{ q }}{% endfor %}", 1, "There is no “q”"),
        ("{% for p in lesson.parts %}{% endfor %}{{ p }}", 1, "There is no “p”"),
        ("{{ lesson.title|default:lesson.nix }}", 1, "There is no “lesson.nix”"),
        ("{% with a=nix %}{% endwith %}", 1, "There is no “nix”"),
        ("{% firstof nix %}", 1, "There is no “nix”"),
        ("{% if lesson.title %}", 1, "Unclosed tag on line 1: 'if'"),
        ("a\n{% endif %}", 2, "Invalid block tag"),
        ("{{ lesson.title", None, ""),
        ("{{ lesson.title|nosuch }}", 1, "Invalid filter: 'nosuch'"),
        ("{{ lesson.__class__ }}", 1, "may not begin with underscores"),
        ("{% load i18n %}", 1, "Invalid block tag"),
        ('{% include "a.html" %}', 1, "Invalid block tag"),
        ('{% extends "a.html" %}', 1, "Invalid block tag"),
        ("{% debug %}", 1, "Invalid block tag"),
        ("{% lorem 999999 %}", 1, "Invalid block tag"),
        ("{{ lesson.title|center:999999999 }}", 1, "Invalid filter"),
        ("{{ lesson.title|add:lesson.title }}", 1, "Invalid filter"),
        ("x\0", None, "NUL"),
        ("x" * (LONGEST_PROMPT + 1), None, "100001 characters"),
    ],
)
def test_what_is_refused_with_its_line(text: str, line: int | None, said: str) -> None:
    if said == "":
        assert rendered(text) == text  # an open brace is text
        return
    with pytest.raises(PromptError, match=re.escape(said)) as refused:
        parse(text, NAMES)
    assert refused.value.line == line
    assert str(refused.value).startswith(f"Line {line}: " if line else "")


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in var.long %}{% for b in var.long %}x{% endfor %}{% endfor %}",
        "{% for a in var.text %}{{ var.text }}{% endfor %}",
        "{% for a, b in var.long %}{% endfor %}",
    ],
)
def test_what_would_not_end_or_break_is_an_error(text: str) -> None:
    prompt = parse(text, NAMES)
    with pytest.raises(PromptError):
        prompt.render({"var": {"long": [1] * 1000, "text": "{} " * 5000}})


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in var.list %}{{ var.text|striptags|length }}{% endfor %}",
        "{% if var.text|striptags == var.text|upper %}x{% endif %}" * 1_700,
    ],
)
def test_what_takes_long_is_stopped(text: str) -> None:
    prompt, began = parse(text, NAMES), thread_time()
    with pytest.raises(PromptError, match="It takes the processor longer than a second"):
        prompt.render({"var": {"text": "<" * 190_000, "list": [1] * 1_000}})
    assert thread_time() - began < 2 * MOST_SECONDS


def test_a_join_of_a_long_text_by_itself_is_no_bomb() -> None:
    text = "я" * 200_000
    assert parse("{{ var.text|join:var.text }}", NAMES).render({"var": {"text": text}}) == text


@pytest.mark.parametrize(
    "text",
    [
        "{{ var.text" + ".encode.hex" * 33 + " }}",
        "{% for a in var.list %}{{ a.encode.hex }}{% endfor %}",
        "{% with a=var.text %}{{ a.hex }}{% endwith %}",
        "{% if var.dict.clear %}{% endif %}",
        "{{ var.list.pop }}",
        "{{ var.text.__class__ }}",
        "{{ var.text.format }}",
    ],
)
def test_methods_of_values_are_no_part_of_the_language(text: str) -> None:
    with pytest.raises(PromptError):
        parse(text, NAMES)


def test_pairs_of_a_dict_can_be_gone_through() -> None:
    text = "{% for key, value in var.dict.items %}{{ key }}={{ value }};{% endfor %}"
    assert parse(text, NAMES).render({"var": {"dict": {"a": 1, "b": 2}}}) == "a=1;b=2;"


def test_a_deep_nesting_is_refused() -> None:
    with pytest.raises(PromptError):
        parse("{% if var.a %}" * 2_000 + "{% endif %}" * 2_000, NAMES)
