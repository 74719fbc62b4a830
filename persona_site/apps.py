from django.apps import AppConfig

from persona_site import checks, price_checks  # noqa: F401  importing registers the checks


class PersonaSiteConfig(AppConfig):
    name = "persona_site"
