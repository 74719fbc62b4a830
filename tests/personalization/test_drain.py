"""A drain in this process: what becomes of an item, for every answer of the endpoint."""

from typing import Any

import pytest
from pytest_django import Settings

from courses.models import Lesson
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, PersonalizedLessonDescription, Profile
from personalization.models.calls import ModelCall
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.drain import drain
from personalization.services.runs import resume_run, start_run
from personalization.writers.factory import make_writer
from tests.builders import make_course, make_learner, make_lesson, make_text
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")

OLD = {"why_watch": "old"}
OTHER = "Другая расшифровка урока о шее и плечах. " * 20


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.GENERATION_CALL_SECONDS = 10
    settings.GENERATION_RETRY_SECONDS = 0.01
    return fake_model


@pytest.fixture
def learner() -> Profile:
    course = make_course()
    make_lesson(course)
    return make_learner("u-secret", course=course)


def run(*, backend: str = "openai", force: bool = False, attempts: int = 1) -> Any:
    started = start_run(selection=Selection(), backend=backend, force=force)
    GenerationItem.objects.update(max_attempts=attempts)
    drain()
    return progress(started.run.pk)


def text() -> PersonalizedLessonDescription:
    return PersonalizedLessonDescription.objects.get()


def test_the_model_writes_and_the_name_is_put_in_afterwards(
    model: RunningFakeModel, learner: Profile
) -> None:
    done = run()
    assert (done.counts, done.state) == ({"done": 1}, "closed")
    assert (text().origin, text().model) == ("openai", "gpt-4.1-mini")
    assert "Нина" in str(text().content)
    assert "{{name}}" not in str(text().content)
    sent = str(model.prompts())
    assert "Нина" not in sent
    assert "u-secret" not in sent


def test_unchanged_inputs_are_not_paid_for_again(model: RunningFakeModel, learner: Profile) -> None:
    run()
    assert run().counts == {"unchanged": 1}
    assert model.stats()["requests"] == 1
    assert run(force=True).counts == {"done": 1}
    Lesson.objects.update(transcript=OTHER)
    assert run().counts == {"done": 1}


@pytest.mark.parametrize(
    ("mode", "state", "code"),
    [
        ("rate_limit", "failed", "rate_limit"),
        ("server_error", "failed", "http_500"),
        ("hang", "failed", "timeout"),
        ("slow", "failed", "timeout"),
        ("broken", "failed", "connection"),
        ("cut", "failed", "cut"),
        ("bad_json", "failed", "bad_json"),
        ("empty", "failed", "invalid_answer"),
        ("wrong_keys", "failed", "invalid_answer"),
        ("wrong_language", "failed", "wrong_language"),
        ("html", "failed", "invalid_answer"),
        ("echo", "failed", "invalid_answer"),
        ("refusal", "failed", "refusal"),
        ("content_filter", "failed", "content_filter"),
    ],
)
def test_a_bad_answer_fails_with_its_reason_and_the_old_text_stays(
    model: RunningFakeModel, learner: Profile, settings: Settings, mode: str, state: str, code: str
) -> None:
    if code == "timeout":
        settings.GENERATION_CALL_SECONDS = 0.3
    make_text(learner, Lesson.objects.get(), OLD)
    model.set(mode=mode)
    ended = run()
    assert (ended.counts, ended.state) == ({state: 1}, "closed")
    assert [kind.code for kind in ended.errors] == [code]
    assert text().content == OLD
    assert text().origin is None


def test_no_learner_is_addressed_by_the_name_of_another_of_the_course(
    model: RunningFakeModel, learner: Profile
) -> None:
    make_learner(course=learner.course, name="Марина Соколова")
    model.set(mode="other_name")
    ended = run()
    assert {kind.code for kind in ended.errors} == {"invalid_answer"}
    assert [row.profile.name for row in PersonalizedLessonDescription.objects.all()] == ["Марина Соколова"]


@pytest.mark.parametrize(
    ("mode", "word"),
    [("unauthorized", "KEY"), ("forbidden", "rights"), ("not_found", "MODEL"), ("quota", "quota")],
)
def test_a_refused_key_pauses_the_run_and_costs_no_attempt(
    model: RunningFakeModel, learner: Profile, mode: str, word: str
) -> None:
    make_text(learner, Lesson.objects.get(), OLD)
    model.set(mode=mode)
    paused = run()
    assert (paused.state, paused.counts) == ("paused", {"queued": 1})
    assert word in paused.note
    item = GenerationItem.objects.get()
    assert item.attempts == 0

    model.set(mode="ok")
    assert resume_run(item.run) is True
    drain()
    assert progress(item.run_id).counts == {"done": 1}


def test_an_endpoint_that_is_down_is_named(learner: Profile, settings: Settings) -> None:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    ended = run()
    assert [(kind.code, "OPENAI_BASE_URL" in kind.message) for kind in ended.errors] == [("connection", True)]
    assert ModelCall.objects.exists()
    assert not ModelCall.objects.exclude(actual_micro=0).exists(), "what was never sent is not charged"


def test_a_passing_fault_is_overcome(model: RunningFakeModel, learner: Profile, settings: Settings) -> None:
    for _ in range(30):
        make_learner(course=learner.course)
    model.set(mode="server_error,bad_json,wrong_keys,empty", fail=0.5, seed=7)
    started = start_run(selection=Selection(), backend="openai")
    GenerationItem.objects.update(max_attempts=30)
    while progress(started.run.pk).state == "open":
        drain()
    assert progress(started.run.pk).counts == {"done": 31}
    assert PersonalizedLessonDescription.objects.count() == 31
    assert model.stats()["requests"] > 31


