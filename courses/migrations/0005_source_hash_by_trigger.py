"""The hash of a lesson's source is kept by a trigger on the columns that it is made of.

PostgreSQL computes a generated column at every update of a table that has a row trigger before updates, as this
one has: a new number took 0.4 ms a lesson, for the hash of a transcript that stayed as it was.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# The values stay as they are; no row is written.
PLAIN_COLUMN = """
    ALTER TABLE lessons ALTER COLUMN source_hash DROP EXPRESSION, ALTER COLUMN source_hash SET DEFAULT '';
    ALTER TABLE lessons ALTER COLUMN source_hash SET NOT NULL
"""
GENERATED_COLUMN = """
    ALTER TABLE lessons DROP COLUMN source_hash;
    ALTER TABLE lessons ADD COLUMN source_hash text GENERATED ALWAYS AS (
        md5(coalesce(title, '') || E'\\x1f' || coalesce(summary, '') || E'\\x1f' || coalesce(transcript, ''))
    ) STORED
"""


class Migration(migrations.Migration):

    dependencies = [("courses", "0004_history")]

    operations = [
        migrations.RunSQL(
            PLAIN_COLUMN,
            GENERATED_COLUMN,
            state_operations=[
                migrations.AlterField(
                    model_name='lesson',
                    name='source_hash',
                    field=models.TextField(db_default='', editable=False),
                ),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lesson',
            trigger=pgtrigger.compiler.Trigger(name='set_source_hash', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    NEW.source_hash = md5(\n                        NEW.title || E'\\x1f' || coalesce(NEW.summary, '') || E'\\x1f' || NEW.transcript\n                    );\n                    RETURN NEW;\n                ", hash='7564c91669e3034b2a5cd84aaf6372c2a7a43c04', operation='INSERT OR UPDATE OF "title", "summary", "transcript", "source_hash"', pgid='pgtrigger_set_source_hash_748b9', table='lessons', when='BEFORE')),
        ),
    ]
