"""Heartbeats of workers, and totals of calls and waits that need no adding up."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0011_costs'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallTotal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('model', models.TextField()),
                ('result', models.TextField()),
                ('error_code', models.TextField()),
                ('up_to', models.FloatField(null=True)),
                ('calls', models.BigIntegerField()),
                ('seconds', models.FloatField()),
                ('input_tokens', models.BigIntegerField()),
                ('cached_tokens', models.BigIntegerField()),
                ('output_tokens', models.BigIntegerField()),
                ('cost_micro', models.BigIntegerField()),
            ],
            options={
                'db_table': 'call_totals',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='LimiterWait',
            fields=[
                ('model', models.TextField(primary_key=True, serialize=False)),
                ('waits', models.BigIntegerField()),
                ('seconds', models.FloatField()),
                ('given_up', models.BigIntegerField()),
            ],
            options={
                'db_table': 'limiter_waits',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WorkerHeartbeat',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.TextField()),
                ('started_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()))),
                ('seen_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()))),
                ('concurrency', models.IntegerField()),
                ('version', models.TextField()),
            ],
            options={
                'db_table': 'worker_heartbeats',
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelcall',
            trigger=pgtrigger.compiler.Trigger(name='add_up_settled', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF NOT EXISTS (SELECT FROM old_rows WHERE state = 'reserved') THEN RETURN NULL; END IF;\n    INSERT INTO call_totals (model, result, error_code, up_to, calls, seconds,\n        input_tokens, cached_tokens, output_tokens, cost_micro)\n    SELECT model, state, error_code, (ARRAY[0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 'Infinity'])[width_bucket(took, ARRAY[0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0]) + 1],\n        count(*), coalesce(sum(took), 0), sum(input_tokens), sum(cached_tokens), sum(output_tokens),\n        sum(actual_micro)\n    FROM (SELECT new_row.*, CASE WHEN new_row.state <> 'unknown'\n              THEN extract(epoch FROM new_row.finished_at - new_row.started_at)::float END AS took\n          FROM new_rows new_row JOIN old_rows old_row USING (id)\n          WHERE old_row.state = 'reserved' AND new_row.state <> 'reserved' AND new_row.model <> '') settled\n    GROUP BY 1, 2, 3, 4;\n    RETURN NULL;\n", hash='7ee25271e386a1cd0f35e0448110a4b4b218fca8', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_add_up_settled_bcb87', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='model_calls', when='AFTER')),
        ),
        # The trigger's lock keeps every settlement out until this is committed too.
        migrations.RunSQL(
            'INSERT INTO call_totals (model, result, error_code, up_to, calls, seconds, '
            'input_tokens, cached_tokens, output_tokens, cost_micro) '
            "SELECT model, state, error_code, NULL, count(*), 0, "
            'sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(actual_micro) '
            "FROM model_calls WHERE state <> 'reserved' AND model <> '' GROUP BY 1, 2, 3",
            migrations.RunSQL.noop,
        ),
    ]
