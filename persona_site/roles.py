"""Who may do what: the three groups that come with the product. None may touch users or permissions."""

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
    group_table = apps.get_model("auth", "Group").objects.using(using)
    for name, permissions in ROLES.items():
        group, _ = group_table.get_or_create(name=name)
        found = (_permission(apps, using, permission) for permission in sorted(permissions))
        group.permissions.add(*(permission for permission in found if permission))


def _permission(apps: Any, using: str, name: str) -> Any:
    app, codename = name.split(".")
    model_name = OWN[codename].split(".")[1] if codename in OWN else codename.split("_")[1]
    try:
        model = apps.get_model(app, model_name)
    except LookupError:
        return None
    own = dict(model._meta.permissions)
    if codename in OWN and codename not in own:
        return None
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(using)
    content_type, _ = content_types.get_or_create(app_label=app, model=model_name)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    permission, _ = permissions.get_or_create(
        content_type=content_type,
        codename=codename,
        # The words that Django itself would use.
        defaults={
            "name": own.get(codename) or f"Can {codename.split('_')[0]} {model._meta.verbose_name_raw}"
        },
    )
    return permission
