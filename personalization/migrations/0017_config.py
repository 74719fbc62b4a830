"""What editors own: entries of the configuration, versions of prompts, coaches."""

import django.contrib.postgres.functions
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0016_surveys'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Coach',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField(verbose_name='name')),
                ('bio', models.TextField(blank=True, db_default='', default='', verbose_name='about the coach')),
                ('prompt', models.TextField(blank=True, db_default='', default='', verbose_name='voice')),
                ('photo', models.ImageField(blank=True, max_length=200, upload_to='coaches/', verbose_name='portrait')),
                ('sex', models.TextField(blank=True, choices=[('male', 'male'), ('female', 'female'), ('non_binary', 'non-binary'), ('other', 'other')], db_default='', default='', verbose_name='sex')),
                ('year_of_birth', models.IntegerField(blank=True, null=True, verbose_name='year of birth')),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='active')),
                ('voice_id', models.TextField(blank=True, db_default='', default='', verbose_name='voice ID')),
                ('voice_settings', models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='voice settings')),
                ('legacy_id', models.IntegerField(blank=True, null=True, unique=True, verbose_name='ID in the old system')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'coach',
                'verbose_name_plural': 'coaches',
                'db_table': 'coaches',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PromptVersion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('key', models.TextField(verbose_name='prompt')),
                ('number', models.IntegerField(verbose_name='version')),
                ('content', models.TextField(verbose_name='text')),
                ('note', models.TextField(blank=True, db_default='', default='', verbose_name='note')),
                ('is_draft', models.BooleanField(db_default=False, default=False, verbose_name='draft')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='saved')),
            ],
            options={
                'verbose_name': 'prompt version',
                'verbose_name_plural': 'prompt versions',
                'db_table': 'prompt_versions',
                'ordering': ['key', '-number'],
            },
        ),
        migrations.CreateModel(
            name='ConfigEntry',
            fields=[
                ('key', models.TextField(primary_key=True, serialize=False, verbose_name='key')),
                ('value', models.JSONField(verbose_name='value')),
                ('description', models.TextField(blank=True, db_default='', default='', verbose_name='description')),
                ('is_public', models.BooleanField(db_default=False, default=False, verbose_name='public')),
                ('created_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), editable=False, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'configuration entry',
                'verbose_name_plural': 'configuration entries',
                'db_table': 'app_config',
                'ordering': ['key'],
                'constraints': [models.CheckConstraint(condition=models.Q(('is_public', False), ('key__startswith', 'var_'), _connector='OR'), name='app_config_public_variables')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='configentry',
            trigger=pgtrigger.compiler.Trigger(name='note_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='NEW.updated_at = now(); RETURN NEW;', hash='5c82f6d89ce07f8b9b38d5e845ac17755f4e1b1d', operation='UPDATE', pgid='pgtrigger_note_update_7061e', table='app_config', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='promptversion',
            name='author',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='author'),
        ),
        migrations.AddConstraint(
            model_name='promptversion',
            constraint=models.UniqueConstraint(fields=('key', 'number'), name='prompt_versions_number'),
        ),
    ]
