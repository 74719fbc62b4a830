"""The right to see what was found out of endpoints, and to have it forgotten, for operators."""

from django.db import migrations

from persona_site.roles import create_groups


class Migration(migrations.Migration):
    dependencies = [("persona_site", "0005_prompts"), ("personalization", "0013_endpoints")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: create_groups(apps, schema_editor.connection.alias),
            # Groups may have members: going back leaves them and their rights.
            migrations.RunPython.noop,
            elidable=False,
        )
    ]
