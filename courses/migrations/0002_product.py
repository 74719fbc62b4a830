"""What the product adds to the original course tables. Also completes a database whose 0001 was faked."""

from importlib import import_module

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models
from pgtrigger.migrations import AddTrigger

INITIAL = import_module("courses.migrations.0001_initial").Migration

# A faked 0001 created no trigger of ours. Installing is "create or replace", so it does no harm where it did.
TRIGGERS = [operation for operation in INITIAL.operations if isinstance(operation, AddTrigger)]

# Rows that say the same twice lose the younger copy; rows that differ in metadata are for a person to decide.
DROP_EQUAL_ASSETS = """
    DELETE FROM lesson_assets younger USING lesson_assets older
    WHERE younger.lesson_id = older.lesson_id AND younger.asset_type = older.asset_type
      AND younger.url = older.url AND younger.metadata IS NOT DISTINCT FROM older.metadata
      AND (younger.created_at, younger.id) > (older.created_at, older.id)
"""

# The old system kept no language. Its courses are Russian, except where the title has no Cyrillic letter.
GUESS_LANGUAGE = "UPDATE courses SET language = 'en' WHERE title !~ '[А-Яа-яЁё]'"


class Migration(migrations.Migration):

    dependencies = [("courses", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(database_operations=TRIGGERS),
        migrations.AddField(
            model_name='course',
            name='language',
            field=models.TextField(choices=[('ru', 'Russian'), ('en', 'English')], db_default='ru', default='ru', help_text='The language that headings and personal texts are written in.', verbose_name='language'),
        ),
        migrations.AddField(
            model_name='course',
            name='content',
            field=models.JSONField(blank=True, null=True, verbose_name='other data from the store'),
        ),
        migrations.AddField(
            model_name='lesson',
            name='transcript',
            field=models.TextField(blank=True, db_default='', default='', verbose_name='transcript'),
        ),
        migrations.AddField(
            model_name='lesson',
            name='source_hash',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.MD5(django.db.models.functions.text.Concat('title', models.Value('\x1f', models.TextField()), django.db.models.functions.comparison.Coalesce('summary', models.Value('', models.TextField())), models.Value('\x1f', models.TextField()), 'transcript')), output_field=models.TextField()),
        ),
        migrations.RunSQL(GUESS_LANGUAGE, migrations.RunSQL.noop),
        migrations.RunSQL(DROP_EQUAL_ASSETS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='lessonasset',
            constraint=models.UniqueConstraint(fields=('lesson', 'asset_type', 'url'), name='lesson_assets_lesson_id_asset_type_url_key'),
        ),
    ]
