"""Items of a lesson alone: runs that write lessons' standard descriptions have no learner.

Nothing here reads the items: what they promise is checked by 0027, while workers go on.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('courses', '0006_description_origin'),
        ('personalization', '0021_shipped_config'),
    ]

    operations = [
        migrations.AddField(
            model_name='generationitem',
            name='kind',
            field=models.TextField(choices=[('personalize', 'personal texts'), ('templates', 'standard descriptions')], db_default='personalize', default='personalize', verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='generationitem',
            name='profile',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='personalization.profile', verbose_name='learner'),
        ),
        migrations.AlterField(
            model_name='generationrun',
            name='course',
            field=models.ForeignKey(blank=True, help_text="Empty: each learner's own course, or the lessons of several.", null=True, on_delete=django.db.models.deletion.DB_SET_NULL, related_name='+', to='courses.course', verbose_name='course'),
        ),
        migrations.AlterField(
            model_name='generationrun',
            name='kind',
            field=models.TextField(choices=[('personalize', 'personal texts'), ('templates', 'standard descriptions')], default='personalize', verbose_name='kind'),
        ),
    ]
