"""Wrong settings are found by a check with an id and a hint."""

from pathlib import Path

import pytest
from pytest_django import Settings

from persona_site import checks
from tests.persona_site.test_faults_at_start import PRODUCTION
from tests.processes import manage


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://api.openai.com/v1", []),
        ("http://127.0.0.1:8901/v1", []),
        ("api.openai.com", ["persona.E001"]),
        ("ftp://models.example/v1", ["persona.E001"]),
        ("https://key:secret@models.example/v1", ["persona.E002"]),
    ],
)
def test_the_models_address(settings: Settings, address: str, found: list[str]) -> None:
    settings.OPENAI_BASE_URL = address
    problems = checks.check_model_endpoint()
    assert [problem.id for problem in problems] == found
    assert all(problem.hint and "secret" not in str(problem) for problem in problems)


def test_limits_that_cannot_be_read(settings: Settings) -> None:
    settings.MODEL_LIMITS = "gpt-4.1-mini = 500 rpm, 200k tpm; * = 60 rpm"
    assert checks.check_model_limits() == []
    settings.MODEL_LIMITS = "a = 5; b = 60 rpm"
    (problem,) = checks.check_model_limits()
    assert (problem.id, problem.msg) == (
        "persona.E021",
        "MODEL_LIMITS: 'a': '5' is not like 500 rpm or 200k tpm.",
    )
    assert "rpm" in str(problem.hint)


def test_windows_that_cannot_be_read(settings: Settings) -> None:
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 1047k, 32k out; * = 128k, 16k out"
    assert checks.check_model_windows() == []
    settings.MODEL_WINDOWS = "a = 5; b = 8k, 2k out"
    (problem,) = checks.check_model_windows()
    assert (problem.id, problem.msg) == ("persona.E022", "MODEL_WINDOWS: 'a': '5' is not like 128k, 16k out.")
    assert "16k out" in str(problem.hint)


def test_times_that_do_not_fit(settings: Settings) -> None:
    assert checks.check_times() == []
    settings.GENERATION_SWEEP_SECONDS = 60.0
    assert [problem.id for problem in checks.check_times()] == ["persona.W001"]


def test_a_store_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    assert checks.check_store() == []
    settings.COURSE_STORE_PATH = tmp_path / "nowhere"
    assert [problem.id for problem in checks.check_store()] == ["persona.W002"]


def test_portraits_that_could_not_be_kept(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "made" / "later"
    assert checks.check_media() == []
    (tmp_path / "made").write_text("a file where a folder is needed")
    assert [problem.id for problem in checks.check_media()] == ["persona.W004"]


def test_embedded_servers_are_not_for_production(settings: Settings) -> None:
    assert [problem.id for problem in checks.check_embedded()] == ["persona.W003"]
    settings.EMBEDDED_POSTGRES = settings.EMBEDDED_VALKEY = False
    assert checks.check_embedded() == []


def test_a_deployment_with_all_it_needs_is_clean(process_environment: dict[str, str]) -> None:
    keys = {key: value for key, value in PRODUCTION.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
    done = manage("check", "--deploy", "--fail-level", "WARNING", env={**process_environment, **keys})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("token", "found"), [("", []), ("x" * 20, []), ("short", ["persona.W031"])])
def test_a_token_that_can_be_guessed(settings: Settings, token: str, found: list[str]) -> None:
    settings.METRICS_TOKEN = token
    assert [problem.id for problem in checks.check_metrics_token()] == found
