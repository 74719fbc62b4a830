"""The learners' tables to the letter as the production database has them; see courses 0001."""

import django.contrib.postgres.functions
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('courses', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('user_identifier', models.TextField(verbose_name='user identifier')),
                ('name', models.TextField(blank=True, null=True, verbose_name='name')),
                ('survey', models.JSONField(blank=True, null=True, verbose_name='survey')),
                ('course', models.ForeignKey(blank=True, db_column='course_slug', db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='learners', to='courses.course', to_field='slug', verbose_name='course')),
            ],
            options={
                'verbose_name': 'learner',
                'verbose_name_plural': 'learners',
                'db_table': 'profiles',
                'ordering': ['user_identifier'],
            },
        ),
        migrations.CreateModel(
            name='PersonalizedLessonDescription',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('content', models.JSONField(verbose_name='text')),
                ('lesson', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='texts', to='courses.lesson', verbose_name='lesson')),
                ('profile', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DB_CASCADE, related_name='texts', to='personalization.profile', verbose_name='learner')),
            ],
            options={
                'verbose_name': 'personal text',
                'verbose_name_plural': 'personal texts',
                'db_table': 'personalized_lesson_descriptions',
            },
        ),
        migrations.AddConstraint(
            model_name='profile',
            constraint=models.UniqueConstraint(fields=('user_identifier',), name='profiles_user_identifier_key'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='profile',
            trigger=pgtrigger.compiler.Trigger(name='set_timestamps', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF TG_OP = 'UPDATE' THEN\n                        NEW.created_at = OLD.created_at;\n                    ELSIF NEW.created_at IS NULL THEN\n                        NEW.created_at = now();\n                    END IF;\n                    RETURN NEW;\n                ", hash='62daad1bc5b3a4dc47a146446763c52ca3f82276', operation='INSERT OR UPDATE', pgid='pgtrigger_set_timestamps_9edff', table='profiles', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='personalizedlessondescription',
            constraint=models.UniqueConstraint(fields=('profile', 'lesson'), name='personalized_lesson_descriptions_profile_id_lesson_id_key'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='personalizedlessondescription',
            trigger=pgtrigger.compiler.Trigger(name='set_timestamps', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF TG_OP = 'UPDATE' THEN\n                        NEW.created_at = OLD.created_at;\n                    ELSIF NEW.created_at IS NULL THEN\n                        NEW.created_at = now();\n                    END IF;\n                    RETURN NEW;\n                ", hash='f3d3c5b5f9de1e8e9341f2141296acacc94b3708', operation='INSERT OR UPDATE', pgid='pgtrigger_set_timestamps_52e63', table='personalized_lesson_descriptions', when='BEFORE')),
        ),
    ]
