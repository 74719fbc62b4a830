"""What happened so far: figures, and the last prompts."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

_KEPT_PROMPTS = 2000


@lru_cache(maxsize=256)
def _shared(text: str) -> str:
    """The same text as one object: the prompts of a lesson share their system message (about 12 kB)."""
    return text


class Counters:
    """Requests, tokens and prompts since the start or the last reset."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.reset()

    def reset(self) -> None:
        """All figures are zero again, but for the requests still in flight."""
        self._requests = 0
        self._statuses: Counter[str] = Counter()
        self._modes: Counter[str] = Counter()
        self._tokens = {"prompt": 0, "cached": 0, "completion": 0}
        self._disconnected = 0
        self._max_in_flight = self.in_flight
        self._prompts: deque[dict[str, object]] = deque(maxlen=_KEPT_PROMPTS)
        self._traffic: list[bytes] = []

    @contextmanager
    def request(self) -> Iterator[None]:
        """One request is in flight until the block ends."""
        self._requests += 1
        self.in_flight += 1
        self._max_in_flight = max(self._max_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    def mode(self, name: str) -> None:
        """One request was treated this way."""
        self._modes[name] += 1

    def status(self, status: int) -> None:
        """One response began with this HTTP status."""
        self._statuses[str(status)] += 1

    def disconnected(self) -> None:
        """A client left before its answer was complete."""
        self._disconnected += 1

    def charge(self, prompt: int, cached: int, completion: int) -> None:
        """These tokens were used, whether or not the answer arrives."""
        for kind, tokens in (("prompt", prompt), ("cached", cached), ("completion", completion)):
            self._tokens[kind] += tokens

    def record(self, path: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        """A whole request, kept until the next reset."""
        lines = [path.encode(), *(b": ".join(header) for header in headers)]
        self._traffic.append(b"\r\n".join([*lines, b"", body]))

    def traffic(self) -> list[bytes]:
        """The requests that were recorded, byte for byte, in the order in which they came."""
        return list(self._traffic)

    def prompt(self, number: int, mode: str, model: str, schema: str | None, messages: list[object]) -> None:
        """The prompt is kept until 2,000 newer ones have come."""
        kept = [_with_shared_text(message) for message in messages]
        entry = {"number": number, "mode": mode, "model": model, "response_format": schema, "messages": kept}
        self._prompts.append(entry)

    def stats(self) -> dict[str, object]:
        """The figures as JSON-ready values."""
        return {
            "requests": self._requests,
            "by_status": dict(self._statuses),
            "by_mode": dict(self._modes),
            "disconnected": self._disconnected,
            "tokens": dict(self._tokens),
            "in_flight": self.in_flight,
            "max_in_flight": self._max_in_flight,
        }

    def prompts(self, last: int | None = None) -> list[dict[str, object]]:
        """The last prompts, oldest first: number, mode, model, response_format (its name) and messages."""
        kept = list(self._prompts)
        return kept if last is None else kept[max(0, len(kept) - last) :]


def _with_shared_text(message: object) -> object:
    if isinstance(message, dict) and isinstance(message.get("content"), str):
        return message | {"content": _shared(message["content"])}
    return message
