"""A prompt that cannot be used: logged whenever it breaks, and said in the language of who reads it."""

import logging

import pytest
from django.utils import translation

from personalization.live_prompts import live_prompts
from personalization.models import ConfigEntry, PromptVersion
from personalization.prompt_engine import PromptError
from personalization.services.prompt_sample import check_prompt
from personalization.services.prompt_versions import save_draft
from personalization.shipped_config import PERSONALIZATION, shipped_prompts
from personalization.supervisor import guidance

pytestmark = pytest.mark.django_db

CLUSTER = "prompt_cluster_visual_basic"
SHIPPED = shipped_prompts()[PERSONALIZATION]


def put(words: str, key: str = CLUSTER) -> None:
    ConfigEntry.objects.filter(pk=key).update(value={"content": words})


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a batch and a page in Russian have logged since."""
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        live_prompts()
        with translation.override("ru"):
            live_prompts()
    return [record.getMessage() for record in caplog.records]


def test_a_broken_cluster_prompt_stops_nothing_and_is_logged_whenever_it_breaks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    put("{% if unusual %}")
    said = f"{CLUSTER} cannot be used, and nothing is asked for by it: Line 1: Unclosed tag on line 1: 'if'."
    assert [line[: len(said)] for line in logged(caplog)] == [said]
    assert guidance("visual_basic", "ru", live_prompts().guidance) == ""
    assert logged(caplog) == []
    put("{{ unheard }}")
    assert len(logged(caplog)) == 1
    put("Briefly.")
    assert logged(caplog) == []
    put("{{ unheard }}")
    [again] = logged(caplog)
    assert "There is no “unheard”. Known: course, var." in again


def test_the_log_is_english_whoever_reads_a_page(caplog: pytest.LogCaptureFixture) -> None:
    put("{{ unseen }}")
    with translation.override("ru"), caplog.at_level(logging.ERROR):
        live_prompts()
    assert "There is no “unseen”" in caplog.text


def test_a_draft_that_cannot_be_used_is_told_to_its_author_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        with pytest.raises(PromptError):
            save_draft(key=CLUSTER, content="{{ nothing }}")
        live_prompts(PromptVersion(key=CLUSTER, content="{{ nothing }}", number=0))
    assert caplog.text == ""


def test_a_fault_is_said_in_the_language_of_who_reads_it() -> None:
    put("{{ nix }}", PERSONALIZATION)
    said = []
    for language in ("ru", "en", "ru"):
        with translation.override(language):
            said.append(live_prompts().personal.problem)
    assert "The line {% learner %} must stand in it once" in said[1]
    assert said[0] == said[2] != said[1]


def test_what_only_a_filled_in_lesson_breaks_is_a_fault_with_its_line() -> None:
    """It was no refusal, but an error of the page."""
    loop = "{% for a, b in lesson.source %}{% endfor %}"
    with pytest.raises(PromptError, match=r"Line 1: It cannot be filled in: .* \(where something is known\)"):
        check_prompt(PERSONALIZATION, loop + SHIPPED)


def test_a_fault_that_is_kept_is_said_to_each_reader_in_their_language() -> None:
    words = SHIPPED + "{% for a, b in learner.answers %}{% endfor %}"
    said = []
    for language in ("ru", "en", "ru"):
        with translation.override(language), pytest.raises(PromptError) as refused:
            check_prompt(PERSONALIZATION, words)
        said.append(refused.value.found)
    assert ["It cannot be filled in" in words for words in said] == [False, True, False]
