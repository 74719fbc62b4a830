"""How a run went, as a drawing: shapes as SVG, which the page stretches; every word beside them as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from personalization.models import ItemState
from personalization.models.runs import ENDED
from personalization.pricing import money
from personalization.run_report import Bucket, Timeline
from personalization.run_report.words import grouped

HEIGHT = 100.0  # of the drawing; a bar is one unit wide
GAP = 0.14  # between bars
DAY = 86_400
PARTS = (("day", DAY), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of a bar; its colour goes by the state."""

    state: str
    x: str
    y: str
    height: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A slice of time: its boxes, and in words what they stand for."""

    words: str
    boxes: Sequence[Box]


@dataclass(frozen=True, slots=True)
class Chart:
    """`cost` is the outline of what was spent by then, empty where nothing was."""

    slices: int
    slice_words: str
    bars: Sequence[Bar]
    most: str
    states: list[tuple[str, str, str]]  # state, its name, items
    cost: str
    total_cost: str
    times: list[str]
    rows: list[tuple[str, list[str], str]]  # begins, items by state, cost

    @property
    def said(self) -> str:
        """The drawing for who cannot see it; the table below has the rest."""
        states = ", ".join(f"{name}: {items}" for _, name, items in self.states)
        return _("Texts over time, from {first} to {last}. {states}").format(
            first=self.times[0], last=self.times[-1], states=states
        )


def chart(line: Timeline | None) -> Chart | None:
    """None where there is nothing to draw."""
    if line is None:
        return None
    buckets = line.buckets
    states = [state for state in ENDED if any(state in bucket.items for bucket in buckets)]
    most = max(bucket.total for bucket in buckets)
    ends = [bucket.begins for bucket in buckets] + [buckets[-1].begins + timedelta(seconds=line.step)]
    sums = {state: sum(bucket.items.get(state, 0) for bucket in buckets) for state in states}
    return Chart(
        slices=len(buckets),
        slice_words=slice_words(line.step),
        bars=[_bar(place, bucket, states, most, line.step) for place, bucket in enumerate(buckets)],
        most=grouped(most),
        states=[(state.value, str(state.label), grouped(sums[state])) for state in states],
        cost=_outline(line),
        total_cost=money(line.cost_micro) if line.cost_micro else "",
        times=[clock(moment, line.step) for moment in (ends[0], ends[len(ends) // 2], ends[-1])],
        rows=[_row(bucket, states, line) for bucket in buckets if bucket.items or bucket.cost_micro],
    )


def slice_words(seconds: int) -> str:
    """ "5 minutes": the length of a slice, which is a round number of one of these."""
    unit, length = next((unit, length) for unit, length in PARTS if not seconds % length)
    count = seconds // length
    words = {
        "day": ngettext("%s day", "%s days", count),
        "hour": ngettext("%s hour", "%s hours", count),
        "minute": ngettext("%s minute", "%s minutes", count),
        "second": ngettext("%s second", "%s seconds", count),
    }
    return words[unit] % count


def clock(moment: datetime, step: int) -> str:
    """The time of day as exactly as the slices are; with the date where they are longer than minutes."""
    here = localtime(moment)
    if step >= 3600:
        return date_format(here, "SHORT_DATETIME_FORMAT")
    return here.strftime("%H:%M" if step >= 60 else "%H:%M:%S")


def _bar(place: int, bucket: Bucket, states: Sequence[ItemState], most: int, step: int) -> Bar:
    boxes, top = [], HEIGHT
    for state in states:
        if count := bucket.items.get(state, 0):
            height = HEIGHT * count / most
            top -= height
            boxes.append(Box(state.value, f"{place + GAP / 2:.2f}", f"{top:.2f}", f"{height:.2f}"))
    counts = ", ".join(f"{ItemState(state).label}: {grouped(count)}" for state, count in bucket.items.items())
    return Bar(f"{clock(bucket.begins, step)} · {counts}", boxes)


def _outline(line: Timeline) -> str:
    """The points of an area that rises with what was spent."""
    if not line.cost_micro:
        return ""
    points, spent = [f"0,{HEIGHT:g}"], 0
    for place, bucket in enumerate(line.buckets, start=1):
        spent += bucket.cost_micro
        points.append(f"{place},{HEIGHT - HEIGHT * spent / line.cost_micro:.2f}")
    return " ".join([*points, f"{len(line.buckets)},{HEIGHT:g}"])


def _row(bucket: Bucket, states: Sequence[ItemState], line: Timeline) -> tuple[str, list[str], str]:
    items = [grouped(bucket.items.get(state, 0)) for state in states]
    whole = line.cost_micro
    return clock(bucket.begins, line.step), items, money(bucket.cost_micro, whole) if whole else ""
