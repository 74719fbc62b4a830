"""The prompts, variables and settings that ship, where their key is missing."""

from django.db import migrations

from personalization.shipped_config import load_shipped


def enter_shipped(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        load_shipped(cursor)


class Migration(migrations.Migration):
    dependencies = [("personalization", "0020_prompts")]

    # Going back leaves them: somebody may have changed them.
    operations = [migrations.RunPython(enter_shipped, migrations.RunPython.noop, elidable=False)]
