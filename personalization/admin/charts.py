"""Bars without a script: they show under any policy, print, and are read out as words and amounts."""

from collections.abc import Sequence
from dataclasses import dataclass

FULL = 1_000  # the height of the highest bar


@dataclass(frozen=True, slots=True)
class Bar:
    """`label` stands below, where there is room; `words` say it all. `link`: "" leads nowhere."""

    value: int
    label: str
    words: str
    link: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class DrawnBar:
    bar: Bar
    height: int

    @property
    def top(self) -> int:
        return FULL - self.height


def drawn(bars: Sequence[Bar]) -> list[DrawnBar]:
    """With heights; what is more than nothing can be seen."""
    highest = max((bar.value for bar in bars), default=0)
    return [DrawnBar(bar, max(10, FULL * bar.value // highest) if bar.value > 0 else 0) for bar in bars]
