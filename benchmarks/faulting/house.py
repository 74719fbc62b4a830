"""Where faults are let loose: proxies in front of the servers, an endpoint, and real workers behind them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.db import connection

from benchmarks.faulting.links import Mode
from benchmarks.faulting.proxy import HOST, Proxy, running_proxy
from persona_site.embedded.postgres import DATABASE, USER, Postgres
from persona_site.embedded.valkey import Valkey
from personalization.fake_model import Options, RunningFakeModel, running_fake_model
from tests.processes import Environment, WorkerProcess, until

START_SECONDS = 180.0  # for workers, on a machine that is busy with other things
# All that a run leaves behind, and what it was about.
EMPTY = """
    TRUNCATE courses, profiles, generation_runs, generation_counts, model_calls, model_endpoints, changes,
        pghistory_context, worker_heartbeats, call_totals, limiter_waits, daily_costs CASCADE
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, but for `concurrency`. What is short here keeps the proportions of the settings' defaults."""

    lease: float = 6
    sweep: float = 1
    call: float = 6
    retry: float = 0.3
    drain: float = 600
    outage: float = 9  # how long something is away
    concurrency: int = 4

    def environment(self) -> Environment:
        return {
            "GENERATION_LEASE_SECONDS": str(self.lease),
            "GENERATION_SWEEP_SECONDS": str(self.sweep),
            "GENERATION_CALL_SECONDS": str(self.call),
            "GENERATION_RETRY_SECONDS": str(self.retry),
            "GENERATION_DRAIN_SECONDS": str(self.drain),
            "GENERATION_CONCURRENCY": str(self.concurrency),
        }


@dataclass(frozen=True, slots=True)
class Places:
    """The servers, and what is ours on them. `folder` is for what the workers keep."""

    postgres: Postgres
    valkey: Valkey
    folder: Path
    database: str = DATABASE
    broker_number: int = 0

    @property
    def address(self) -> str:
        """Of the database, past every proxy."""
        return f"host={self.postgres.runtime} dbname={self.database} user={USER}"

    @property
    def url(self) -> str:
        """The same for Django."""
        return f"postgresql://{USER}@/{self.database}?host={self.postgres.runtime}"


@dataclass(slots=True)
class House:
    """Its workers outlive a fault: what the next one does to them, it does to workers that have seen some."""

    places: Places
    pace: Pace
    database: Proxy
    broker: Proxy
    endpoint: Proxy
    model: RunningFakeModel
    workers: list[WorkerProcess] = field(default_factory=list)
    variables: Environment = field(default_factory=dict)
    mutant: str = ""
    _special: set[WorkerProcess] = field(default_factory=set)
    _started: int = 0

    def start_worker(self, **variables: str) -> WorkerProcess:
        """Another worker; `is_ready` says when it listens. With variables of its own it serves one fault."""
        places = self.places
        self._started += 1
        database = f"{HOST}:{self.database.port}/{places.database}"
        worker = WorkerProcess(
            {
                **os.environ,
                "DEBUG": "true",
                "PERSONA_VAR": str(places.folder / f"worker-{self._started}"),
                "DATABASE_URL": f"postgresql://{USER}@{database}",
                "REDIS_URL": f"redis://{HOST}:{self.broker.port}/{places.broker_number}",
                "OPENAI_API_KEY": "test",
                "OPENAI_BASE_URL": f"http://{HOST}:{self.endpoint.port}/v1",
                **self.pace.environment(),
                **self.variables,
                **variables,
                "FAULT_MUTANT": self.mutant,
            },
            app="benchmarks.faulting.mutant_worker" if self.mutant else "persona_site",
        )
        self.workers.append(worker)
        if variables:
            self._special.add(worker)
        return worker

    def staff(self, count: int, variables: Environment, mutant: str = "") -> None:
        """So many living workers with these variables, all of them ready; others are stopped."""
        if (variables, mutant) != (self.variables, self.mutant):
            self.dismiss()
            self.variables, self.mutant = variables, mutant
        fit = [worker for worker in self.workers if worker.process.poll() is None]
        fit = [worker for worker in fit if worker not in self._special][:count]
        for worker in self.workers:
            if worker not in fit:
                worker.stop()
        self.workers = fit
        self._special.clear()
        while len(self.workers) < count:
            self.start_worker()
        ready = f"{count} workers are ready"
        until(lambda: all(worker.is_ready() for worker in self.workers), ready, patience=START_SECONDS)

    def dismiss(self) -> None:
        """No worker is left."""
        for worker in self.workers:
            worker.process.send_signal(signal.SIGCONT)
            worker.process.terminate()
        for worker in self.workers:
            worker.stop()
        self.workers.clear()

    def tidy(self, **model: object) -> None:
        """As before the first run: good weather, no rows, an endpoint with these options, never asked."""
        self.close()
        with connection.cursor() as cursor:
            cursor.execute(EMPTY)
        self.model.set(**{**asdict(Options()), **model})
        self.model.reset()
        for proxy in (self.database, self.broker, self.endpoint):
            proxy.set(Mode.PASS)

    def close(self) -> None:
        """No worker reaches the database: its sweep and who empties tables would wait for each other."""
        self.database.set(Mode.DOWN)


@contextmanager
def house(places: Places, pace: Pace, **model: object) -> Iterator[House]:
    """All but workers; everything ends with the block, workers too. To plan runs, the settings need a key."""
    with (
        running_proxy(places.postgres.socket) as database,
        running_proxy(places.valkey.socket) as broker,
        running_fake_model(**model) as fake,
        running_proxy(_place(fake)) as endpoint,
    ):
        built = House(places, pace, database, broker, endpoint, fake)
        try:
            yield built
        finally:
            built.dismiss()


def _place(model: RunningFakeModel) -> tuple[str, int]:
    host, port = model.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    return host, int(port)
