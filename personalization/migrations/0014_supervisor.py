"""Clusters, refined prompts, feedback and quiz results."""

import django.contrib.postgres.functions
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


# An adopted database may have an older system's tables of these names: they step aside, rows and all.
SET_ASIDE = """
    DO $$ DECLARE older text; BEGIN
        FOREACH older IN ARRAY ARRAY['user_clusters', 'prompt_refinements'] LOOP
            IF to_regclass(older) IS NOT NULL THEN
                EXECUTE format('ALTER TABLE %I RENAME TO %I', older, older || '_older');
            END IF;
        END LOOP;
    END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0005_source_hash_by_trigger'),
        ('personalization', '0013_endpoints'),
    ]

    operations = [
        migrations.RunSQL(SET_ASIDE, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='LessonFeedback',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), verbose_name='when')),
                ('rating', models.SmallIntegerField(help_text='From 1 to 5.', verbose_name='rating')),
                ('issue', models.TextField(blank=True, choices=[('too_technical', 'too technical'), ('too_basic', 'too basic')], db_default='', default='', verbose_name='issue')),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='courses.lesson', verbose_name='lesson')),
                ('profile', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='personalization.profile', verbose_name='learner')),
            ],
            options={
                'verbose_name': 'feedback',
                'verbose_name_plural': 'feedback',
                'db_table': 'lesson_feedback',
                'ordering': ['-created_at'],
                'abstract': False,
                'indexes': [models.Index(fields=['created_at'], name='lesson_feedback_created')],
                'constraints': [models.UniqueConstraint(fields=('profile', 'created_at', 'lesson'), name='lesson_feedback_once'), models.CheckConstraint(condition=models.Q(('rating__range', (1, 5))), name='lesson_feedback_rating'), models.CheckConstraint(condition=models.Q(('issue__in', ['', 'too_technical', 'too_basic'])), name='lesson_feedback_issue')],
            },
        ),
        migrations.CreateModel(
            name='PromptRefinement',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_id', models.UUIDField(db_index=True, verbose_name='run')),
                ('original_prompt', models.TextField(verbose_name='before')),
                ('refined_prompt', models.TextField(verbose_name='after')),
                ('cluster_type', models.CharField(choices=[('balanced', 'balanced'), ('practical_basic', 'practical, basic'), ('visual_basic', 'visual, basic'), ('theoretical_basic', 'theoretical, basic'), ('practical_advanced', 'practical, advanced'), ('visual_advanced', 'visual, advanced'), ('theoretical_advanced', 'theoretical, advanced')], max_length=50, verbose_name='cluster')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='personalization.profile', verbose_name='learner')),
            ],
            options={
                'verbose_name': 'refined prompt',
                'verbose_name_plural': 'refined prompts',
                'db_table': 'prompt_refinements',
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['created_at'], name='prompt_refinements_created')],
            },
        ),
        migrations.CreateModel(
            name='QuizResult',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), verbose_name='when')),
                ('score', models.DecimalField(decimal_places=2, help_text='Percent, from 0 to 100.', max_digits=5, verbose_name='score')),
                ('lesson', models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='courses.lesson', verbose_name='lesson')),
                ('profile', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='personalization.profile', verbose_name='learner')),
            ],
            options={
                'verbose_name': 'quiz result',
                'verbose_name_plural': 'quiz results',
                'db_table': 'quiz_results',
                'ordering': ['-created_at'],
                'abstract': False,
                'indexes': [models.Index(fields=['created_at'], name='quiz_results_created')],
                'constraints': [models.UniqueConstraint(fields=('profile', 'created_at', 'lesson'), name='quiz_results_once'), models.CheckConstraint(condition=models.Q(('score__range', (0, 100))), name='quiz_results_score')],
            },
        ),
        migrations.CreateModel(
            name='UserCluster',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('cluster_type', models.CharField(choices=[('balanced', 'balanced'), ('practical_basic', 'practical, basic'), ('visual_basic', 'visual, basic'), ('theoretical_basic', 'theoretical, basic'), ('practical_advanced', 'practical, advanced'), ('visual_advanced', 'visual, advanced'), ('theoretical_advanced', 'theoretical, advanced')], max_length=50, verbose_name='cluster')),
                ('cluster_score', models.FloatField(verbose_name='score')),
                ('last_calculated', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), verbose_name='calculated')),
                ('learning_style_factor', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='learning style')),
                ('technical_depth_factor', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='technical depth')),
                ('quiz_performance_factor', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='quiz results')),
                ('feedback_pattern_factor', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='feedback')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='updated')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.DB_CASCADE, related_name='cluster', to='personalization.profile', verbose_name='learner')),
            ],
            options={
                'verbose_name': 'cluster',
                'verbose_name_plural': 'clusters',
                'db_table': 'user_clusters',
                'ordering': ['-last_calculated'],
                'indexes': [models.Index(fields=['last_calculated'], name='user_clusters_calculated'), models.Index(fields=['cluster_type', 'last_calculated'], name='user_clusters_type')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='usercluster',
            trigger=pgtrigger.compiler.Trigger(name='touch', sql=pgtrigger.compiler.UpsertTriggerSql(func='NEW.updated_at = now(); RETURN NEW;', hash='8327278278b19b8980aa2a23568a7bbb9282f209', operation='UPDATE', pgid='pgtrigger_touch_87484', table='user_clusters', when='BEFORE')),
        ),
    ]
