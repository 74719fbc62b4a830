"""The ledger of calls, budgets, pilots, and counts of items that need no counting."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0005_source_hash_by_trigger'),
        ('personalization', '0008_quick_triggers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ItemCount',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('run_id', models.UUIDField()),
                ('state', models.TextField()),
                ('error_code', models.TextField()),
                ('items', models.BigIntegerField()),
            ],
            options={
                'db_table': 'generation_counts',
            },
        ),
        migrations.CreateModel(
            name='ModelCall',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('rev', models.IntegerField(verbose_name='revision')),
                ('lease_token', models.UUIDField(verbose_name='lease token')),
                ('call_no', models.SmallIntegerField(verbose_name='call of this lease')),
                ('model', models.TextField(verbose_name='model')),
                ('prompt_version', models.TextField(verbose_name='prompt version')),
                ('fingerprint', models.TextField(verbose_name='fingerprint')),
                ('reserved_micro', models.BigIntegerField(verbose_name='reserved')),
                ('actual_micro', models.BigIntegerField(null=True, verbose_name='cost')),
                ('input_tokens', models.IntegerField(db_default=0, default=0, verbose_name='input tokens')),
                ('cached_tokens', models.IntegerField(db_default=0, default=0, verbose_name='cached input tokens')),
                ('output_tokens', models.IntegerField(db_default=0, default=0, verbose_name='output tokens')),
                ('state', models.TextField(choices=[('reserved', 'under way'), ('ok', 'good answer'), ('bad', 'answer that cannot be used'), ('error', 'no answer'), ('unknown', 'nobody knows: its worker died')], db_default='reserved', default='reserved', verbose_name='state')),
                ('error_code', models.TextField(blank=True, db_default='', default='', verbose_name='error')),
                ('answer', models.JSONField(null=True, verbose_name='answer that is not published yet')),
                ('started_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), verbose_name='started')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
            ],
            options={
                'verbose_name': 'model call',
                'verbose_name_plural': 'model calls',
                'db_table': 'model_calls',
            },
        ),
        migrations.AddField(
            model_name='generationrun',
            name='budget_micro',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='budget'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='cached_tokens',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name='cached input tokens'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='calls',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name='calls'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='estimate_micro',
            field=models.BigIntegerField(blank=True, editable=False, null=True, verbose_name='estimated cost'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='input_tokens',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name='input tokens'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='output_tokens',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name='output tokens'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='pilot',
            field=models.TextField(blank=True, choices=[('', 'no pilot'), ('writing', 'pilot is being written'), ('waiting', 'pilot waits for a look'), ('accepted', 'pilot was accepted')], db_default='', default='', verbose_name='pilot'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='reserved_micro',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name='reserved'),
        ),
        migrations.AddField(
            model_name='generationrun',
            name='spent_micro',
            field=models.BigIntegerField(db_default=0, default=0, editable=False, verbose_name='spent'),
        ),
        migrations.AddIndex(
            model_name='generationitem',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['run', 'error_code'], name='generation_items_errors'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='generationitem',
            trigger=pgtrigger.compiler.Trigger(name='count_inserts', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO generation_counts (run_id, state, error_code, items)\n    SELECT run_id, state, error_code, sum(items) FROM (SELECT run_id, state, error_code, count(*) FROM new_rows GROUP BY 1, 2, 3) changed (run_id, state, error_code, items)\n    GROUP BY run_id, state, error_code HAVING sum(items) <> 0;\n    RETURN NULL;\n', hash='82afad4642e177e764df46ae5d11b3f040913df6', level='STATEMENT', operation='INSERT', pgid='pgtrigger_count_inserts_fcd4e', referencing='REFERENCING NEW TABLE AS new_rows ', table='generation_items', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='generationitem',
            trigger=pgtrigger.compiler.Trigger(name='count_updates', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO generation_counts (run_id, state, error_code, items)\n    SELECT run_id, state, error_code, sum(items) FROM (SELECT run_id, state, error_code, count(*) FROM new_rows GROUP BY 1, 2, 3 UNION ALL SELECT run_id, state, error_code, -count(*) FROM old_rows GROUP BY 1, 2, 3) changed (run_id, state, error_code, items)\n    GROUP BY run_id, state, error_code HAVING sum(items) <> 0;\n    RETURN NULL;\n', hash='477afce8c1db3cd3cd0a8ad0693e49ff7f612003', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_count_updates_d1bf3', referencing='REFERENCING OLD TABLE AS old_rows  NEW TABLE AS new_rows ', table='generation_items', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='generationitem',
            trigger=pgtrigger.compiler.Trigger(name='count_deletes', sql=pgtrigger.compiler.UpsertTriggerSql(func='\n    INSERT INTO generation_counts (run_id, state, error_code, items)\n    SELECT run_id, state, error_code, sum(items) FROM (SELECT run_id, state, error_code, -count(*) FROM old_rows GROUP BY 1, 2, 3) changed (run_id, state, error_code, items)\n    GROUP BY run_id, state, error_code HAVING sum(items) <> 0;\n    RETURN NULL;\n', hash='aec2c062ffc891a7d3f0f3fb5dcd733ccc125680', level='STATEMENT', operation='DELETE', pgid='pgtrigger_count_deletes_015a7', referencing='REFERENCING OLD TABLE AS old_rows ', table='generation_items', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='generationrun',
            constraint=models.CheckConstraint(condition=models.Q(('reserved_micro__gte', 0), ('spent_micro__gte', 0)), name='generation_runs_money'),
        ),
        migrations.AddIndex(
            model_name='itemcount',
            index=models.Index(fields=['run_id'], name='generation_counts_run'),
        ),
        migrations.AddField(
            model_name='modelcall',
            name='item',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='calls', to='personalization.generationitem', verbose_name='item'),
        ),
        migrations.AddField(
            model_name='modelcall',
            name='run',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='+', to='personalization.generationrun', verbose_name='run'),
        ),
        migrations.AddIndex(
            model_name='modelcall',
            index=models.Index(fields=['started_at'], name='model_calls_started'),
        ),
        migrations.AddIndex(
            model_name='modelcall',
            index=models.Index(fields=['run', 'started_at'], name='model_calls_run'),
        ),
        migrations.AddIndex(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('state', 'reserved')), fields=['started_at'], name='model_calls_reserved'),
        ),
        migrations.AddIndex(
            model_name='modelcall',
            index=models.Index(condition=models.Q(('answer__isnull', False)), fields=['item'], name='model_calls_paid'),
        ),
        migrations.AddConstraint(
            model_name='modelcall',
            constraint=models.UniqueConstraint(fields=('lease_token', 'call_no'), name='model_calls_once'),
        ),
        migrations.AddConstraint(
            model_name='modelcall',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('actual_micro__isnull', True), ('finished_at__isnull', True), ('state', 'reserved')), models.Q(models.Q(('state', 'reserved'), _negated=True), ('actual_micro__isnull', False), ('finished_at__isnull', False)), _connector='OR'), name='model_calls_settled'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='modelcall',
            trigger=pgtrigger.compiler.Trigger(name='forget_answer', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.item_id IS NULL)', func='NEW.answer = NULL; RETURN NEW;', hash='367c116c3852b5ae44fc08407205e85c04b732e8', operation='UPDATE OF "item_id"', pgid='pgtrigger_forget_answer_22740', table='model_calls', when='BEFORE')),
        ),
        # The triggers' locks keep every other writer out until this is committed too.
        migrations.RunSQL(
            'INSERT INTO generation_counts (run_id, state, error_code, items) '
            'SELECT run_id, state, error_code, count(*) FROM generation_items GROUP BY 1, 2, 3',
            migrations.RunSQL.noop,
        ),
    ]
