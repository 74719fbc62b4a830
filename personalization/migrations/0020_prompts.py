"""Prompts, variables and settings as lists with rights of their own; when a version went live."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0019_default_survey'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PromptEntry',
            fields=[
            ],
            options={
                'verbose_name': 'prompt',
                'verbose_name_plural': 'prompts',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('personalization.configentry',),
        ),
        migrations.CreateModel(
            name='SettingEntry',
            fields=[
            ],
            options={
                'verbose_name': 'setting',
                'verbose_name_plural': 'settings',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('personalization.configentry',),
        ),
        migrations.CreateModel(
            name='VariableEntry',
            fields=[
            ],
            options={
                'verbose_name': 'variable',
                'verbose_name_plural': 'variables',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('personalization.configentry',),
        ),
        migrations.AddField(
            model_name='promptversion',
            name='live_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='went live'),
        ),
        migrations.AddField(
            model_name='promptversion',
            name='live_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made live by'),
        ),
    ]
