"""Surveys with questions and options: what courses ask, in words."""

import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0005_source_hash_by_trigger'),
        ('personalization', '0015_edited_by_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='CourseSurvey',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.TextField(editable=False, null=True, verbose_name='tag')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('course', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.DB_CASCADE, related_name='survey', to='courses.course', verbose_name='course')),
            ],
            options={
                'verbose_name': 'survey',
                'verbose_name_plural': 'surveys',
                'db_table': 'surveys',
            },
        ),
        migrations.CreateModel(
            name='SurveyQuestion',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(default=0, verbose_name='position')),
                ('key', models.TextField(help_text='Under which the platform sends the answer. It never changes.', validators=[django.core.validators.RegexValidator('\\A[A-Za-z][A-Za-z0-9_]{0,63}\\Z', 'Up to 64 Latin letters, digits and underscores, a letter first.')], verbose_name='key')),
                ('label_ru', models.TextField(blank=True, default='', verbose_name='question in Russian')),
                ('label_en', models.TextField(blank=True, default='', verbose_name='question in English')),
                ('other_key', models.TextField(blank=True, default='', help_text='Under which the platform sends what the learner wrote beside the options.', validators=[django.core.validators.RegexValidator('\\A[A-Za-z][A-Za-z0-9_]{0,63}\\Z', 'Up to 64 Latin letters, digits and underscores, a letter first.')], verbose_name='key of own words')),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='questions', to='personalization.coursesurvey', verbose_name='survey')),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions',
                'db_table': 'survey_questions',
                'ordering': ['position', 'key'],
            },
        ),
        migrations.CreateModel(
            name='SurveyOption',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(default=0, verbose_name='position')),
                ('code', models.TextField(help_text='It never changes.', validators=[django.core.validators.RegexValidator('\\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\\Z', 'Up to 64 Latin letters, digits, underscores, dots and hyphens, a letter or a digit first.')], verbose_name='code')),
                ('label_ru', models.TextField(blank=True, default='', verbose_name='label in Russian')),
                ('label_en', models.TextField(blank=True, default='', verbose_name='label in English')),
                ('old_codes', models.JSONField(blank=True, default=list, verbose_name='old codes')),
                ('is_other', models.BooleanField(default=False, help_text='What the learner wrote in their own words says it better, and is sent instead.', verbose_name='“something else”')),
                ('is_retired', models.BooleanField(default=False, help_text='Not offered any more; answers that have it keep their words.', verbose_name='retired')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='options', to='personalization.surveyquestion', verbose_name='question')),
            ],
            options={
                'verbose_name': 'option',
                'verbose_name_plural': 'options',
                'db_table': 'survey_options',
                'ordering': ['position', 'code'],
            },
        ),
        migrations.AddConstraint(
            model_name='coursesurvey',
            constraint=models.UniqueConstraint(fields=('course',), name='surveys_one_default', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='surveyquestion',
            constraint=models.UniqueConstraint(fields=('survey', 'key'), name='survey_questions_key', violation_error_message='Another question of this survey has this key.'),
        ),
        migrations.AddConstraint(
            model_name='surveyoption',
            constraint=models.UniqueConstraint(fields=('question', 'code'), name='survey_options_code', violation_error_message='Another option of this question has this code.'),
        ),
    ]
