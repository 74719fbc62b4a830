"""The database's numbers as Prometheus wants them: the same from every web process of every machine.

Workers have no door of their own. What they do is in the database: items, calls, tokens, money, heartbeats.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db import Error
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from personalization.models.call_totals import DURATIONS
from personalization.models.runs import RunState
from personalization.run_report.workers import workers as workers_seen
from personalization.watch import figures
from personalization.watch.figures import Calls, Requests

log = logging.getLogger(__name__)

type Reader = Callable[[], Iterable[Metric]]

BUCKETS = (*DURATIONS, float("inf"))
MICRO = 1e6  # millionths in a unit of money


def queue() -> Iterator[Metric]:
    items = GaugeMetricFamily(
        "persona_items", "Items of runs that have not ended, by the run's state and their own.",
        labels=["run_state", "state"],
    )  # fmt: skip
    for run_state in (RunState.OPEN, RunState.PAUSED):
        for state, count in figures.items(run_state).items():
            items.add_metric([run_state.value, state], count)
    yield items
    ended = CounterMetricFamily(
        "persona_items_ended", "Items that have come to an end, by its state, of all runs.", labels=["state"]
    )
    for state, count in figures.ended().items():
        ended.add_metric([state], count)
    yield ended
    runs = GaugeMetricFamily("persona_runs", "Runs by state.", labels=["state"])
    for state, count in figures.runs().items():
        runs.add_metric([state], count)
    yield runs
    waits = "For how long the oldest item that a worker may take has been due."
    yield GaugeMetricFamily("persona_oldest_due_seconds", waits, value=figures.oldest_due())


def workers() -> Iterator[Metric]:
    seen = workers_seen()
    yield GaugeMetricFamily("persona_workers", "Workers that were seen just now.", value=seen.alive)
    flying = "Requests that they keep in flight at most, all together."
    yield GaugeMetricFamily("persona_workers_concurrency", flying, value=seen.concurrency)


def calls() -> Iterator[Metric]:
    found = figures.calls()
    yield _results(found)
    yield _durations(found)
    latency = "From the start of a request to the provider's answer, without any wait before it."
    yield _histogram("persona_model_request_seconds", latency, figures.requests())
    yield _tokens(found)
    cost = CounterMetricFamily(
        "persona_model_cost", "What calls have cost, in the price table's currency.", labels=["model"]
    )
    for model, micro in _added_up(found, lambda call: (call.model,), lambda call: call.cost_micro):
        cost.add_metric(model, micro / MICRO)
    yield cost


def limiter() -> Iterator[Metric]:
    waits = CounterMetricFamily(
        "persona_limiter_waits", "Requests that waited for their turn.", labels=["model"]
    )
    seconds = CounterMetricFamily(
        "persona_limiter_wait_seconds", "How long they waited, all together.", labels=["model"]
    )
    given_up = CounterMetricFamily(
        "persona_limiter_given_up", "Those that were let go before their turn came.", labels=["model"]
    )
    for found in figures.waits():
        waits.add_metric([found.model], found.waits)
        seconds.add_metric([found.model], found.seconds)
        given_up.add_metric([found.model], found.given_up)
    yield from (waits, seconds, given_up)


def _results(found: list[Calls]) -> Metric:
    results = CounterMetricFamily(
        "persona_model_calls",
        "Settled calls: ok, bad (an answer that cannot be used), error (none), unknown (the worker died).",
        labels=["model", "result", "error"],
    )
    for labels, count in _added_up(
        found, lambda call: (call.model, call.result, call.error_code), lambda call: call.calls
    ):
        results.add_metric(labels, count)
    return results


def _durations(found: list[Calls]) -> Metric:
    """Of all calls whose end is known, by the ledger's clock: with the waits for the limiter."""
    about = "From a call's reservation to its settlement, with all waits."
    timed = [call for call in found if call.up_to is not None]
    return _histogram("persona_model_call_seconds", about, timed)


def _histogram(name: str, about: str, timed: Sequence[Calls | Requests]) -> Metric:
    durations = HistogramMetricFamily(name, about, labels=["model"])
    sums = dict(_added_up(timed, lambda call: (call.model,), lambda call: call.microseconds))
    counts = dict(_added_up(timed, lambda call: (call.model, call.up_to), lambda call: call.calls))
    for (model,), total in sums.items():
        below, buckets = 0.0, []
        for bound in BUCKETS:
            below += counts.get((model, bound), 0)
            buckets.append((_bound(bound), below))
        durations.add_metric([model], buckets, total / MICRO)
    return durations


def _bound(seconds: float) -> str:
    return "+Inf" if seconds == float("inf") else str(seconds)


def _tokens(found: list[Calls]) -> Metric:
    tokens = CounterMetricFamily(
        "persona_model_tokens",
        "Tokens as the provider counted them; cached ones are not part of `input` here.",
        labels=["model", "kind"],
    )
    kinds: dict[str, Callable[[Calls], float]] = {
        "input": lambda call: call.input_tokens - call.cached_tokens,
        "cached": lambda call: call.cached_tokens,
        "output": lambda call: call.output_tokens,
    }
    for kind, number in kinds.items():
        for (model,), count in _added_up(found, lambda call: (call.model,), number):
            tokens.add_metric([model, kind], count)
    return tokens


def _added_up[Row](
    found: Sequence[Row], labels: Callable[[Row], tuple[Any, ...]], number: Callable[[Row], float]
) -> Iterable[tuple[tuple[Any, ...], float]]:
    sums: dict[tuple[Any, ...], float] = defaultdict(float)
    for call in found:
        sums[labels(call)] += number(call)
    return sums.items()


# One reader for each source, and all sources in the database: what a worker counts is written there, see
# services/watched.py.
READERS: list[Reader] = [queue, workers, calls, limiter]


class DatabaseNumbers(Collector):
    """What all readers give; while the database does not answer, only that it does not."""

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("persona", "What runs here.", value={"release": settings.RELEASE})
        try:
            read = [metric for reader in READERS for metric in reader()]
        except Error as error:
            log.warning("/metrics: the database does not answer (%s)", type(error).__name__)
            read = []
        answers = "Whether the database answered; the numbers below come from it."
        yield GaugeMetricFamily("persona_database_up", answers, value=float(bool(read)))
        yield from read
