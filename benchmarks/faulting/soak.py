"""Random faults, one after the other, while an editor keeps changing what the texts are made of."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import Error, connection, transaction
from redis import Redis

from benchmarks.faulting.database_faults import TERMINATE
from benchmarks.faulting.house import House
from benchmarks.faulting.links import Mode
from benchmarks.faulting.play import Row
from benchmarks.faulting.servers import crash_database, lose_broker
from benchmarks.faulting.stage import Stage, calm, staged
from personalization.models import Profile
from personalization.pairs import Selection
from tests.processes import WorkerProcess

LEARNERS, LESSONS, WORKERS = 20, 8, 2
PAUSES = (1.0, 4.0)  # seconds between faults
EDIT_SECONDS = 0.5
MODEL: dict[str, object] = {"mode": "mixed,slow,html,echo", "fail": 0.25, "latency": 400, "jitter": 200}
MANY = 1_000_000
HEALING_SECONDS = 120  # within which all items end
BAD_WEATHER = (Mode.LATENCY, Mode.SLICE, Mode.LIMIT, Mode.RESET, Mode.DOWN, Mode.BLACKHOLE, Mode.HALF)


@dataclass(slots=True)
class Nemesis:
    """Lets faults loose. `later`: what must be undone, and when."""

    stage: Stage
    dice: random.Random
    counts: dict[str, int] = field(default_factory=dict)
    later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def strike(self) -> None:
        """One fault; what an earlier one left to be undone by now is undone first."""
        self.undo(time.monotonic())
        house = self.stage.house
        self.stage.may_be_unknown += calm(self.stage.in_flight)
        strikes: dict[str, Callable[[], None]] = {
            "kill of a child": self._kill_child,
            "kill of a worker": self._kill_worker,
            "SIGTERM": self._terminate,
            "freeze": self._freeze,
            "broker wiped": self._flush,
            "broker killed": lambda: lose_broker(house.places.valkey),
            "database crash": self._crash,
            "backends terminated": self._terminate_backends,
            "dead sockets, database": lambda: _ignore(house.database.set(Mode.ZOMBIE)),
            "dead sockets, broker": lambda: _ignore(house.broker.set(Mode.ZOMBIE)),
            "bad weather": self._weather,
        }
        name = self.dice.choice(list(strikes))
        strikes[name]()
        self.counts[name] = self.counts.get(name, 0) + 1
        self._staff()

    def undo(self, until: float) -> None:
        due = [action for when, action in self.later if when <= until]
        self.later = [one for one in self.later if one[0] > until]
        for action in due:
            action()

    def _kill_child(self) -> None:
        for pid in self.dice.choice(self.stage.house.workers).children():
            self.stage.kill_child(pid)

    def _kill_worker(self) -> None:
        self.stage.kill(self.dice.choice(self.stage.house.workers))

    def _terminate(self) -> None:
        self.dice.choice(self.stage.house.workers).process.terminate()

    def _freeze(self) -> None:
        worker = self.dice.choice(self.stage.house.workers)
        worker.freeze()
        seconds = self.dice.uniform(0.5, 2) * self.stage.house.pace.lease
        self.later.append((time.monotonic() + seconds, lambda: _thaw(worker)))

    def _flush(self) -> None:
        with Redis.from_url(self.stage.house.places.valkey.client_url) as broker:
            broker.flushall()

    def _crash(self) -> None:
        connection.close()
        crash_database(self.stage.house.places.postgres)

    def _terminate_backends(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TERMINATE)

    def _weather(self) -> None:
        house = self.stage.house
        proxy = self.dice.choice([house.database, house.broker, house.endpoint])
        proxy.set(self.dice.choice(BAD_WEATHER))
        clears = time.monotonic() + self.dice.uniform(0.5, 4)
        self.later.append((clears, lambda: _ignore(proxy.set(Mode.PASS))))

    def _staff(self) -> None:
        """The dead are replaced, as a supervisor of processes does."""
        house = self.stage.house
        house.workers = [worker for worker in house.workers if worker.process.poll() is None]
        while len(house.workers) < WORKERS:
            house.start_worker()


def soak(house: House, *, seconds: float, seed: int) -> Row:
    """So long a fault every few seconds; then all is healed, and every item must end."""
    what = f"{seconds:g} s of random faults, model faults 25 %, edits"
    house.staff(WORKERS, {})
    house.tidy(**MODEL, seed=seed)
    with staged(house, LEARNERS, LESSONS) as stage:
        nemesis = Nemesis(stage, random.Random(seed))
        stage.may_fail = MANY  # a quarter of all calls fails: some items do in the end, with reasons
        stage.ask()
        with _editing(stage, random.Random(seed + 1)):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(nemesis.dice.uniform(*PAUSES))
                nemesis.strike()
        nemesis.undo(float("inf"))
        for proxy in (house.database, house.broker, house.endpoint):
            proxy.set(Mode.PASS)
        house.staff(WORKERS, {})
        stage.healed()
        began = time.monotonic()
        try:
            stage.end(HEALING_SECONDS)
        except AssertionError as problem:
            house.dismiss()
            return Row("soak", what, [f"{problem} ({_said(nemesis)})"])
        ended = time.monotonic() - began
        figures = stage.figures()
        verdict = f"holds, {figures.failed} failed; {_said(nemesis)}"
        notes = [_said(nemesis), *stage.reader.seen.first]
        return Row(
            "soak", what, figures.broken, verdict, ended, stage.recovery.seconds(), figures, notes=notes
        )


@contextmanager
def _editing(stage: Stage, dice: random.Random) -> Iterator[None]:
    """Changes a learner's answers and asks for their texts, in one transaction, again and again."""
    end = threading.Event()

    def edit() -> None:
        number = 0
        while not end.wait(EDIT_SECONDS):
            number += 1
            try:
                _edit(stage, dice.choice(list(stage.world.learners)), number)
            except Error:  # a fault is at work: then this edit has not happened
                connection.close()
        connection.close()

    editor = threading.Thread(target=edit, name="editor")
    editor.start()
    try:
        yield
    finally:
        end.set()
        editor.join()


def _edit(stage: Stage, learner: Profile, number: int) -> None:
    survey = {**(learner.survey or {}), "fears_other": f"Правка {number}"}
    with transaction.atomic():
        Profile.objects.filter(pk=learner.pk).update(survey=survey)
        # Known before anybody can write or read a text that was made of it.
        stage.world.note_revision(Profile.objects.get(pk=learner.pk))
        stage.ask(Selection(profiles=(learner.pk,)))


def _said(nemesis: Nemesis) -> str:
    each = ", ".join(f"{count} × {name}" for name, count in sorted(nemesis.counts.items()))
    return f"{sum(nemesis.counts.values())} faults: {each}"


def _thaw(worker: WorkerProcess) -> None:
    if worker.process.poll() is None:  # else it was killed in its sleep
        worker.thaw()


def _ignore(_: object) -> None:
    return None
