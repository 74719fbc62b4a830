"""What the benchmark of limits makes of what it saw, and when it calls a promise broken."""

import pytest

from benchmarks.limiting.figures import Figures, Outage, Seen, rate, refusals

GOOD = Outage(away=0.99, back=0.985, refusals=0.0, texts=290)


def seen(*answered: int, refused: int = 0) -> list[Seen]:
    """A look every second."""
    return [Seen(float(at), count + refused * at, count) for at, count in enumerate(answered)]


def test_the_rate_counts_from_change_to_change() -> None:
    assert rate(seen(5, 5, 6, 8, 10, 10, 10)) == 120.0


@pytest.mark.parametrize("answered", [(), (5,), (5, 5, 5), (5, 5, 6, 6)])
def test_without_two_changes_there_is_no_rate(answered: tuple[int, ...]) -> None:
    assert rate(seen(*answered)) == 0.0


def test_what_was_refused_is_counted_between_the_looks() -> None:
    assert refusals(seen(100, 109, refused=1)) == pytest.approx(0.1)
    assert refusals(seen(100, 100)) == 0.0


def test_a_share_is_of_what_the_provider_counts() -> None:
    assert Figures(601, 601, seconds=60.0, limit=600).share == 1.0
    assert Figures(301, 301, seconds=60.0, limit=600_000, each=2_000).share == 1.0


@pytest.mark.parametrize(
    ("figures", "broken"),
    [
        (Figures(595, 595, 60.0, 600), 0),
        (Figures(580, 580, 60.0, 600), 1),
        (Figures(604, 596, 60.0, 600), 1),
        (Figures(600, 500, 60.0, 600), 2),
    ],
    ids=["kept", "too slow", "too many refused", "both"],
)
def test_the_bounds_of_a_limit(figures: Figures, broken: int) -> None:
    assert len(figures.broken()) == broken


@pytest.mark.parametrize(
    "change",
    [{"away": 1.01}, {"away": 0.3}, {"back": 0.97}, {"refusals": 0.02}, {"texts": 0}],
    ids=lambda change: next(iter(change)),
)
def test_the_bounds_of_an_outage(change: dict[str, float]) -> None:
    assert GOOD.broken() == []
    values = {"away": GOOD.away, "back": GOOD.back, "refusals": GOOD.refusals, "texts": GOOD.texts}
    assert len(Outage(**(values | change)).broken()) == 1  # type: ignore[arg-type]
