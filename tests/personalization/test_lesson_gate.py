"""The first request of a lesson is answered before the others start, and nobody is held back for ever."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from personalization.writers.lesson_gate import LessonGate


class Visits:
    """Requests that go through a gate, each ended by the test: `going` are the numbers under way."""

    def __init__(self, patience: float = 5) -> None:
        self.gate = LessonGate(patience)
        self.going: list[int] = []
        self.began: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[None]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def start(self, *numbers: int, lesson: str = "one") -> None:
        for number in numbers:
            self._ends[number] = asyncio.get_running_loop().create_future()
            self._tasks[number] = asyncio.create_task(self._visit(number, lesson))
        await self._rest()

    async def answer(self, number: int) -> None:
        self._ends[number].set_result(None)
        await self._rest()

    async def fail(self, number: int) -> None:
        self._ends[number].set_exception(ConnectionError())
        await self._rest()

    async def drop(self, number: int) -> None:
        self._tasks[number].cancel()
        await self._rest()

    async def _visit(self, number: int, lesson: str) -> None:
        async with self.gate.turn(lesson):
            self.going.append(number)
            self.began.put_nowait(number)
            try:
                await self._ends[number]
            finally:
                self.going.remove(number)

    async def _rest(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def end(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


type Story = Callable[[Visits], Coroutine[Any, Any, None]]


def play(story: Story, patience: float = 5) -> None:
    async def whole() -> None:
        visits = Visits(patience)
        try:
            await story(visits)
        finally:
            await visits.end()

    asyncio.run(whole())


def test_the_others_of_a_lesson_wait_for_its_first_answer() -> None:
    async def story(visits: Visits) -> None:
        await visits.start(1, 2, 3)
        assert visits.going == [1]
        await visits.answer(1)
        assert visits.going == [2, 3]
        await visits.start(4)
        assert visits.going == [2, 3, 4]

    play(story)


def test_other_lessons_go_on_meanwhile() -> None:
    async def story(visits: Visits) -> None:
        await visits.start(1, 2, lesson="one")
        await visits.start(3, 4, lesson="two")
        assert visits.going == [1, 3]
        await visits.answer(3)
        assert visits.going == [1, 4]

    play(story)


@pytest.mark.parametrize("ending", ["fail", "drop"])
def test_when_the_first_fails_the_next_one_goes_alone(ending: str) -> None:
    async def story(visits: Visits) -> None:
        await visits.start(1, 2, 3, 4)
        await getattr(visits, ending)(1)
        assert visits.going == [2]
        await visits.fail(2)
        assert visits.going == [3]
        await visits.answer(3)
        assert visits.going == [4]

    play(story)


def test_one_that_gives_up_waiting_holds_up_nobody() -> None:
    async def story(visits: Visits) -> None:
        await visits.start(1, 2, 3)
        await visits.drop(2)
        await visits.answer(1)
        assert visits.going == [3]

    play(story)


def test_nobody_waits_longer_than_the_gates_patience() -> None:
    async def story(visits: Visits) -> None:
        await visits.start(1, 2, 3)
        async with asyncio.timeout(5):
            assert [await visits.began.get() for _ in range(3)] == [1, 2, 3]

    play(story, patience=0.05)


def test_a_lesson_may_be_closed_again() -> None:
    async def story(visits: Visits) -> None:
        await visits.start(1)
        await visits.answer(1)
        visits.gate.close("one")
        await visits.start(2, 3)
        assert visits.going == [2]
        visits.gate.open("one")
        await visits.start(4)
        assert visits.going == [2, 4]

    play(story)
