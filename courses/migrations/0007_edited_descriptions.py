"""Descriptions that an editor changed before `edited_at` was kept: no run may replace their words unasked."""

from django.db import migrations

# The last change of the words tells; an import or a run that a person started is no editor.
MARK_EDITED = """
    UPDATE lesson_descriptions description SET edited_at = last.at
    FROM (
        SELECT DISTINCT ON (row_id) row_id, at, context_id FROM changes
        WHERE table_name = 'lesson_descriptions' AND (kind = 'insert' OR before ? 'data')
        ORDER BY row_id, id DESC
    ) last JOIN pghistory_context context ON context.id = last.context_id
    WHERE last.row_id = description.id AND description.edited_at IS NULL AND description.generated_at IS NULL
      AND context.metadata ? 'user' AND NOT context.metadata ?| ARRAY['command', 'store', 'run']
"""


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0006_description_origin'),
    ]

    operations = [
        migrations.RunSQL(MARK_EDITED, migrations.RunSQL.noop),
    ]
