"""Rows: the model's endpoint hangs, drips, refuses, talks nonsense and breaks off."""

from django.db.models import F, Q

from benchmarks.faulting.checker import GOOD
from benchmarks.faulting.links import Mode
from benchmarks.faulting.rows import fault, longest_pause
from benchmarks.faulting.stage import PATIENCE, Stage
from personalization.models.runs import ENDED
from tests.processes import until

QUICK = {"GENERATION_CALL_SECONDS": "2"}
# What another attempt may cure, and what ends an item for good: a refused learner is not asked about again.
CURABLE = (
    *("bad_json", "cut", "broken", "wrong_keys", "extra_keys", "empty"),
    *("wrong_language", "html", "echo", "other_name", "fenced"),
)
FINAL = ("refusal", "content_filter")
GARBAGE = ",".join([*3 * CURABLE, "huge", *FINAL])
LEAST_GARBAGE = 1_000  # answers, none of which may be published
FAILED_RIGHTLY = Q(error_code__in=FINAL) | Q(attempts=F("max_attempts"))


@fault("endpoint hangs, one call in four", variables=QUICK, model={"mode": "hang", "fail": 0.25})
def endpoint_hangs(stage: Stage) -> None:
    _until_seen(stage, "hang")


@fault(
    "endpoint drips one byte a second, one call in four",
    variables=QUICK,
    model={"mode": "slow", "fail": 0.25},
)
def endpoint_drips(stage: Stage) -> None:
    _until_seen(stage, "slow")


@fault(
    "endpoint hangs for ever, whenever one learner is asked for",
    learners=8,
    variables={"GENERATION_CALL_SECONDS": "2", "GENERATION_RETRY_SECONDS": "0.05"},
    model={"mode": "hang", "only": "Ответ 3"},
)
def endpoint_hangs_for_one(stage: Stage) -> None:
    hopeless = stage.items.filter(profile=stage.world.learners[3].pk)
    stage.may_fail = hopeless.count()
    until(
        lambda: not hopeless.exclude(state__in=ENDED).exists(), "the learner's items end", patience=PATIENCE
    )
    ends = set(hopeless.values_list("state", "error_code", F("max_attempts") - F("attempts")))
    if ends != {("failed", "timeout", 0)}:
        raise AssertionError(f"the items that hang ended otherwise: {ends}")
    _must_have_seen(stage, "hang")


@fault("endpoint answers 500 to everybody for a while", back_within=longest_pause)
def endpoint_500(stage: Stage) -> None:
    _for_a_while(stage, "server_error")


@fault("429 to everybody for a while, with Retry-After: 1", back_within=longest_pause)
def endpoint_429(stage: Stage) -> None:
    _for_a_while(stage, "rate_limit")


@fault(
    "endpoint answers 1,000 times with garbage of 14 kinds, two calls in three",
    learners=40,
    variables={"GENERATION_CONCURRENCY": "10", "GENERATION_RETRY_SECONDS": "0.05"},
    model={"mode": GARBAGE, "fail": 0.67, "latency": 20},
)
def endpoint_garbage(stage: Stage) -> None:
    stage.until_idle()
    while _bad_answers(stage) < LEAST_GARBAGE:
        stage.ask(force=True)
        stage.until_idle()
    for mode in GARBAGE.split(","):
        _must_have_seen(stage, mode)
    # No attempt too few: only what is refused for good fails before its last one.
    stage.may_fail = stage.items.filter(FAILED_RIGHTLY, state="failed").count()


def _bad_answers(stage: Stage) -> int:
    return sum(count for mode, count in stage.house.model.stats()["by_mode"].items() if mode not in GOOD)


@fault("half of a response, one call in four", model={"mode": "broken", "fail": 0.25})
def endpoint_half(stage: Stage) -> None:
    _until_seen(stage, "broken")


@fault("endpoint refuses connections for a while", back_within=longest_pause)
def endpoint_down(stage: Stage) -> None:
    stage.until_ended(10)
    stage.house.endpoint.set(Mode.RESET)
    stage.outage(0.5)
    stage.house.endpoint.set(Mode.DOWN)
    stage.outage(0.5)
    stage.house.endpoint.set(Mode.PASS)
    stage.healed()


def _for_a_while(stage: Stage, mode: str) -> None:
    stage.until_ended(10)
    stage.house.model.set(mode=mode)
    stage.outage()
    stage.house.model.set(mode=None)
    stage.healed()
    _must_have_seen(stage, mode)


def _until_seen(stage: Stage, mode: str) -> None:
    stage.until_ended(20)
    _must_have_seen(stage, mode)


def _must_have_seen(stage: Stage, mode: str) -> None:
    if not stage.house.model.stats()["by_mode"].get(mode):
        raise AssertionError(f"no request was answered by {mode}")
