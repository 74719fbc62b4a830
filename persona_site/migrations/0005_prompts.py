"""The rights to prompts, variables and settings, for the groups that get them."""

from django.db import migrations

from persona_site.roles import create_groups


class Migration(migrations.Migration):
    dependencies = [("persona_site", "0004_coaches_and_surveys"), ("personalization", "0020_prompts")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: create_groups(apps, schema_editor.connection.alias),
            # Groups may have members: going back leaves them and their rights.
            migrations.RunPython.noop,
            elidable=False,
        )
    ]
