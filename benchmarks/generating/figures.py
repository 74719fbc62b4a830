"""What was measured, what is promised of it, and the table."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

LEAST_RATIO = 0.90  # of the ideal
MOST_CPU = 2.5  # ms a text
LEAST_CACHED = 0.9  # of the input tokens


@dataclass(frozen=True, slots=True)
class Measured:
    """One pass over all texts. `cpu` in seconds, of the client's or the workers' processes."""

    texts: int
    seconds: float
    cpu: float
    requests: int
    cached: float = 0.0

    @property
    def rate(self) -> float:
        return self.texts / self.seconds

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu / self.texts


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that a benchmark has measured. `wanted`: texts in each run; `stored`: in the end."""

    wanted: int
    stored: int
    in_flight: int
    latency: float
    bare: Sequence[Measured]
    worker: Sequence[Measured]
    shared: Measured
    one_by_one: float

    @property
    def ideal(self) -> float:
        return self.in_flight / self.latency

    @property
    def ratio(self) -> float:
        return median(one.rate for one in self.worker) / self.ideal

    @property
    def cpu(self) -> float:
        return median(one.cpu_ms for one in self.worker)

    @property
    def cached(self) -> float:
        return min(one.cached for one in self.worker)

    def broken(self) -> list[str]:
        """The promises that do not hold."""
        runs = [*self.worker, self.shared]
        promises = {
            f"a worker keeps {LEAST_RATIO:.2f} of the ideal rate": self.ratio >= LEAST_RATIO,
            f"a text takes {MOST_CPU:.1f} ms of the worker's CPU at most": self.cpu <= MOST_CPU,
            f"{LEAST_CACHED:.0%} of the input come from the cache": self.cached >= LEAST_CACHED,
            "every text is written": self.stored == self.wanted
            and all(run.texts == self.wanted for run in runs),
            "no text is asked for twice": all(run.requests == self.wanted for run in runs),
        }
        return [promise for promise, kept in promises.items() if not kept]

    def table(self) -> Table:
        title = (
            f"{self.wanted:,} texts, prompts of 20 KB, {self.in_flight} in flight, "
            f"latency {self.latency:g} s, {os.cpu_count()} cores; medians of {len(self.worker)} rounds"
        )
        table = Table("what", "texts per second", "of the ideal", "CPU, ms a text", title=title)
        table.add_row("ideal: in flight ÷ latency", f"{self.ideal:,.0f}", "1.00")
        table.add_row("bare aiohttp, nothing stored", *self._cells(self.bare))
        rate, ratio, cpu = self._cells(self.worker)
        promised = f"{ratio} (≥ {LEAST_RATIO:.2f})", f"{cpu} (≤ {MOST_CPU:.1f})"
        table.add_row("a worker, texts stored", rate, *promised)
        table.add_row("two workers, one of them elsewhere", *self._cells([self.shared]))
        old = self.one_by_one
        table.add_row("one by one with pauses, as the old system", f"{old:.2f}", f"{old / self.ideal:.4f}")
        table.add_section()
        table.add_row("input from the cache, least of all rounds", f"{self.cached:.1%}")
        table.add_row("requests for a text, two workers", f"{self.shared.requests / self.wanted:.3f}")
        return table

    def _cells(self, measured: Sequence[Measured]) -> tuple[str, str, str]:
        rate = median(one.rate for one in measured)
        return f"{rate:,.1f}", f"{rate / self.ideal:.2f}", f"{median(one.cpu_ms for one in measured):.2f}"
