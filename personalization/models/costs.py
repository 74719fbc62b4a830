"""What was spent on each day, so that years of calls need not be added up to show a month.

A trigger writes one row for each call that is settled, and the sweep folds them to one row for a day, course
and model. Rows are only ever inserted by who settles: a sum that all workers update would make them wait for
each other.
"""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from pgtrigger import After, Condition, Insert, Row, Trigger, UpdateOf

from personalization.models.call_totals import UNSENT

_ADD = """
    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,
                             output_tokens, micro)
    VALUES ((NEW.finished_at AT TIME ZONE 'UTC')::date,
            (SELECT lesson.course_id FROM generation_items item
             JOIN lessons lesson ON lesson.id = item.lesson_id WHERE item.id = NEW.item_id),
            NEW.model, 1, CASE WHEN NEW.state = 'ok' THEN 1 ELSE 0 END, NEW.input_tokens, NEW.cached_tokens,
            NEW.output_tokens, NEW.actual_micro);
    RETURN NULL;
"""


class DailyCost(models.Model):
    """A day's share of calls and money; there may be several rows for the same day, course and model."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))  # in UTC, as providers write their bills
    # No foreign key: what a course cost stays when it goes.
    course_id = models.UUIDField(null=True)
    model = models.TextField(_("model"))
    calls = models.BigIntegerField()
    good_calls = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    cached_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    micro = models.BigIntegerField()

    class Meta:
        db_table = "daily_costs"
        indexes = [
            models.Index(fields=["day"], name="daily_costs_day"),
            models.Index(fields=["course_id"], name="daily_costs_course"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.model}: {self.micro:+}"


def cost_triggers() -> list[Trigger]:
    """For the ledger's table. A call without a model is the simple writer's, and costs nothing; one that
    is `unsent` was never made."""
    return [
        _trigger("add_settled", UpdateOf("state"), "OLD.state = 'reserved' AND NEW.state <> 'reserved'"),  # type: ignore[no-untyped-call]
        _trigger("add_inserted", Insert, "NEW.state <> 'reserved'"),
    ]


def _trigger(name: str, operation: Any, condition: str) -> Trigger:
    settled = Condition(f"{condition} AND NEW.model <> '' AND NEW.error_code <> '{UNSENT}'")
    return Trigger(name=name, level=Row, when=After, operation=operation, condition=settled, func=_ADD)
