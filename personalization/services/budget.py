"""What a run may spend, once it has been started."""

from django.db import transaction

from personalization.models.runs import GenerationRun, RunState
from personalization.services.runs import notify


def raise_budget(run: GenerationRun, budget_micro: int | None) -> bool:
    """Whether the run, not ended yet, may spend more than before; None: as much as it needs.

    What was held for want of money is queued again by the sweeps, which this wakes. A budget is only ever
    raised: a slip of the hand must not stop a run, and Pause stops one.
    """
    limited = GenerationRun.objects.filter(
        pk=run.pk, state__in=[RunState.OPEN, RunState.PAUSED], budget_micro__isnull=False
    )
    if budget_micro is not None:
        limited = limited.filter(budget_micro__lt=budget_micro)
    with transaction.atomic():
        raised = limited.update(budget_micro=budget_micro)
        if raised:
            notify()
    return bool(raised)
