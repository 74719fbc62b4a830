"""How often, and how long, requests of this process waited for their turn: for metrics."""

from dataclasses import dataclass, replace

_SHORTEST = 0.005  # seconds; less is the round trip to Redis, not a limit


@dataclass(slots=True)
class Waits:
    """Since the process began: requests that had to wait, their seconds, and those let go before it."""

    count: int = 0
    seconds: float = 0.0
    given_up: int = 0


_waits: dict[str, Waits] = {}


def waits() -> dict[str, Waits]:
    """By model; copies. Any thread may ask: the list is made in one go."""
    return {model: replace(found) for model, found in list(_waits.items())}


def waited(model: str, seconds: float, *, gave_up: bool = False) -> None:
    if seconds < _SHORTEST:
        return
    found = _waits.setdefault(model, Waits())
    found.count += 1
    found.seconds += seconds
    found.given_up += gave_up