def test_items_wait_for_the_limit_for_as_long_as_it_takes(
    model: RunningFakeModel, learner: Profile, settings: Settings
) -> None:
    for _ in range(5):
        make_learner(course=learner.course)
    settings.MODEL_LIMITS = "* = 600 rpm"  # alone, without Redis, a quarter of it: 2.5 a second
    settings.REDIS_URL = "redis+socket:///nowhere/valkey.sock"
    settings.GENERATION_CALL_SECONDS = 0.6  # less than the last one waits
    assert run(attempts=1).counts == {"done": 6}
    assert set(GenerationItem.objects.values_list("attempts", flat=True)) == {1}
    assert model.stats()["requests"] == 6
    assert set(ModelCall.objects.values_list("call_no", "state")) == {(1, "ok")}
    assert ModelCall.objects.count() == 6, "each was set aside once"


def test_the_simple_writer_needs_no_endpoint_and_says_who_wrote(learner: Profile) -> None:
    assert run(backend="simple").counts == {"done": 1}
    assert (text().origin, text().model) == ("simple", "")


def test_the_simple_writer_does_not_replace_the_models_text(
    model: RunningFakeModel, learner: Profile
) -> None:
    run()
    written = text().content
    ended = run(backend="simple")
    assert [(kind.state, kind.code) for kind in ended.errors] == [("skipped", "better_text")]
    assert text().content == written


def test_what_cannot_be_written_is_skipped_with_the_reason(learner: Profile) -> None:
    make_learner(course=learner.course, survey={})
    make_lesson(learner.course, 2, transcript="")
    ended = run(backend="simple")
    assert ended.counts == {"done": 1, "skipped": 3}
    assert {kind.code: kind.count for kind in ended.errors} == {"no_survey": 2, "no_source": 1}


def test_a_text_that_the_database_refuses_does_not_take_its_batch_along(
    model: RunningFakeModel, learner: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NUL cannot be stored in jsonb. The checks refuse it; here they are taken away to reach the database."""
    spoilt = make_learner(course=learner.course, name="Нуль")
    for _ in range(3):
        make_learner(course=learner.course)

    def with_nul(document: dict[str, Any], name: str | None) -> dict[str, Any]:
        return {**document, "why_watch": "\x00"} if name == "Нуль" else document

    monkeypatch.setattr("personalization.writers.openai.with_name", with_nul)
    ended = run()
    assert ended.counts == {"done": 4, "failed": 1}
    assert GenerationItem.objects.get(state="failed").profile_id == spoilt.pk
    assert [kind.code for kind in ended.errors] == ["not_storable"]


def test_an_error_of_ours_costs_the_item_an_attempt_and_not_the_others(
    model: RunningFakeModel,
    learner: Profile,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = make_learner(course=learner.course, name="Сбой")
    plain = make_writer("openai").__class__.write

    async def write(self: Any, brief: Any, complaint: str = "") -> Any:
        if brief.name == "Сбой":
            raise ValueError(brief.name)
        return await plain(self, brief, complaint)

    monkeypatch.setattr("personalization.writers.openai.OpenAIWriter.write", write)
    ended = run()
    assert ended.counts == {"done": 1, "failed": 1}
    assert GenerationItem.objects.get(state="failed").profile_id == broken.pk
    assert "Сбой" not in caplog.text


def test_hundreds_are_in_flight_at_once(
    model: RunningFakeModel, learner: Profile, settings: Settings
) -> None:
    settings.GENERATION_CONCURRENCY = 60
    for _ in range(119):
        make_learner(course=learner.course)
    model.set(latency=200)
    assert run(attempts=3).counts == {"done": 120}
    assert model.stats()["max_in_flight"] > 40


def test_a_stop_gives_back_what_is_in_flight(
    model: RunningFakeModel, learner: Profile, settings: Settings
) -> None:
    settings.GENERATION_CALL_SECONDS = 30
    model.set(mode="hang")
    start_run(selection=Selection(), backend="openai")
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("personalization.services.drain.GRACE_SECONDS", 0.05)
    try:
        drain(lambda: model.stats()["in_flight"] > 0)
    finally:
        monkeypatch.undo()
    item = GenerationItem.objects.get()
    assert (item.state, item.attempts, item.error_code) == ("queued", 0, "stopped")


def test_a_row_that_nobody_foresaw_does_not_take_its_batch_along(
    learner: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd = make_learner(course=learner.course, name="Странная")

    def cleaned(survey: object, name: str | None, identifier: str, *questions: object) -> dict[str, Any]:
        if name == "Странная":
            raise RecursionError(name)
        return {"goal": "Учусь"}

    monkeypatch.setattr("personalization.services.work.cleaned_answers", cleaned)
    ended = run(backend="simple")
    assert ended.counts == {"done": 1, "failed": 1}
    assert GenerationItem.objects.get(state="failed").profile_id == odd.pk
    assert [kind.code for kind in ended.errors] == ["internal"]
    assert "Странная" not in caplog.text


def test_a_changed_lesson_is_read_anew(model: RunningFakeModel, learner: Profile, settings: Settings) -> None:
    settings.GENERATION_CONCURRENCY = 1
    for _ in range(3):
        make_learner(course=learner.course)
    start_run(selection=Selection(), backend="openai")
    changed: list[object] = []

    def change() -> bool:
        if model.stats()["requests"] == 2 and not changed:
            changed.extend(at_once(lambda: Lesson.objects.update(transcript=OTHER)))
        return False

    drain(change)
    sent = ["Другая расшифровка" in str(prompt) for prompt in model.prompts()]
    assert changed == [1]
    assert (sent[0], sent[-1]) == (False, True)
    assert len(set(PersonalizedLessonDescription.objects.values_list("fingerprint", flat=True))) == 2
