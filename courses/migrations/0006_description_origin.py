"""Who wrote a standard description, a model or an editor, and the store that a course comes from."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0005_source_hash_by_trigger'),
    ]

    operations = [
        migrations.CreateModel(
            name='CourseStore',
            fields=[
                ('course', models.OneToOneField(on_delete=django.db.models.deletion.DB_CASCADE, primary_key=True, related_name='store', serialize=False, to='courses.course', verbose_name='course')),
                ('path', models.TextField(verbose_name='path')),
            ],
            options={
                'db_table': 'course_stores',
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='lessondescription',
            name='edited_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='edited'),
        ),
        migrations.AddField(
            model_name='lessondescription',
            name='fingerprint',
            field=models.TextField(editable=False, null=True, verbose_name='fingerprint'),
        ),
        migrations.AddField(
            model_name='lessondescription',
            name='generated_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='generated'),
        ),
        migrations.AddField(
            model_name='lessondescription',
            name='model',
            field=models.TextField(db_default='', default='', editable=False, verbose_name='model'),
        ),
        migrations.AddField(
            model_name='lessondescription',
            name='prompt_version',
            field=models.TextField(db_default='', default='', editable=False, verbose_name='prompt version'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lessondescription',
            trigger=pgtrigger.compiler.Trigger(name='forget_origin', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.data IS DISTINCT FROM OLD.data AND NEW.generated_at IS NOT DISTINCT FROM OLD.generated_at AND NEW.edited_at IS NOT DISTINCT FROM OLD.edited_at)', func="\n                    NEW.model = ''; NEW.prompt_version = ''; NEW.fingerprint = NULL;\n                    NEW.generated_at = NULL; NEW.edited_at = NULL;\n                    RETURN NEW;\n                ", hash='64f69c9366f17af9e0a89ee9b42d94b48d95184e', operation='UPDATE OF "data"', pgid='pgtrigger_forget_origin_7f077', table='lesson_descriptions', when='BEFORE')),
        ),
    ]
