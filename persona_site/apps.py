from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from persona_site import checks, price_checks  # noqa: F401  importing registers the checks


class PersonaSiteConfig(AppConfig):
    name = "persona_site"

    def ready(self) -> None:
        if settings.SENTRY_DSN:
            import_module("persona_site.sentry").start()  # it takes long to load, and most have no use for it
