"""Of an endpoint it is kept that its answers think, and need room for that."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0034_generationrun_overrun'),
    ]

    operations = [
        migrations.AddField(
            model_name='endpoint',
            name='thinks',
            field=models.BooleanField(db_default=False, default=False, verbose_name='thinks before it answers'),
        ),
    ]
