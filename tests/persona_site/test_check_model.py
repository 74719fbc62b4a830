"""manage.py check_model: what works with the configured endpoint, and the one line where nothing does."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from persona_site.embedded.valkey import Valkey
from personalization.fake_model import RunningFakeModel, running_fake_model
from personalization.models import Endpoint
from personalization.writers.endpoint_memory import recall, remember
from personalization.writers.facts import Facts

pytestmark = pytest.mark.django_db

KEY = "sk-secret-key"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningFakeModel]:
    with running_fake_model() as running:
        yield running


@pytest.fixture(autouse=True)
def model(server: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    Valkey(settings.VAR).ensure()  # it knows the limits
    server.set(mode=None, lacks=None, rpm=0)
    server.reset()
    settings.OPENAI_API_KEY = KEY
    settings.OPENAI_BASE_URL = server.base_url
    return server


def here(settings: Settings) -> dict[str, str]:
    return {"base_url": settings.OPENAI_BASE_URL, "model": settings.OPENAI_MODEL}


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("check_model", *arguments, stdout=output)
    assert KEY not in output.getvalue()
    return output.getvalue()


def report(*arguments: str) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(run("--json", *arguments))
    return whole


def states(*arguments: str) -> dict[str, str]:
    return {finding["name"]: finding["state"] for finding in report(*arguments)["findings"]}


def test_an_endpoint_that_can_do_all(model: RunningFakeModel, settings: Settings) -> None:
    model.set(rpm=600)
    lines = [" ".join(line.split()) for line in run().splitlines()]
    assert lines[0] == f"gpt-4.1-mini at {model.base_url}"
    assert lines[1:5] == ["reachable yes", "key yes", "model yes", "answers yes"]
    assert {"json_schema yes", "json_object yes", "limit of tokens yes max_tokens"} <= set(lines)
    assert "cached tokens yes" in lines
    assert {"plain text yes", "streaming yes"} <= set(lines)
    assert any(line.startswith("latency yes 0.") for line in lines)
    assert any(line.startswith("requests a minute yes 600, 59") for line in lines)
    assert "tokens a minute no the endpoint tells no limit" in lines
    assert lines[-2] == "remembered no nothing yet: the first request of a worker finds out"
    assert lines[-1] == "limits No limit is known: the provider's answers will tell."
    assert model.stats()["requests"] <= 10


def test_the_limits_that_workers_keep_to_are_told(settings: Settings) -> None:
    settings.MODEL_LIMITS = "* = 600 rpm"
    assert report()["limits"] == ["The provider allows 600 requests a minute."]


@pytest.mark.parametrize(
    ("lacks", "changed"),
    [
        ("json_schema", {"json_schema": "no"}),
        ("json_schema,json_object", {"json_schema": "no", "json_object": "no"}),
        ("max_tokens,max_completion_tokens", {"limit of tokens": "no"}),
        ("usage", {"usage": "no", "cached tokens": "no"}),
        ("stream", {"streaming": "no"}),
        ("stream_options", {"streaming": "no"}),
        ("whole", {}),
        ("whole,stream_options", {"usage": "no", "cached tokens": "no"}),
    ],
)
def test_what_it_lacks_is_told_and_no_failure(
    model: RunningFakeModel, lacks: str, changed: dict[str, str]
) -> None:
    before = states()
    model.set(lacks=lacks)
    assert states() == before | changed


def test_the_parameter_that_limits_the_answer_is_named(model: RunningFakeModel) -> None:
    model.set(lacks="max_tokens")
    says = {finding["name"]: finding["says"] for finding in report()["findings"]}
    assert says["limit of tokens"] == "max_completion_tokens"


def test_answers_in_fences_are_told(model: RunningFakeModel) -> None:
    model.set(mode="fenced")
    says = {finding["name"]: finding["says"] for finding in report()["findings"]}
    assert says["json_object"] == "in Markdown fences"


@pytest.mark.parametrize(
    ("mode", "question", "word"),
    [
        ("unauthorized", "key", "OPENAI_API_KEY"),
        ("forbidden", "model", "rights"),
        ("not_found", "model", "OPENAI_MODEL"),
        ("quota", "answers", "quota"),
        ("rate_limit", "answers", "429"),
        ("server_error", "answers", "500"),
        ("bad_request", "answers", "400"),
        ("hang", "reachable", "0.2 s"),
        ("broken", "reachable", "OPENAI_BASE_URL"),
    ],
)
def test_a_failure_is_one_line_that_says_what_to_look_at(
    model: RunningFakeModel, mode: str, question: str, word: str
) -> None:
    model.set(mode=mode)
    output = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("check_model", "--json", "--seconds", "0.2" if mode == "hang" else "20", stdout=output)
    assert failed.value.returncode == 1
    assert str(failed.value).startswith(f"{question}: ")
    assert word in str(failed.value)
    assert "\n" not in str(failed.value)
    whole = json.loads(output.getvalue())
    assert (whole["ok"], whole["problem"]) == (False, str(failed.value))
    assert [finding["state"] for finding in whole["findings"]][-1] == "FAILED"
    assert KEY not in output.getvalue() + str(failed.value)


def test_an_address_where_nobody_listens(settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(CommandError, match=r"reachable: .*OPENAI_BASE_URL"):
        run()


def test_without_a_key_nothing_is_sent(model: RunningFakeModel, settings: Settings) -> None:
    settings.OPENAI_API_KEY = ""
    with pytest.raises(CommandError, match="set OPENAI_API_KEY"):
        run()
    assert model.stats()["requests"] == 0


def test_what_workers_remember_is_told_and_can_be_forgotten(settings: Settings) -> None:
    known = Facts(
        *("text", "max_completion_tokens"),
        stream=True,
        stream_usage=False,
        usage=False,
        fenced=True,
        thinks=True,
    )
    remember(known, **here(settings))
    told = " ".join(run().split())
    for words in (
        "in the prompt only",
        "max_completion_tokens",
        "streamed",
        "usage is missing",
        "fences",
        "thinks",
    ):
        assert words in told
    assert report()["remembered"]["answers"] == "text"
    assert report("--forget")["remembered"] is None
    assert recall(**here(settings)) is None
    assert not Endpoint.objects.exists(), "a check by itself remembers nothing"


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "1e9"])
def test_patience_is_a_number_of_seconds(seconds: str) -> None:
    with pytest.raises(CommandError, match="seconds"):
        run("--seconds", seconds)


@pytest.mark.parametrize(
    ("mode", "proved"),
    [
        ("unauthorized", {"reachable": "yes", "key": "FAILED"}),
        ("not_found", {"reachable": "yes", "model": "FAILED"}),
        ("rate_limit", {"reachable": "yes", "answers": "FAILED"}),
        ("server_error", {"reachable": "yes", "answers": "FAILED"}),
        ("broken", {"reachable": "FAILED"}),
    ],
)
def test_after_a_failure_only_what_is_proved_is_answered_with_yes(
    model: RunningFakeModel, mode: str, proved: dict[str, str]
) -> None:
    model.set(mode=mode)
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("check_model", "--json", stdout=output)
    found = json.loads(output.getvalue())["findings"]
    assert {finding["name"]: finding["state"] for finding in found} == proved
