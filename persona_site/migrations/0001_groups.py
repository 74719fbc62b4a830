"""The groups Content editors, Operators and Viewers, with just the rights that their names say."""

from django.db import migrations

from persona_site.roles import create_groups


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("courses", "0002_product"),
        ("personalization", "0004_run_permission"),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: create_groups(apps, schema_editor.connection.alias),
            # Groups may have members: going back leaves them.
            migrations.RunPython.noop,
            elidable=False,
        )
    ]
