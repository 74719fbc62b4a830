"""Daily sums of what was spent, kept by triggers, and indexes for the list of a million calls."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


BEFORE = """
    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,
                             output_tokens, micro)
    SELECT (call.finished_at AT TIME ZONE 'UTC')::date, lesson.course_id, call.model, count(*),
           count(*) FILTER (WHERE call.state = 'ok'), sum(call.input_tokens), sum(call.cached_tokens),
           sum(call.output_tokens), sum(call.actual_micro)
    FROM model_calls call
    LEFT JOIN generation_items item ON item.id = call.item_id
    LEFT JOIN lessons lesson ON lesson.id = item.lesson_id
    WHERE call.state <> 'reserved' AND call.model <> ''
    GROUP BY 1, 2, 3
"""


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0010_held_by_the_budget'),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyCost',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('day', models.DateField(verbose_name='day')),
                ('course_id', models.UUIDField(null=True)),
                ('model', models.TextField(verbose_name='model')),
                ('calls', models.BigIntegerField()),
                ('good_calls', models.BigIntegerField()),
                ('input_tokens', models.BigIntegerField()),
                ('cached_tokens', models.BigIntegerField()),
                ('output_tokens', models.BigIntegerField()),
                ('micro', models.BigIntegerField()),
            ],
            options={
                'db_table': 'daily_costs',
            },
        ),
        migrations.AddIndex(
            model_name='modelcall',
            index=models.Index(fields=['model', '-id'], name='model_calls_model'),
        ),
        migrations.AddIndex(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('state__in', ['bad', 'error', 'unknown'])), fields=['state', '-id'], name='model_calls_failed'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelcall',
            trigger=pgtrigger.compiler.Trigger(name='add_settled', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state = 'reserved' AND NEW.state <> 'reserved' AND NEW.model <> '')", func="\n    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,\n                             output_tokens, micro)\n    VALUES ((NEW.finished_at AT TIME ZONE 'UTC')::date,\n            (SELECT lesson.course_id FROM generation_items item\n             JOIN lessons lesson ON lesson.id = item.lesson_id WHERE item.id = NEW.item_id),\n            NEW.model, 1, CASE WHEN NEW.state = 'ok' THEN 1 ELSE 0 END, NEW.input_tokens, NEW.cached_tokens,\n            NEW.output_tokens, NEW.actual_micro);\n    RETURN NULL;\n", hash='1c92c497f9160d260565303c931e5ad72ab50147', operation='UPDATE OF "state"', pgid='pgtrigger_add_settled_a7f28', table='model_calls', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelcall',
            trigger=pgtrigger.compiler.Trigger(name='add_inserted', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state <> 'reserved' AND NEW.model <> '')", func="\n    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,\n                             output_tokens, micro)\n    VALUES ((NEW.finished_at AT TIME ZONE 'UTC')::date,\n            (SELECT lesson.course_id FROM generation_items item\n             JOIN lessons lesson ON lesson.id = item.lesson_id WHERE item.id = NEW.item_id),\n            NEW.model, 1, CASE WHEN NEW.state = 'ok' THEN 1 ELSE 0 END, NEW.input_tokens, NEW.cached_tokens,\n            NEW.output_tokens, NEW.actual_micro);\n    RETURN NULL;\n", hash='475d232c3526d677b8d008cb2c5d7660657e929b', operation='INSERT', pgid='pgtrigger_add_inserted_a6133', table='model_calls', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='dailycost',
            index=models.Index(fields=['day'], name='daily_costs_day'),
        ),
        migrations.AddIndex(
            model_name='dailycost',
            index=models.Index(fields=['course_id'], name='daily_costs_course'),
        ),
        # Calls that were settled before there was a trigger.
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
