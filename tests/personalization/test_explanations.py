"""What happened to an item or a run, in the editor's language."""

import ast
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from personalization.explanations import EXPLANATIONS, explanation, translated
from personalization.services.runs import PAUSED_BY_HAND, WRITTEN_ELSEWHERE
from personalization.services.work import REASONS
from personalization.writers.openai_errors import BLOCKED, ELSEWHERE, QUOTA
from tests.builders import make_item, make_learner, make_lesson, make_run, make_superuser
from tests.environment import ROOT

ERRORS = {"Transient", "Permanent", "RunBlocked"}


def codes_in_the_source() -> Iterator[str]:
    """The codes that our errors are raised with, where they are written out."""
    for path in (ROOT / "personalization").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def test_every_code_of_an_error_is_explained() -> None:
    codes = {*codes_in_the_source(), *REASONS, *(f"http_{status}" for status in BLOCKED)}
    assert len(codes) > 15
    assert codes - EXPLANATIONS.keys() == set()


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_an_explanation_is_translated(code: str) -> None:
    english = explanation(code, "stored")
    with override("ru"):
        assert explanation(code, "stored") != english


@pytest.mark.parametrize(
    ("code", "like"), [("http_301", "http_3"), ("http_400", "http_4"), ("http_503", "http_5")]
)
def test_codes_of_http_go_by_their_first_digit(code: str, like: str) -> None:
    assert explanation(code, "stored") == str(EXPLANATIONS[like])


def test_a_blocked_item_is_explained_as_its_run_is() -> None:
    for status, note in BLOCKED.items():
        assert explanation(f"http_{status}", "stored") == note
    assert explanation("quota", "stored") == QUOTA
    assert explanation("http_308", "stored") == ELSEWHERE


def test_a_broken_rule_is_named() -> None:
    assert explanation("invalid_answer", "why_watch: holds link").endswith("(why_watch: holds link)")
    assert explanation("refusal", "the model refused to answer") == "the model refused to answer"


def test_what_nobody_knows_is_shown_as_it_was_stored() -> None:
    assert explanation("new_code", "The moon is full.") == "The moon is full."
    assert explanation("new_code", "") == ""


@pytest.mark.parametrize("note", [PAUSED_BY_HAND, WRITTEN_ELSEWHERE, QUOTA, *BLOCKED.values()])
def test_a_note_is_stored_in_english_and_shown_in_the_readers_language(note: str) -> None:
    assert translated(note) == note
    with override("ru"):
        assert translated(note) != note
        assert translated("") == ""


def test_a_runs_page_in_russian(client: Client, db: None) -> None:
    lesson = make_lesson()
    run = make_run(state="paused", note=PAUSED_BY_HAND)
    learner = make_learner(course=lesson.course)
    make_item(run, learner, lesson, state="failed", error_code="timeout", error_message="no whole answer")
    client.force_login(make_superuser())
    progress = reverse("admin:personalization_generationrun_progress", args=[run.pk])
    with override("en"):  # puts back what the request's language replaces
        page = client.get(progress, headers={"accept-language": "ru"}).content.decode()
    assert "Приостановлен вручную." in page
    assert page.casefold().count("сервер модели не ответил вовремя") == 2
    assert "no whole answer" not in page
