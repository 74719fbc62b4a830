"""Items of a lesson alone: runs that write lessons' standard descriptions have no learner."""

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
        migrations.AddConstraint(
            model_name='generationitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'personalize'), ('profile__isnull', False)), models.Q(('kind', 'templates'), ('profile__isnull', True)), _connector='OR'), name='generation_items_of_whom'),
        ),
        migrations.AddConstraint(
            model_name='generationitem',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'templates'), ('state__in', ['queued', 'running', 'held', 'submitted'])), fields=('lesson',), name='generation_items_one_template'),
        ),
    ]
