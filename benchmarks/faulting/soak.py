"""Random faults, one after the other, while an editor keeps changing what the texts are made of."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
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

PAUSES = (1.0, 4.0)  # seconds between faults
# Seconds; at least a fault in so many, of one in 2.7 that there is, and an edit.
LEAST_EVERY = 5.0
# From here on no kind of fault may be missing, and the reader looks as often as is promised: 10,000 times in
# ten minutes.
LONG_SECONDS, LEAST_SCANS_A_SECOND = 300.0, 10_000 / 600
EDIT_SECONDS = 0.5
MODEL: dict[str, object] = {"mode": "mixed,slow,html,echo", "fail": 0.25, "latency": 400, "jitter": 200}
MANY = 1_000_000
HEALING_SECONDS = 120  # within which all items end
BAD_WEATHER = (Mode.LATENCY, Mode.SLICE, Mode.LIMIT, Mode.RESET, Mode.DOWN, Mode.BLACKHOLE, Mode.HALF)


@dataclass(frozen=True, slots=True)
class Size:
    """Of a soak's world. `kinds`: the faults to choose from, by name; empty: all."""

    learners: int = 20
    lessons: int = 8
    workers: int = 2
    kinds: Collection[str] = ()


WHOLE = Size()


@dataclass(slots=True)
class Nemesis:
    """Lets faults loose. `counts`: those that have struck something, by kind. `edits`: the editor's. `later`:
    what must be undone, and when."""

    stage: Stage
    dice: random.Random
    size: Size = WHOLE
    counts: Counter[str] = field(default_factory=Counter)
    edits: int = 0
    later: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    @property
    def strikes(self) -> dict[str, Callable[[], bool]]:
        """Each says whether there was anything to strike."""
        house = self.stage.house
        strikes: dict[str, Callable[[], bool]] = {
            "kill of a child": self._kill_child,
            "kill of a worker": self._kill_worker,
            "SIGTERM": self._terminate,
            "freeze": self._freeze,
            "broker wiped": self._flush,
            "broker killed": self._lose_broker,
            "database crash": self._crash,
            "backends terminated": self._terminate_backends,
            "dead sockets, database": lambda: bool(house.database.set(Mode.ZOMBIE)),
            "dead sockets, broker": lambda: bool(house.broker.set(Mode.ZOMBIE)),
            "bad weather": self._weather,
        }
        return {name: strike for name, strike in strikes.items() if name in (self.size.kinds or strikes)}

    def strike(self) -> None:
        """One fault; what an earlier one left to be undone by now is undone first."""
        self.undo(time.monotonic())
        self.stage.may_be_unknown += calm(self.stage.in_flight)
        strikes = self.strikes
        name = self.dice.choice(list(strikes))
        self.counts[name] += strikes[name]()
        self._staff()

    def undo(self, until: float) -> None:
        due = [action for when, action in self.later if when <= until]
        self.later = [one for one in self.later if one[0] > until]
        for action in due:
            action()

    def _kill_child(self) -> bool:
        pids = self.dice.choice(self.stage.house.workers).children()
        for pid in pids:
            self.stage.kill_child(pid)
        return bool(pids)

    def _kill_worker(self) -> bool:
        self.stage.kill(self.dice.choice(self.stage.house.workers))
        return True

    def _terminate(self) -> bool:
        self.dice.choice(self.stage.house.workers).process.terminate()
        return True

    def _freeze(self) -> bool:
        worker = self.dice.choice(self.stage.house.workers)
        worker.freeze()
        seconds = self.dice.uniform(0.5, 2) * self.stage.house.pace.lease
        self.later.append((time.monotonic() + seconds, lambda: _thaw(worker)))
        return True

    def _flush(self) -> bool:
        with Redis.from_url(self.stage.house.places.valkey.client_url) as broker:
            broker.flushall()
        return True

    def _lose_broker(self) -> bool:
        lose_broker(self.stage.house.places.valkey)
        return True

    def _crash(self) -> bool:
        connection.close()
        crash_database(self.stage.house.places.postgres)
        return True

    def _terminate_backends(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(TERMINATE)
            return bool(cursor.fetchone()[0])

    def _weather(self) -> bool:
        house = self.stage.house
        proxy = self.dice.choice([house.database, house.broker, house.endpoint])
        proxy.set(self.dice.choice(BAD_WEATHER))
        clears = time.monotonic() + self.dice.uniform(0.5, 4)
        self.later.append((clears, lambda: proxy.set(Mode.PASS)))
        return True  # what is not connected yet will meet it

    def _staff(self) -> None:
        """The dead are replaced, as a supervisor of processes does."""
        house = self.stage.house
        house.workers = [worker for worker in house.workers if worker.process.poll() is None]
        while len(house.workers) < self.size.workers:
            house.start_worker()


def soak(house: House, *, seconds: float, seed: int, size: Size = WHOLE) -> Row:
    """So long a fault every few seconds; then all is healed, and every item must end."""
    what = f"{seconds:g} s of random faults, model faults 25 %, edits"
    house.staff(size.workers, {})
    house.tidy(**MODEL, seed=seed)
    with staged(house, size.learners, size.lessons) as stage:
        nemesis = Nemesis(stage, random.Random(seed), size)
        stage.may_fail = MANY  # a quarter of all calls fails: some items do in the end, with reasons
        stage.ask()
        with _editing(nemesis, random.Random(seed + 1)):
            _rage(nemesis, seconds)
        _heal(nemesis)
        began = time.monotonic()
        try:
            stage.end(HEALING_SECONDS)
        except AssertionError as problem:
            house.dismiss()
            return Row("soak", what, [f"{problem} ({_said(nemesis)})"])
        ended = time.monotonic() - began
        figures = stage.figures()
        little = too_little(nemesis.counts, nemesis.strikes, nemesis.edits, figures.scans, seconds)
        broken = [*figures.broken, *little]
        verdict = f"holds, {figures.failed} failed; {_said(nemesis)}"
        notes = [_said(nemesis), *stage.reader.seen.first]
        return Row("soak", what, broken, verdict, ended, stage.recovery.seconds(), figures, notes=notes)


def too_little(
    struck: Counter[str], kinds: Iterable[str], edits: int, scans: int, seconds: float
) -> Iterator[str]:
    """Why a soak that broke nothing shows nothing either, if it does not."""
    least = int(seconds / LEAST_EVERY)
    if struck.total() < least:
        yield f"{struck.total()} faults have struck in {seconds:g} s: fewer than {least} show little"
    if edits < least:
        yield f"{edits} edits were made in {seconds:g} s: fewer than {least} show little"
    if seconds < LONG_SECONDS:
        return
    if never := [kind for kind in kinds if not struck[kind]]:
        yield f"never met: {', '.join(never)}"
    if scans < (least := int(LEAST_SCANS_A_SECOND * seconds)):
        yield f"the reader looked {scans:,} times in {seconds:g} s: fewer than {least:,} show little"


def _rage(nemesis: Nemesis, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(nemesis.dice.uniform(*PAUSES))
        nemesis.strike()


def _heal(nemesis: Nemesis) -> None:
    house = nemesis.stage.house
    nemesis.undo(float("inf"))
    for proxy in (house.database, house.broker, house.endpoint):
        proxy.set(Mode.PASS)
    house.staff(nemesis.size.workers, {})
    nemesis.stage.healed()


@contextmanager
def _editing(nemesis: Nemesis, dice: random.Random) -> Iterator[None]:
    """Changes a learner's answers and asks for their texts, in one transaction, again and again."""
    stage, end = nemesis.stage, threading.Event()

    def edit() -> None:
        number = 0
        while not end.wait(EDIT_SECONDS):
            number += 1
            try:
                _edit(stage, dice.choice(list(stage.world.learners)), number)
                nemesis.edits += 1
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
    struck = sorted((+nemesis.counts).items())  # those that have
    return f"{nemesis.counts.total()} faults: {', '.join(f'{count} × {name}' for name, count in struck)}"


def _thaw(worker: WorkerProcess) -> None:
    if worker.process.poll() is None:  # else it was killed in its sleep
        worker.thaw()
