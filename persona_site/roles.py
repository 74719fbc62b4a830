"""Who may do what: the three groups that come with the product. None may touch users or permissions."""

from collections.abc import Iterable
from typing import Any

from personalization.models.runs import RUN_GENERATION
from personalization.models.texts import REPLACE_LOCKED


def may(actions: str, *models: str) -> set[str]:
    """Permissions as "app.action_model", for each of the actions ("view add") on each model ("app.model")."""
    names = [model.split(".") for model in models]
    return {f"{app}.{action}_{model}" for action in actions.split() for app, model in names}


COURSE_MODELS = ("courses.course", "courses.lesson", "courses.lessondescription", "courses.lessonasset")
LEARNER = "personalization.profile"
TEXT = "personalization.personalizedlessondescription"
RUN = "personalization.generationrun"
# What workers found out of a model's endpoint. To forget it costs one request, which finds out anew.
ENDPOINT = "personalization.endpoint"
RESULTS = ("personalization.lessonfeedback", "personalization.quizresult")
# Kept about learners: who may see learners may see it.
ABOUT_LEARNERS = ("personalization.usercluster", "personalization.promptrefinement", *RESULTS)
COACH = "personalization.coach"
SURVEY = "personalization.coursesurvey"
QUESTIONS = ("personalization.surveyquestion", "personalization.surveyoption")
PROMPT = "personalization.promptentry"
VARIABLE = "personalization.variableentry"
SETTING = "personalization.settingentry"
CONFIG = (PROMPT, VARIABLE, SETTING)
# Rights of our own, beside Django's add, change, delete and view.
OWN = {RUN_GENERATION: RUN, REPLACE_LOCKED: TEXT}

ROLES = {
    "Content editors": may("view add change", *COURSE_MODELS)
    | may("view change", TEXT)
    | may("view add change", COACH, SURVEY, *QUESTIONS)
    | may("view", LEARNER, *ABOUT_LEARNERS, *CONFIG)
    | may("change", PROMPT)
    | may("add change", VARIABLE)
    | {f"personalization.{REPLACE_LOCKED}"},
    "Operators": may("view", *COURSE_MODELS, TEXT, RUN, *ABOUT_LEARNERS, COACH, SURVEY, *QUESTIONS, *CONFIG)
    | may("change", SETTING)
    | may("add", *RESULTS)
    | may("view add change", LEARNER)
    | may("view delete", ENDPOINT)
    | {f"personalization.{RUN_GENERATION}", f"personalization.{REPLACE_LOCKED}"},
    "Viewers": may(
        "view", *COURSE_MODELS, LEARNER, TEXT, RUN, *ABOUT_LEARNERS, COACH, SURVEY, *QUESTIONS, *CONFIG
    ),
}


def create_groups(apps: Any, using: str = "default") -> None:
    """Creates what is missing of the groups and their permissions; takes nothing away that a site has added.

    A model or a right of our own that a migration does not have yet comes with a later one. While a fresh
    database migrates there are no permissions yet: Django makes them after the last migration, and keeps
    those that it finds.
    """
    found = _permissions(apps, using, set().union(*ROLES.values()))
    group_table = apps.get_model("auth", "Group").objects.using(using)
    for name, permissions in ROLES.items():
        group, _ = group_table.get_or_create(name=name)
        group.permissions.add(*(found[permission] for permission in permissions if permission in found))


def _permissions(apps: Any, using: str, names: Iterable[str]) -> dict[str, Any]:
    """Name → row, all made in a few statements: a database that is made anew runs this many times."""
    wanted = {name: right for name in sorted(names) if (right := _right(apps, name))}
    types = _content_types(apps, using, {(app, model) for app, model, _ in wanted.values()})
    table = apps.get_model("auth", "Permission")
    rows = [
        table(content_type=types[app, model], codename=name.split(".")[1], name=label)
        for name, (app, model, label) in wanted.items()
    ]
    table.objects.using(using).bulk_create(rows, ignore_conflicts=True)
    there = table.objects.using(using).filter(content_type__in=types.values())
    found = {(row.content_type_id, row.codename): row for row in there}
    return {name: found[types[app, model].pk, name.split(".")[1]] for name, (app, model, _) in wanted.items()}


def _content_types(apps: Any, using: str, models: set[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    table = apps.get_model("contenttypes", "ContentType")
    rows = [table(app_label=app, model=model) for app, model in sorted(models)]
    table.objects.using(using).bulk_create(rows, ignore_conflicts=True)
    there = table.objects.using(using).filter(app_label__in={app for app, _ in models})
    return {(row.app_label, row.model): row for row in there}


def _right(apps: Any, name: str) -> tuple[str, str, str] | None:
    """App, model, and the words that Django itself would use; None where there is no such right yet."""
    app, codename = name.split(".")
    action, *rest = codename.split("_")
    model_name = OWN[codename].split(".")[1] if codename in OWN else rest[0]
    try:
        model = apps.get_model(app, model_name)
    except LookupError:
        return None
    own = dict(model._meta.permissions)
    if codename in OWN and codename not in own:
        return None
    return app, model_name, own.get(codename) or f"Can {action} {model._meta.verbose_name_raw}"
