"""The endpoint in a thread of its own, for code that has no event loop."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from personalization.fake_model.options import Options, changed
from personalization.fake_model.server import FakeModel

_PATIENCE_SECONDS = 10


class RunningFakeModel:
    """A started endpoint that synchronous code can look at and steer."""

    def __init__(self, model: FakeModel, loop: asyncio.AbstractEventLoop) -> None:
        self._model = model
        self._loop = loop
        self.base_url = model.base_url

    def stats(self) -> dict[str, Any]:
        """The counters, as under /stats."""
        return self._there(self._model.engine.counters.stats)

    def prompts(self, last: int | None = None) -> list[dict[str, object]]:
        """The last prompts, oldest first, as under /prompts."""
        return self._there(lambda: self._model.engine.counters.prompts(last))

    def traffic(self) -> list[bytes]:
        """The requests since `record` was set, byte for byte."""
        return self._there(self._model.engine.counters.traffic)

    def set(self, **changes: object) -> None:
        """From the next request on, these options hold; OptionsError when one cannot be used."""
        self._there(lambda: self._model.engine.change(changes))

    def reset(self) -> None:
        """Counters, prompts, cache and the sequence of faults begin again."""
        self._there(self._model.engine.reset)

    def _there[T](self, function: Callable[[], T]) -> T:
        """The function's result, run in the server's thread: nothing of the server is locked."""

        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(_PATIENCE_SECONDS)


@contextmanager
def running_fake_model(**options: object) -> Iterator[RunningFakeModel]:
    """An endpoint on a free port, stopped at the end; OptionsError when an option cannot be used."""
    model = FakeModel(changed(Options(), options))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake-model", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(model.start(), loop).result(_PATIENCE_SECONDS)
        try:
            yield RunningFakeModel(model, loop)
        finally:
            asyncio.run_coroutine_threadsafe(model.stop(), loop).result(_PATIENCE_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE_SECONDS)
        loop.close()
