"""What was spent on each day, so that years of calls need not be added up to show a month.

A trigger writes a row for each day, course and model of which a statement has settled calls, and the sweep
folds them to one. Rows are only ever inserted by who settles: a sum that all workers update would make them
wait for each other.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from pgtrigger import After, Condition, Insert, Row, Trigger

UNSENT = "unsent"  # the error of a call that was reserved and not made: no sum counts it
# Of the calls that a statement has settled; for the trigger that adds them up.
ADD_SETTLED = f"""
    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,
                             output_tokens, micro)
    SELECT (settled.finished_at AT TIME ZONE 'UTC')::date, lesson.course_id, settled.model, count(*),
        count(*) FILTER (WHERE settled.state = 'ok'), sum(settled.input_tokens), sum(settled.cached_tokens),
        sum(settled.output_tokens), sum(settled.actual_micro)
    FROM new_rows settled JOIN old_rows old_row USING (id)
    LEFT JOIN generation_items item ON item.id = settled.item_id
    LEFT JOIN lessons lesson ON lesson.id = item.lesson_id
    WHERE old_row.state = 'reserved' AND settled.state <> 'reserved' AND settled.model <> ''
        AND settled.error_code <> '{UNSENT}'
    GROUP BY 1, 2, 3;
"""  # noqa: S608 constants of ours
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


def cost_trigger() -> Trigger:
    """For calls that come in settled. One without a model is the simple writer's, and costs nothing; one that
    is `unsent` was never made."""
    settled = Condition(f"NEW.state <> 'reserved' AND NEW.model <> '' AND NEW.error_code <> '{UNSENT}'")
    return Trigger(name="add_inserted", level=Row, when=After, operation=Insert, condition=settled, func=_ADD)
