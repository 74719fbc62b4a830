"""The right to unlock and replace texts that an editor changed, for the groups that get it."""

from django.db import migrations

from persona_site.roles import create_groups


class Migration(migrations.Migration):
    dependencies = [("persona_site", "0001_groups"), ("personalization", "0006_import_digest")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: create_groups(apps, schema_editor.connection.alias),
            # Groups may have members: going back leaves them and their rights.
            migrations.RunPython.noop,
            elidable=False,
        )
    ]
