"""The rights to see clusters, refined prompts, feedback and quiz results, for the groups that get them."""

from django.db import migrations

from persona_site.roles import create_groups


class Migration(migrations.Migration):
    dependencies = [("persona_site", "0002_replace_locked"), ("personalization", "0014_supervisor")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: create_groups(apps, schema_editor.connection.alias),
            # Groups may have members: going back leaves them and their rights.
            migrations.RunPython.noop,
            elidable=False,
        )
    ]
