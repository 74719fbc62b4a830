"""Which backend writes, and what its texts' fingerprints hold. The environment decides, in one place.

Knows no client: web and commands need this module, and the client takes seconds to import.
"""

from django.conf import settings
from django.utils.translation import gettext as _

from personalization.brief import Recipe
from personalization.live_prompts import live_prompts
from personalization.models.runs import Backend
from personalization.models.texts import Origin
from personalization.personal_prompt import PersonalPrompt
from personalization.writers.simple import SIMPLE_VERSION


def default_backend() -> Backend:
    """The language model where a key is set, else the simple writer."""
    return Backend.OPENAI if settings.OPENAI_API_KEY else Backend.SIMPLE


def backend_problem(backend: str) -> str | None:
    """Why the backend cannot write here, with the remedy; None when it can."""
    if backend not in Backend.values:
        known = ", ".join(Backend.values)
        return _("There is no backend “{backend}”. Known: {known}.").format(backend=backend, known=known)
    if backend == Backend.OPENAI and not settings.OPENAI_API_KEY:
        return _(
            "No model key: set OPENAI_API_KEY (any text for an endpoint that wants none), or choose “simple”."
        )
    return None


def current_recipe(backend: str, prompt: PersonalPrompt | None = None) -> Recipe:
    """What a text of this backend would be written with today; `prompt`: with this, not the live one."""
    if backend == Backend.SIMPLE:
        return Recipe(Origin.SIMPLE, "", SIMPLE_VERSION)
    prompt = prompt or live_prompts().personal
    return Recipe(Origin.OPENAI, settings.OPENAI_MODEL, prompt.version)


def model_of(backend: str) -> str:
    """The model that this backend calls today; "" for none."""
    return "" if backend == Backend.SIMPLE else settings.OPENAI_MODEL


def template_recipe(prompt: PersonalPrompt | None = None) -> Recipe:
    """What a lesson's standard description would be written with today: only the model can. `prompt`: as in
    `current_recipe`."""
    prompt = prompt or live_prompts().template
    return Recipe(Origin.OPENAI, settings.OPENAI_MODEL, prompt.version)


def template_problem() -> str | None:
    """Why no standard description can be written here, with the remedy; None when it can."""
    if settings.OPENAI_API_KEY:
        return None
    return _(
        "No model key: set OPENAI_API_KEY (any text for an endpoint that wants none). "
        "The simple writer cannot describe a lesson."
    )
