"""Who may do what: the three groups that come with the product. None may touch users or permissions."""

from typing import Any

from personalization.models.runs import RUN_GENERATION


def may(actions: str, *models: str) -> set[str]:
    """Permissions as "app.action_model", for each of the actions ("view add") on each model ("app.model")."""
    names = [model.split(".") for model in models]
    return {f"{app}.{action}_{model}" for action in actions.split() for app, model in names}


COURSE_MODELS = ("courses.course", "courses.lesson", "courses.lessondescription", "courses.lessonasset")
LEARNER = "personalization.profile"
TEXT = "personalization.personalizedlessondescription"
RUN = "personalization.generationrun"

ROLES = {
    "Content editors": may("view add change", *COURSE_MODELS)
    | may("view change", TEXT)
    | may("view", LEARNER),
    "Operators": may("view", *COURSE_MODELS, TEXT, RUN)
    | may("view add change", LEARNER)
    | {f"personalization.{RUN_GENERATION}"},
    "Viewers": may("view", *COURSE_MODELS, LEARNER, TEXT, RUN),
}


def create_groups(apps: Any, using: str = "default") -> None:
    """Creates what is missing of the groups and their permissions; takes nothing away that a site has added.

    While a fresh database migrates there are no permissions yet: Django makes them after the last migration,
    and keeps those that it finds.
    """
    group_table = apps.get_model("auth", "Group").objects.using(using)
    for name, permissions in ROLES.items():
        group, _ = group_table.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, using, permission) for permission in sorted(permissions)))


def _permission(apps: Any, using: str, name: str) -> Any:
    app, codename = name.split(".")
    model_name = codename.split("_")[1] if codename != RUN_GENERATION else RUN.split(".")[1]
    model = apps.get_model(app, model_name)
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(using)
    content_type, _ = content_types.get_or_create(app_label=app, model=model_name)
    own = dict(model._meta.permissions)
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
