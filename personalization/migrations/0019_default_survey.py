"""The default survey: what the known keys of a learner's answers mean, in words."""

from django.db import migrations

from personalization.survey import DEFAULT_SURVEY


def load_default(apps, schema_editor):
    """Adds what is missing, and changes nothing that an editor has written."""
    using = schema_editor.connection.alias
    questions = apps.get_model('personalization', 'SurveyQuestion').objects.using(using)
    options = apps.get_model('personalization', 'SurveyOption').objects.using(using)
    surveys = apps.get_model('personalization', 'CourseSurvey').objects.using(using)
    survey, _created = surveys.get_or_create(course=None)
    if survey.tag is not None:
        return
    for position, question in enumerate(DEFAULT_SURVEY.questions):
        labels = {f'label_{language}': label for language, label in question.labels.items()}
        row, _created = questions.get_or_create(
            survey=survey,
            key=question.key,
            defaults={'position': position, 'other_key': question.other_key, **labels},
        )
        for place, option in enumerate(question.options):
            labels = {f'label_{language}': label for language, label in option.labels.items()}
            more = {'position': place, 'old_codes': list(option.old_codes), **labels}
            options.get_or_create(question=row, code=option.code, defaults=more)


class Migration(migrations.Migration):

    dependencies = [('personalization', '0018_coach_voices')]

    operations = [migrations.RunPython(load_default, migrations.RunPython.noop)]
