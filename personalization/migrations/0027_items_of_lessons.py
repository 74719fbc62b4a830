"""What items of lessons promise, checked while workers write: a table of a million items is read for it.

Each statement stands alone and may be repeated: whoever is killed here runs `migrate` again. Where an earlier
release has made both already, there is nothing to do.
"""

from django.db import migrations, models

_WHOM = """
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'generation_items_of_whom'
                       AND conrelid = 'generation_items'::regclass) THEN
            ALTER TABLE generation_items ADD CONSTRAINT generation_items_of_whom CHECK (
                (kind = 'personalize' AND profile_id IS NOT NULL) OR (kind = 'templates' AND profile_id IS NULL)
            ) NOT VALID;
        END IF;
    END $$
"""
_VALID = "ALTER TABLE generation_items VALIDATE CONSTRAINT generation_items_of_whom"
# One that was broken off is of no use, and stands in the way of the next.
_NO_HALF_INDEX = """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('generation_items_one_template')
                   AND NOT indisvalid) THEN
            DROP INDEX generation_items_one_template;
        END IF;
    END $$
"""
_ONE = """
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS generation_items_one_template ON generation_items (lesson_id)
    WHERE kind = 'templates' AND state IN ('queued', 'running', 'held', 'submitted')
"""
# Where an open item's file is written: only its run said that, and a newer run takes the item over.
_STORES = """
    UPDATE generation_items item SET store = run.options -> 'stores' ->> lesson.course_id::text
    FROM generation_runs run, lessons lesson
    WHERE item.kind = 'templates' AND item.state IN ('queued', 'running', 'held', 'submitted')
      AND item.store IS NULL AND run.id = item.run_id AND lesson.id = item.lesson_id
      AND run.options -> 'stores' ? lesson.course_id::text
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('personalization', '0026_item_store'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(_WHOM, "ALTER TABLE generation_items DROP CONSTRAINT IF EXISTS generation_items_of_whom"),
                migrations.RunSQL(_VALID, migrations.RunSQL.noop),
                migrations.RunSQL(_NO_HALF_INDEX, migrations.RunSQL.noop),
                # It waits for whoever writes at this moment, and nobody waits for it.
                migrations.RunSQL("SET lock_timeout = 0", migrations.RunSQL.noop),
                migrations.RunSQL(_ONE, "DROP INDEX CONCURRENTLY IF EXISTS generation_items_one_template"),
                migrations.RunSQL(_STORES, migrations.RunSQL.noop),
                migrations.RunSQL("RESET lock_timeout", migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name='generationitem',
                    constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'personalize'), ('profile__isnull', False)), models.Q(('kind', 'templates'), ('profile__isnull', True)), _connector='OR'), name='generation_items_of_whom'),
                ),
                migrations.AddConstraint(
                    model_name='generationitem',
                    constraint=models.UniqueConstraint(condition=models.Q(('kind', 'templates'), ('state__in', ['queued', 'running', 'held', 'submitted'])), fields=('lesson',), name='generation_items_one_template'),
                ),
            ],
        ),
    ]
