"""What the product adds to the original learners' tables: fingerprints and provenance."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models
from pgtrigger.migrations import AddTrigger

INITIAL = import_module("personalization.migrations.0001_initial").Migration
# See courses 0002: a faked 0001 created no trigger of ours.
TRIGGERS = [operation for operation in INITIAL.operations if isinstance(operation, AddTrigger)]


class Migration(migrations.Migration):

    dependencies = [
        ("personalization", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(database_operations=TRIGGERS),
        migrations.AddField(
            model_name='profile',
            name='answers_hash',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.MD5(django.db.models.functions.text.Concat(django.db.models.functions.comparison.Coalesce('name', models.Value('', models.TextField())), models.Value('\x1f', models.TextField()), django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.Cast('survey', models.TextField()), models.Value('', models.TextField())))), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='origin',
            field=models.TextField(blank=True, choices=[('openai', 'language model'), ('simple', 'simple writer'), ('api', 'API'), ('import', 'import'), ('editor', 'editor')], null=True, verbose_name='written by'),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='model',
            field=models.TextField(blank=True, db_default='', default='', verbose_name='model'),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='prompt_version',
            field=models.TextField(blank=True, db_default='', default='', verbose_name='prompt version'),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='fingerprint',
            field=models.TextField(blank=True, null=True, verbose_name='fingerprint'),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='generated_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='generated'),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='edited_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='edited by'),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='edited_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='edited'),
        ),
        migrations.AddField(
            model_name='personalizedlessondescription',
            name='flags',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, verbose_name='flags'),
        ),
        # The name is the one that PostgreSQL gives by itself: an adopted database may have this index already.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE INDEX IF NOT EXISTS profiles_course_slug_idx ON profiles (course_slug)",
                    "DROP INDEX profiles_course_slug_idx",
                )
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='profile',
                    index=models.Index(fields=['course'], name='profiles_course_slug_idx'),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='personalizedlessondescription',
            index=models.Index(fields=['lesson'], name='personalized_lesson_id_idx'),
        ),
    ]
