"""The queue: runs and their items."""

import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("courses", "0002_product"),
        ("personalization", "0002_provenance"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='GenerationRun',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('personalize', 'personal texts'), ('templates', 'lesson templates')], default='personalize', verbose_name='kind')),
                ('state', models.TextField(choices=[('open', 'open'), ('paused', 'paused'), ('cancelled', 'cancelled'), ('closed', 'closed')], default='open', verbose_name='state')),
                ('note', models.TextField(blank=True, default='', help_text='Why the run was paused.', verbose_name='note')),
                ('idempotency_key', models.TextField(blank=True, null=True, verbose_name='idempotency key')),
                ('backend', models.TextField(choices=[('openai', 'language model'), ('simple', 'simple writer')], verbose_name='backend')),
                ('options', models.JSONField(blank=True, default=dict, verbose_name='options')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('course', models.ForeignKey(blank=True, help_text="Empty: each learner's own course.", null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='+', to='courses.course', verbose_name='course')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
            ],
            options={
                'verbose_name': 'run',
                'verbose_name_plural': 'runs',
                'db_table': 'generation_runs',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='GenerationItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('state', models.TextField(choices=[('queued', 'queued'), ('running', 'running'), ('held', 'held'), ('submitted', 'submitted'), ('done', 'done'), ('unchanged', 'unchanged'), ('skipped', 'skipped'), ('failed', 'failed'), ('cancelled', 'cancelled')], db_default='queued', default='queued', verbose_name='state')),
                ('priority', models.SmallIntegerField(db_default=5, default=5, verbose_name='priority')),
                ('wanted_rev', models.IntegerField(db_default=1, default=1, verbose_name='wanted revision')),
                ('claimed_rev', models.IntegerField(blank=True, null=True, verbose_name='claimed revision')),
                ('attempts', models.SmallIntegerField(db_default=0, default=0, verbose_name='attempts')),
                ('max_attempts', models.SmallIntegerField(db_default=6, default=6, verbose_name='attempts at most')),
                ('available_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), verbose_name='not before')),
                ('lease_token', models.UUIDField(blank=True, null=True, verbose_name='lease token')),
                ('lease_until', models.DateTimeField(blank=True, null=True, verbose_name='lease until')),
                ('leased_by', models.TextField(blank=True, null=True, verbose_name='leased by')),
                ('error_code', models.TextField(blank=True, db_default='', default='', verbose_name='error')),
                ('error_message', models.TextField(blank=True, db_default='', default='', verbose_name='what happened')),
                ('fingerprint', models.TextField(blank=True, null=True, verbose_name='fingerprint')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='courses.lesson', verbose_name='lesson')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='items', to='personalization.generationrun', verbose_name='run')),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='personalization.profile', verbose_name='learner')),
            ],
            options={
                'verbose_name': 'item',
                'verbose_name_plural': 'items',
                'db_table': 'generation_items',
            },
        ),
        migrations.AddIndex(
            model_name='generationrun',
            index=models.Index(fields=['-created_at'], name='generation_runs_created_idx'),
        ),
        migrations.AddConstraint(
            model_name='generationrun',
            constraint=models.UniqueConstraint(condition=models.Q(('idempotency_key__isnull', False)), fields=('requested_by', 'idempotency_key'), name='generation_runs_one_per_key', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='generationitem',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['run', 'priority', 'available_at', 'id'], name='generation_items_due'),
        ),
        migrations.AddIndex(
            model_name='generationitem',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['run', 'available_at'], name='generation_items_next_due'),
        ),
        migrations.AddIndex(
            model_name='generationitem',
            index=models.Index(condition=models.Q(('finished_at__isnull', False)), fields=['run', 'finished_at'], name='generation_items_finished'),
        ),
        migrations.AddIndex(
            model_name='generationitem',
            index=models.Index(condition=models.Q(('state', 'running')), fields=['lease_until'], name='generation_items_lease'),
        ),
        migrations.AddIndex(
            model_name='generationitem',
            index=models.Index(fields=['run', 'state'], name='generation_items_run'),
        ),
        migrations.AddConstraint(
            model_name='generationitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('claimed_rev__isnull', False), ('lease_token__isnull', False), ('lease_until__isnull', False), ('state', 'running')), models.Q(models.Q(('state', 'running'), _negated=True), ('lease_token__isnull', True), ('lease_until__isnull', True)), _connector='OR'), name='generation_items_leased_while_running'),
        ),
        migrations.AddConstraint(
            model_name='generationitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state__in', ['done', 'unchanged', 'skipped', 'failed', 'cancelled'])), models.Q(models.Q(('state__in', ['done', 'unchanged', 'skipped', 'failed', 'cancelled']), _negated=True), ('finished_at__isnull', True)), _connector='OR'), name='generation_items_finished_when_ended'),
        ),
        migrations.AddConstraint(
            model_name='generationitem',
            constraint=models.CheckConstraint(condition=models.Q(('attempts__gte', 0), ('attempts__lte', models.F('max_attempts'))), name='generation_items_attempts_counted'),
        ),
        migrations.AddConstraint(
            model_name='generationitem',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'running', 'held', 'submitted'])), fields=('profile', 'lesson'), name='generation_items_one_open'),
        ),
    ]
