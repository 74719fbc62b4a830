"""How long providers take, items that came to an end, whole microseconds; calls never made are not counted."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0028_next_run'),
    ]

    operations = [
        migrations.CreateModel(
            name='EndedTotal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('state', models.TextField()),
                ('items', models.BigIntegerField()),
            ],
            options={
                'db_table': 'ended_totals',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='RequestTotal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('model', models.TextField()),
                ('up_to', models.FloatField()),
                ('calls', models.BigIntegerField()),
                ('microseconds', models.BigIntegerField()),
            ],
            options={
                'db_table': 'request_totals',
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='generationitem',
            name='count_updates',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='modelcall',
            name='add_settled',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='modelcall',
            name='add_inserted',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='modelcall',
            name='add_up_settled',
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    'ALTER TABLE call_totals ALTER COLUMN seconds TYPE bigint USING round(seconds * 1000000); '
                    'ALTER TABLE call_totals RENAME COLUMN seconds TO microseconds',
                    'ALTER TABLE call_totals RENAME COLUMN microseconds TO seconds; '
                    'ALTER TABLE call_totals ALTER COLUMN seconds TYPE double precision USING seconds / 1000000.0',
                )
            ],
            state_operations=[
                migrations.RemoveField(model_name='calltotal', name='seconds'),
                migrations.AddField(
                    model_name='calltotal',
                    name='microseconds',
                    field=models.BigIntegerField(default=0),
                    preserve_default=False,
                ),
            ],
        ),
        migrations.AddField(
            model_name='modelcall',
            name='seconds',
            field=models.FloatField(null=True, verbose_name='seconds until the answer'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='generationitem',
            trigger=pgtrigger.compiler.Trigger(name='count_updates', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO ended_totals (state, items)\n    SELECT state, sum(items) FROM (\n        SELECT state, count(*) FROM new_rows WHERE finished_at IS NOT NULL GROUP BY 1\n        UNION ALL SELECT state, -count(*) FROM old_rows WHERE finished_at IS NOT NULL GROUP BY 1\n    ) moved (state, items) GROUP BY state HAVING sum(items) > 0;\n\n    INSERT INTO generation_counts (run_id, state, error_code, items)\n    SELECT run_id, state, error_code, sum(items) FROM (SELECT run_id, state, error_code, count(*) FROM new_rows GROUP BY 1, 2, 3 UNION ALL SELECT run_id, state, error_code, -count(*) FROM old_rows GROUP BY 1, 2, 3) changed (run_id, state, error_code, items)\n    GROUP BY run_id, state, error_code HAVING sum(items) <> 0;\n    RETURN NULL;\n', hash='849de446416c6789d043b19e5832d00dd5ffe8e7', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_count_updates_d1bf3', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='generation_items', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelcall',
            trigger=pgtrigger.compiler.Trigger(name='add_settled', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state = 'reserved' AND NEW.state <> 'reserved' AND NEW.model <> '' AND NEW.error_code <> 'unsent')", func="\n    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,\n                             output_tokens, micro)\n    VALUES ((NEW.finished_at AT TIME ZONE 'UTC')::date,\n            (SELECT lesson.course_id FROM generation_items item\n             JOIN lessons lesson ON lesson.id = item.lesson_id WHERE item.id = NEW.item_id),\n            NEW.model, 1, CASE WHEN NEW.state = 'ok' THEN 1 ELSE 0 END, NEW.input_tokens, NEW.cached_tokens,\n            NEW.output_tokens, NEW.actual_micro);\n    RETURN NULL;\n", hash='e2eca72431d84c2f3ed1839e192fe820f1c62b7b', operation='UPDATE OF "state"', pgid='pgtrigger_add_settled_a7f28', table='model_calls', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelcall',
            trigger=pgtrigger.compiler.Trigger(name='add_inserted', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state <> 'reserved' AND NEW.model <> '' AND NEW.error_code <> 'unsent')", func="\n    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,\n                             output_tokens, micro)\n    VALUES ((NEW.finished_at AT TIME ZONE 'UTC')::date,\n            (SELECT lesson.course_id FROM generation_items item\n             JOIN lessons lesson ON lesson.id = item.lesson_id WHERE item.id = NEW.item_id),\n            NEW.model, 1, CASE WHEN NEW.state = 'ok' THEN 1 ELSE 0 END, NEW.input_tokens, NEW.cached_tokens,\n            NEW.output_tokens, NEW.actual_micro);\n    RETURN NULL;\n", hash='47138bc92ae9e0feb49eb743edd119d1fc10bfb8', operation='INSERT', pgid='pgtrigger_add_inserted_a6133', table='model_calls', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelcall',
            trigger=pgtrigger.compiler.Trigger(name='add_up_settled', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF NOT EXISTS (SELECT FROM old_rows WHERE state = 'reserved') THEN RETURN NULL; END IF;\n    INSERT INTO call_totals (model, result, error_code, up_to, calls, microseconds,\n        input_tokens, cached_tokens, output_tokens, cost_micro)\n    SELECT model, state, error_code, (ARRAY[0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 'Infinity'])[width_bucket(took, ARRAY[0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0]) + 1],\n        count(*), coalesce(sum((took * 1000000)::bigint), 0), sum(input_tokens), sum(cached_tokens),\n        sum(output_tokens), sum(actual_micro)\n    FROM (SELECT new_row.*, CASE WHEN new_row.state <> 'unknown'\n              THEN extract(epoch FROM new_row.finished_at - new_row.started_at)::float END AS took\n          FROM new_rows new_row JOIN old_rows old_row USING (id)\n          WHERE old_row.state = 'reserved' AND new_row.state <> 'reserved' AND new_row.model <> ''\n          AND new_row.error_code <> 'unsent') settled\n    GROUP BY 1, 2, 3, 4;\n    INSERT INTO request_totals (model, up_to, calls, microseconds)\n    SELECT new_row.model,\n        (ARRAY[0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 'Infinity'])[width_bucket(new_row.seconds, ARRAY[0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0]::float[]) + 1],\n        count(*), sum((new_row.seconds * 1000000)::bigint)\n    FROM new_rows new_row JOIN old_rows old_row USING (id)\n    WHERE old_row.state = 'reserved' AND new_row.state <> 'reserved' AND new_row.seconds IS NOT NULL\n    GROUP BY 1, 2;\n    RETURN NULL;\n", hash='fa102c3da697185cca891bdc4abca690d22ecfa1', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_add_up_settled_bcb87', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='model_calls', when='AFTER')),
        ),
        # What had ended before: added up from the counts, not counted. The triggers' lock keeps others out.
        migrations.RunSQL(
            'INSERT INTO ended_totals (state, items) SELECT state, sum(items) FROM generation_counts '
            "WHERE state IN ('done', 'unchanged', 'skipped', 'failed', 'cancelled') "
            'GROUP BY 1 HAVING sum(items) > 0',
            migrations.RunSQL.noop,
        ),
    ]
