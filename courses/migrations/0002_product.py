"""What the product adds to the original course tables. Also completes a database whose 0001 was faked."""

from importlib import import_module

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.core.management import CommandError
from django.db import migrations, models
from pgtrigger.migrations import AddTrigger

INITIAL = import_module("courses.migrations.0001_initial").Migration

# A faked 0001 created no trigger of ours. Installing is "create or replace", so it does no harm where it did.
TRIGGERS = [operation for operation in INITIAL.operations if isinstance(operation, AddTrigger)]

# Rows that say the same twice lose the younger copy; a row without a date is older than the trigger.
DROP_EQUAL_ASSETS = """
    DELETE FROM lesson_assets younger USING lesson_assets older
    WHERE younger.lesson_id = older.lesson_id AND younger.asset_type = older.asset_type
      AND younger.url = older.url AND younger.metadata IS NOT DISTINCT FROM older.metadata
      AND (coalesce(younger.created_at, '-infinity'), younger.id)
        > (coalesce(older.created_at, '-infinity'), older.id)
"""

UNEQUAL_ASSETS = """
    SELECT string_agg(id::text, ', ' ORDER BY id) FROM lesson_assets
    GROUP BY lesson_id, asset_type, url HAVING count(*) > 1 ORDER BY 1
"""

# The old system kept no language. Its courses are Russian, except where the title has no Cyrillic letter.
GUESS_LANGUAGE = "UPDATE courses SET language = 'en' WHERE title !~ '[А-Яа-яЁё]'"


def refuse_unequal_assets(apps, schema_editor):
    """Rows of one asset that differ in metadata: which of them is right is for a person to decide."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(UNEQUAL_ASSETS)
        groups = [ids for ids, in cursor.fetchall()]
    if groups:
        raise CommandError(
            "lesson_assets: these rows have the same lesson_id, asset_type and url, but other metadata. "
            "Keep one of each group, then migrate again; the tables are as they were.\n  " + "\n  ".join(groups)
        )


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
        migrations.RunPython(refuse_unequal_assets, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='lessonasset',
            constraint=models.UniqueConstraint(fields=('lesson', 'asset_type', 'url'), name='lesson_assets_lesson_id_asset_type_url_key'),
        ),
    ]
