"""The column alone, which takes a moment: 0031 makes its index while workers go on, and 0032 the trigger."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0008_lesson_source'),
        ('personalization', '0027_items_of_lessons'),
    ]

    operations = [
        migrations.AddField(
            model_name='generationitem',
            name='next_run_id',
            field=models.UUIDField(blank=True, editable=False, null=True, verbose_name='next run'),
        ),
    ]
