"""An estimate in words, for the admin and the terminal."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from personalization.costs.estimate import Estimate
from personalization.pricing import money, price_table, unpriced
from personalization.writers.base import Usage


def estimate_said(estimate: Estimate) -> list[str]:
    """What it will cost, how sure that is, and how many tokens; nothing where no model is to be called."""
    if estimate.free or not estimate.usage.input_tokens:
        return []
    tokens = _tokens(estimate.usage)
    if problem := unpriced(estimate.model):
        return [problem, tokens]
    return [_amount(estimate), _("{tokens} Prices of {date}.").format(tokens=tokens, date=price_table().date)]


def budget_said(estimate: Estimate, budget_micro: int | None) -> str:
    """A warning where the budget will likely not do; "" where it will, or there is none."""
    if budget_micro is None or estimate.free or budget_micro >= estimate.micro:
        return ""
    text = _(
        "The budget of {budget} is below the estimate of {estimate}: when it is used up, the texts that are "
        "left wait until it is raised."
    )
    return text.format(budget=money(budget_micro), estimate=money(estimate.micro))


def _amount(estimate: Estimate) -> str:
    amount = money(estimate.micro)
    if not estimate.learned_from:
        text = _(
            "Estimated cost: about {amount}, if the provider's cache serves what texts of a lesson share, "
            "more without it. No earlier call of {model} is known: this goes by the sizes of the texts "
            "alone, and may be twice too high."
        )
        return text.format(amount=amount, model=estimate.model)
    text = ngettext(
        "Estimated cost: about {amount}, by what the last call of {model} used.",
        "Estimated cost: about {amount}, by what the last {calls} calls of {model} used.",
        estimate.learned_from,
    )
    return text.format(amount=amount, calls=_whole(estimate.learned_from), model=estimate.model)


def _tokens(usage: Usage) -> str:
    text = _("Tokens: {input} of input, {cached} of them from the provider's cache; {output} of output.")
    given, cached, output = map(_whole, (usage.input_tokens, usage.cached_tokens, usage.output_tokens))
    return text.format(input=given, cached=cached, output=output)


def _whole(number: int) -> str:
    return number_format(number, force_grouping=True)
