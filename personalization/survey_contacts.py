"""Which answers say who somebody is, for SQL: they never leave. Who gave no others has answered nothing."""

import json

from personalization.contact_labels import CONTACT_KEYS, asks_who
from personalization.models.surveys import CourseSurvey

DEFAULT = ""  # no course's slug: of the survey that courses without their own have


def asked_contacts() -> str:
    """JSON: slug of each course with a survey of its own → keys of its questions that ask who somebody is."""
    asked = CourseSurvey.objects.order_by().values_list(
        *("course__slug", "questions__key", "questions__other_key"),
        *("questions__label_ru", "questions__label_en"),
    )
    found: dict[str, list[str]] = {}
    for slug, key, other_key, *labels in asked:
        keys = found.setdefault(slug or DEFAULT, [])
        if any(asks_who(label) for label in labels if label):
            keys += filter(None, (key, other_key))
    return json.dumps(found)


# A row for each answer: `said`. As answers.is_contact_key and Survey.contact_keys; keys that ask in words of
# their own are looked through by Python alone.
_KNOWN = ", ".join(f"'{key}'" for key in sorted(CONTACT_KEYS))
IS_CONTACT = rf"""(lower(regexp_replace(said.key, '[\W_]', '', 'g')) IN ({_KNOWN})
    OR coalesce(%(contacts)s::jsonb -> profile.course_slug, %(contacts)s::jsonb -> '{DEFAULT}', '[]')
       ? said.key)"""
