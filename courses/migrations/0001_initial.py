"""The course tables to the letter as the production database has them: `migrate --fake-initial` adopts it."""

import django.contrib.postgres.functions
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Lesson',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('lesson_number', models.IntegerField(verbose_name='number')),
                ('title', models.TextField(verbose_name='title')),
                ('summary', models.TextField(blank=True, null=True, verbose_name='summary')),
                ('content', models.JSONField(blank=True, null=True, verbose_name='other data from the store')),
            ],
            options={
                'verbose_name': 'lesson',
                'verbose_name_plural': 'lessons',
                'db_table': 'lessons',
                'ordering': ['course', 'lesson_number'],
            },
        ),
        migrations.CreateModel(
            name='LessonAsset',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('asset_type', models.TextField(verbose_name='type')),
                ('url', models.TextField(verbose_name='address or path')),
                ('metadata', models.JSONField(blank=True, null=True, verbose_name='other data from the store')),
            ],
            options={
                'verbose_name': 'asset',
                'verbose_name_plural': 'assets',
                'db_table': 'lesson_assets',
                'ordering': ['asset_type', 'url'],
            },
        ),
        migrations.CreateModel(
            name='LessonDescription',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('data', models.JSONField(verbose_name='description')),
            ],
            options={
                'verbose_name': 'standard description',
                'verbose_name_plural': 'standard descriptions',
                'db_table': 'lesson_descriptions',
            },
        ),
        migrations.CreateModel(
            name='Course',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('slug', models.TextField(help_text="The course's name in links and in its store folder.", verbose_name='slug')),
                ('title', models.TextField(verbose_name='title')),
                ('description', models.TextField(blank=True, null=True, verbose_name='description')),
            ],
            options={
                'verbose_name': 'course',
                'verbose_name_plural': 'courses',
                'db_table': 'courses',
                'ordering': ['title'],
                'constraints': [models.UniqueConstraint(fields=('slug',), name='courses_slug_key')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='course',
            trigger=pgtrigger.compiler.Trigger(name='set_timestamps', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF TG_OP = 'UPDATE' THEN\n                        NEW.created_at = OLD.created_at;\n                    ELSIF NEW.created_at IS NULL THEN\n                        NEW.created_at = now();\n                    END IF;\n                    RETURN NEW;\n                ", hash='77ffdef196b19873057c629b34494a740692ffec', operation='INSERT OR UPDATE', pgid='pgtrigger_set_timestamps_6a76a', table='courses', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='lesson',
            name='course',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='lessons', to='courses.course', verbose_name='course'),
        ),
        migrations.AddField(
            model_name='lessonasset',
            name='lesson',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='assets', to='courses.lesson', verbose_name='lesson'),
        ),
        migrations.AddField(
            model_name='lessondescription',
            name='lesson',
            field=models.OneToOneField(on_delete=django.db.models.deletion.DB_CASCADE, related_name='description', to='courses.lesson', verbose_name='lesson'),
        ),
        migrations.AddConstraint(
            model_name='lesson',
            constraint=models.UniqueConstraint(fields=('course', 'lesson_number'), name='lessons_course_id_lesson_number_key'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lesson',
            trigger=pgtrigger.compiler.Trigger(name='set_timestamps', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF TG_OP = 'UPDATE' THEN\n                        NEW.created_at = OLD.created_at;\n                    ELSIF NEW.created_at IS NULL THEN\n                        NEW.created_at = now();\n                    END IF;\n                    RETURN NEW;\n                ", hash='f1a25b0bc589dff2e09fa43926e4c8d1ac33c120', operation='INSERT OR UPDATE', pgid='pgtrigger_set_timestamps_143f2', table='lessons', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lessonasset',
            trigger=pgtrigger.compiler.Trigger(name='set_timestamps', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF TG_OP = 'UPDATE' THEN\n                        NEW.created_at = OLD.created_at;\n                    ELSIF NEW.created_at IS NULL THEN\n                        NEW.created_at = now();\n                    END IF;\n                    RETURN NEW;\n                ", hash='1fcc906260327238a4cceeecdd641de912168cfb', operation='INSERT OR UPDATE', pgid='pgtrigger_set_timestamps_573df', table='lesson_assets', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lessondescription',
            trigger=pgtrigger.compiler.Trigger(name='set_timestamps', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF TG_OP = 'UPDATE' THEN\n                        NEW.created_at = OLD.created_at;\n                    ELSIF NEW.created_at IS NULL THEN\n                        NEW.created_at = now();\n                    END IF;\n                    RETURN NEW;\n                ", hash='71b356094b4d0611a633ecbcc3f484eabfb13d9c', operation='INSERT OR UPDATE', pgid='pgtrigger_set_timestamps_8143b', table='lesson_descriptions', when='BEFORE')),
        ),
    ]
