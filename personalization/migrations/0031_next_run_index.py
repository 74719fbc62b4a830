"""Which items come to a run afterwards is found by an index, made while workers write into them."""

from django.db import migrations, models

# One that was broken off is of no use, and stands in the way of the next.
_NO_HALF_INDEX = """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('generation_items_next_run')
                   AND NOT indisvalid) THEN
            DROP INDEX generation_items_next_run;
        END IF;
    END $$
"""
_NEXT = """
    CREATE INDEX CONCURRENTLY IF NOT EXISTS generation_items_next_run ON generation_items (next_run_id)
    WHERE next_run_id IS NOT NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('personalization', '0030_one_settled_trigger'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(_NO_HALF_INDEX, migrations.RunSQL.noop),
                # It waits for whoever writes at this moment, and nobody waits for it.
                migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
                migrations.RunSQL(_NEXT, "DROP INDEX CONCURRENTLY IF EXISTS generation_items_next_run"),
                migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name='generationitem',
                    index=models.Index(condition=models.Q(('next_run_id__isnull', False)), fields=['next_run_id'], name='generation_items_next_run'),
                ),
            ],
        ),
    ]
