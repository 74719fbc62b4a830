"""What is known of a model's endpoint, shared by all workers."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0012_watching'),
    ]

    operations = [
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('base_url', models.TextField(verbose_name='address')),
                ('model', models.TextField(verbose_name='model')),
                ('answers', models.TextField(choices=[('json_schema', 'by JSON schema'), ('json_object', 'as any JSON object'), ('text', 'in the prompt only')], verbose_name='form of the answer is asked for')),
                ('limit', models.TextField(choices=[('max_tokens', 'max_tokens'), ('max_completion_tokens', 'max_completion_tokens'), ('none', 'none')], verbose_name='parameter that limits the answer')),
                ('stream', models.BooleanField(default=False, verbose_name='answers only as a stream')),
                ('stream_usage', models.BooleanField(default=True, verbose_name='takes stream_options')),
                ('usage', models.BooleanField(default=True, verbose_name='reports usage')),
                ('fenced', models.BooleanField(default=False, verbose_name='answers in Markdown fences')),
                ('learned_at', models.DateTimeField(db_default=models.Func(function='now', output_field=models.DateTimeField()), verbose_name='found out')),
            ],
            options={
                'verbose_name': 'model endpoint',
                'verbose_name_plural': 'model endpoints',
                'db_table': 'model_endpoints',
            },
        ),
        migrations.AddConstraint(
            model_name='endpoint',
            constraint=models.UniqueConstraint(fields=('base_url', 'model'), name='model_endpoints_one_per_model'),
        ),
    ]
