"""Endpoints that differ: how a writer finds out, once, and what it remembers. Over real HTTP."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from personalization.errors import Permanent, RunBlocked, Transient, WriterError
from personalization.fake_model import RunningFakeModel
from personalization.writers.base import Draft
from personalization.writers.facts import Facts
from personalization.writers.openai import OpenAIWriter
from personalization.writers.openai_requests import THINKING_TOKENS
from tests.personalization.briefs import NINA, SAM
from tests.personalization.writing import Counting, Notebook, learners, write_together

TOGETHER = 12


@pytest.fixture(autouse=True)
def model(server: RunningFakeModel) -> RunningFakeModel:
    server.set(mode=None, fail=None, latency=0, lacks=None, seed=0)
    server.reset()
    return server


def refusals(model: RunningFakeModel) -> int:
    count: int = model.stats()["by_status"].get("400", 0)
    return count


def assert_written(drafts: list[Draft | WriterError]) -> None:
    assert [draft for draft in drafts if not isinstance(draft, Draft)] == []


@pytest.mark.parametrize(
    ("lacks", "facts", "steps"),
    [
        (None, Facts(), 0),
        ("usage", Facts(usage=False), 0),
        ("json_schema", Facts(answers="json_object"), 1),
        ("json_schema,json_object", Facts(answers="text"), 2),
        ("max_tokens", Facts(limit="max_completion_tokens"), 1),
        ("max_tokens,max_completion_tokens", Facts(limit="none"), 2),
        ("whole", Facts(stream=True), 1),
        ("whole,stream_options", Facts(stream=True, stream_usage=False, usage=False), 2),
        (
            "json_schema,json_object,max_tokens,whole,stream_options",
            Facts("text", "max_completion_tokens", stream=True, stream_usage=False, usage=False),
            5,
        ),
    ],
)
def test_what_an_endpoint_lacks_is_found_out_once_and_done_without(
    model: RunningFakeModel, lacks: str | None, facts: Facts, steps: int
) -> None:
    model.set(lacks=lacks, latency=5)
    notes = Notebook()
    assert_written(write_together(model, learners(TOGETHER), memory=notes))
    assert (notes.facts, notes.kept) == (facts, 1)
    assert refusals(model) == steps

    assert_written(write_together(model, learners(TOGETHER), memory=notes))
    assert refusals(model) == steps, "the next worker knows"


def test_answers_in_fences_are_read_and_noted(model: RunningFakeModel) -> None:
    model.set(mode="fenced", lacks="json_schema,json_object")
    notes = Notebook()
    assert_written(write_together(model, [NINA, SAM], memory=notes))
    assert notes.facts == Facts(answers="text", fenced=True)


def test_lessons_of_many_kinds_wait_for_one_to_find_out(model: RunningFakeModel) -> None:
    model.set(lacks="json_schema,max_tokens", latency=5)
    lessons = [replace(NINA, source_hash=str(number)) for number in range(TOGETHER)]
    assert_written(write_together(model, lessons))
    assert refusals(model) == 2


def test_a_known_endpoint_that_changes_its_ways_is_found_out_by_one(model: RunningFakeModel) -> None:
    model.set(lacks="json_schema,json_object", latency=20)
    notes = Notebook(Facts())
    lessons = [replace(NINA, source_hash=str(number)) for number in range(TOGETHER)]
    assert_written(write_together(model, lessons, memory=notes))
    assert (notes.facts, notes.kept) == (Facts(answers="text"), 1)
    # All were under way when the first was refused; the second step took one request.
    assert refusals(model) == TOGETHER + 1


def test_a_refusal_that_names_nothing_teaches_nothing(model: RunningFakeModel) -> None:
    model.set(mode="bad_request")
    for notes in (Notebook(), Notebook(Facts())):
        outcomes = write_together(model, learners(3), memory=notes)
        assert [(type(one), getattr(one, "code", "")) for one in outcomes] == [(Permanent, "http_400")] * 3
        assert notes.kept == 0
    assert refusals(model) == 6, "nobody asks again for nothing"


def test_a_way_that_leads_to_no_answer_is_not_kept(model: RunningFakeModel) -> None:
    model.set(lacks="json_schema", mode="server_error")
    notes = Notebook()
    (outcome,) = write_together(model, [NINA], memory=notes)
    assert isinstance(outcome, Transient)
    assert notes.kept == 0


def test_when_the_one_that_finds_out_fails_the_next_one_does(model: RunningFakeModel) -> None:
    model.set(lacks="json_schema", mode="server_error", fail=0.5, seed=1)
    notes = Notebook()
    outcomes = write_together(model, learners(TOGETHER), memory=notes)
    failed = model.stats()["by_mode"]["server_error"]
    assert failed > 0, "some fail"
    assert sum(isinstance(one, Draft) for one in outcomes) == TOGETHER - failed
    assert notes.facts == Facts(answers="json_object")


def test_a_broken_stream_is_a_broken_connection(model: RunningFakeModel) -> None:
    model.set(mode="broken", lacks="whole")
    (outcome,) = write_together(model, [NINA], memory=Notebook(Facts(stream=True)))
    assert isinstance(outcome, Transient)
    assert outcome.code == "connection"


def test_a_model_whose_thinking_counts_under_max_tokens_gets_room_for_it_once_it_was_cut(
    model: RunningFakeModel,
) -> None:
    model.set(mode="thinks")
    notes, limiter = Notebook(), Counting()
    (cut,) = write_together(model, [NINA], memory=notes, limiter=limiter)
    assert isinstance(cut, Transient)
    assert (cut.code, cut.reask, cut.usage.reported) == ("cut", True, True)
    assert (notes.facts, notes.kept) == (Facts(thinks=True), 1)
    assert_written(write_together(model, [NINA, NINA], "it was cut", memory=notes, limiter=limiter))
    assert notes.kept == 1, "the next worker knows"
    assert limiter.asked[1:] == [limiter.asked[0]] * 2, "with room for thinking"


def test_the_room_for_thinking_comes_back_for_a_writer_that_had_done_without(
    model: RunningFakeModel,
) -> None:
    notes, limiter = Notebook(Facts()), Counting()

    async def work() -> tuple[int, int]:
        writer = OpenAIWriter(
            api_key="k", base_url=model.base_url, model="m", call_seconds=5, memory=notes, limiter=limiter
        )
        try:
            await writer.write(NINA)
            without = writer.estimate(NINA).output_tokens
            model.set(mode="thinks")
            with pytest.raises(Transient, match="cut"):
                await writer.write(NINA)
            with_room = writer.estimate(NINA).output_tokens
            await writer.write(NINA, "it was cut")
        finally:
            await writer.close()
        return without, with_room

    without, with_room = asyncio.run(work())
    assert with_room - without == THINKING_TOKENS
    assert limiter.asked[0] == limiter.asked[1] == limiter.asked[2] - THINKING_TOKENS


def test_an_error_in_a_good_response_is_a_refusal(model: RunningFakeModel) -> None:
    model.set(mode="error_in_200")
    (outcome,) = write_together(model, [NINA])
    assert isinstance(outcome, Transient)
    assert (outcome.code, outcome.usage) == ("rate_limit", None)


def test_a_bad_answer_that_the_endpoint_refuses_itself_is_asked_for_again(model: RunningFakeModel) -> None:
    model.set(mode="no_json")
    notes = Notebook()
    (outcome,) = write_together(model, [NINA], memory=notes)
    assert isinstance(outcome, Transient)
    assert (outcome.code, outcome.reask, notes.kept) == ("bad_json", True, 0)
    assert refusals(model) == 1


@pytest.mark.parametrize("key", ["ключ", "a\nb"])
def test_a_key_that_no_header_can_carry_pauses_the_run(model: RunningFakeModel, key: str) -> None:
    (outcome,) = write_together(model, [NINA], api_key=key)
    assert isinstance(outcome, RunBlocked)
    assert "OPENAI_API_KEY" in outcome.message
    assert key not in outcome.message


@pytest.mark.parametrize("mode", ["cut", "bad_json", "empty", "wrong_keys", "refusal", "content_filter"])
def test_a_refused_answer_says_what_it_cost(model: RunningFakeModel, mode: str) -> None:
    model.set(mode=mode)
    (outcome,) = write_together(model, [NINA])
    assert isinstance(outcome, WriterError)
    charged: dict[str, Any] = model.stats()["tokens"]
    assert outcome.usage.reported
    assert outcome.usage.input_tokens == charged["prompt"] > 0
    assert outcome.usage.output_tokens == charged["completion"]
