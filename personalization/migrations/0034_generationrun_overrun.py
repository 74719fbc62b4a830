"""Runs learn how many times what was reserved for it a call may cost."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0033_pilots_money_and_ends'),
    ]

    operations = [
        migrations.AddField(
            model_name='generationrun',
            name='overrun',
            field=models.FloatField(db_default=1.0, default=1.0, editable=False),
        ),
    ]
