"""What is condensed is of a language, and of a size; its attempts are counted for runs, and say what failed."""

from django.db import migrations, models

# In the language that the course has today: no text becomes stale.
LANGUAGES = """
    UPDATE condensed_sources source SET language = course.language
    FROM lessons lesson JOIN courses course ON course.id = lesson.course_id
    WHERE lesson.id = source.lesson_id;
    -- The new columns have written each row anew: its lesson is looked up now, or no constraint can be added.
    SET CONSTRAINTS ALL IMMEDIATE
"""
TOKENS = models.Func(
    'text',
    template='(greatest(2 * char_length(%(expressions)s) - octet_length(%(expressions)s), 0) * 3 + (octet_length(%(expressions)s) - char_length(%(expressions)s)) * 6 + 9) / 10',
    output_field=models.IntegerField(),
)


class Migration(migrations.Migration):

    dependencies = [
        ('personalization', '0023_condensing'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='condensedsource',
            name='condensed_sources_once',
        ),
        migrations.AddField(
            model_name='condensedsource',
            name='language',
            field=models.TextField(default='', verbose_name='language'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='condensedsource',
            name='text_tokens',
            field=models.GeneratedField(db_persist=True, expression=TOKENS, output_field=models.IntegerField(null=True)),
        ),
        migrations.AddField(
            model_name='condensedsource',
            name='counted_from',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='condensedsource',
            name='part_count',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='condensedsource',
            name='problem',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.RunSQL(LANGUAGES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='condensedsource',
            constraint=models.UniqueConstraint(fields=('lesson', 'source_hash', 'language', 'model', 'prompt_version'), name='condensed_sources_once'),
        ),
    ]
