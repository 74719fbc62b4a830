"""What a run has cost, against what it may cost and what was expected."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from personalization.pricing import MICRO, money
from personalization.queries import Progress
from personalization.run_report.words import cached_share, grouped, projected_micro


@dataclass(frozen=True, slots=True)
class MoneyView:
    """Amounts in words, empty where there is none. Percents are of the budget, else of the estimate."""

    spent: str
    reserved: str
    budget: str
    estimate: str
    projected: str
    spent_percent: str
    reserved_percent: str
    suggested: str  # for a budget that would do, as it is typed
    over: bool  # more will be spent than was expected, or than may be
    input_tokens: str
    cached: str
    output_tokens: str
    calls: str

    @property
    def bar(self) -> bool:
        return bool(self.budget or self.estimate)

    @property
    def said(self) -> str:
        """For a screen reader, in the bar's place."""
        limit = self.budget or self.estimate
        return _("{spent} of {limit}").format(spent=self.spent, limit=limit)


def money_view(now: Progress) -> MoneyView | None:
    """None where nothing was or will be paid: the simple writer's runs."""
    if not (now.calls or now.spent_micro or now.reserved_micro or now.budget_micro or now.estimate_micro):
        return None
    limit = now.budget_micro or now.estimate_micro or 0
    projected = projected_micro(now) if now.ended < now.total else None
    share = cached_share(now)
    largest = max(now.spent_micro, now.budget_micro or 0, now.estimate_micro or 0, projected or 0)

    def said(micro: int | None) -> str:
        return "" if micro is None else money(micro, largest)

    return MoneyView(
        spent=said(now.spent_micro),
        reserved=said(now.reserved_micro or None),
        budget=said(now.budget_micro),
        estimate=said(now.estimate_micro),
        projected=said(projected),
        spent_percent=_percent(now.spent_micro, limit),
        reserved_percent=_percent(now.reserved_micro, limit),
        suggested=_suggested(now, projected),
        over=bool(limit and (projected or now.spent_micro) > limit),
        input_tokens=grouped(now.input_tokens) if now.input_tokens else "",
        cached=_("{percent} % from the cache").format(percent=share) if share is not None else "",
        output_tokens=grouped(now.output_tokens) if now.output_tokens else "",
        calls=grouped(now.calls),
    )


def _percent(amount: int, limit: int) -> str:
    """As a style sheet wants it, whatever the reader's decimal sign."""
    return f"{min(100.0, 100 * amount / limit):.1f}" if limit else "0"


def _suggested(now: Progress, projected: int | None) -> str:
    """A tenth more than the whole run seems to need, else twice the budget; two digits of it."""
    if now.budget_micro is None:
        return ""
    wanted = projected * 1.1 if projected and projected > now.budget_micro else now.budget_micro * 2
    step = 10 ** (len(str(round(wanted))) - 2)
    return f"{Decimal(-int(-wanted // step) * step) / MICRO:f}"
