"""The one settings file; what differs between machines comes from the environment (see .env.example)."""

import logging
from pathlib import Path
from typing import Any

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from persona_site.embedded.postgres import Postgres
from persona_site.embedded.valkey import Valkey
from persona_site.env import (
    BASE_DIR,
    choice,
    development_secret,
    env,
    positive_float,
    positive_int,
    postgres,
    project_version,
    required,
    time_zone,
)
from persona_site.prices import model_prices
from persona_site.unfold import UNFOLD  # noqa: F401 the theme reads it from here

DEBUG: bool = env.bool("DEBUG", default=False)
VAR = Path(env.str("PERSONA_VAR", default=str(BASE_DIR / "var"))).resolve()
COURSE_STORE_PATH = Path(env.str("COURSE_STORE_PATH", default="") or BASE_DIR / "store")

SECRET_KEY: str
if DEBUG and not env.str("SECRET_KEY", default=""):
    SECRET_KEY = development_secret(VAR / "secret_key")
else:
    SECRET_KEY = required("SECRET_KEY", "Set it to a long random text, or DEBUG=true for development.")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- servers: named by a URL, or (DEBUG only) started by themselves under VAR ---
EMBEDDED_POSTGRES = DEBUG and not env.str("DATABASE_URL", default="")
EMBEDDED_VALKEY = DEBUG and not env.str("REDIS_URL", default="")
_EMBEDDED_HINT = "With DEBUG=true, and only then, a server under var/ is started instead."

DATABASES: dict[str, dict[str, Any]]
if EMBEDDED_POSTGRES:
    DATABASES = {"default": Postgres(VAR).django_database()}
else:
    DATABASES = {
        "default": postgres(
            "DATABASE_URL", f"Set it to postgresql://user:password@host/database. {_EMBEDDED_HINT}"
        )
    }
# A silently dead connection must not hold a worker: give up on it after seconds, not hours.
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=3,
    keepalives_idle=5,
    keepalives_interval=2,
    keepalives_count=3,
    tcp_user_timeout=8000,
    # Nor may a frozen one hold the others: its locks go after these times. How long a statement may take
    # depends on who asks: wsgi.py and celery.py say so, and commands take as long as they take.
    options="-c lock_timeout=5s -c idle_in_transaction_session_timeout=15s",
)

if EMBEDDED_VALKEY:
    REDIS_URL = Valkey(VAR).broker_url
else:
    REDIS_URL = required("REDIS_URL", f"Set it to redis://host:6379/0. {_EMBEDDED_HINT}")

# --- applications ---
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "persona_site",
    "personalization",
    "courses",
]
MIDDLEWARE = [
    "persona_site.watch.doors.DoorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "persona_site.logs.requests.RequestLogMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "persona_site.history.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "persona_site.urls"
WSGI_APPLICATION = "persona_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = time_zone("TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
# What editors upload: portraits of coaches.
MEDIA_URL = "media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default="") or VAR / "media").resolve()
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # the theme's login form does not say where to go

# --- security ---
SECURE_CSP = {
    "default-src": [CSP.SELF],
    # The admin theme's Alpine.js evaluates its attributes; nothing outside /admin runs scripts of ours.
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
}
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# A question with its options is one page: Django's own thousand fields end at 160 of them.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- the model that writes ---
OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="") or "https://api.openai.com/v1"
OPENAI_MODEL = env.str("OPENAI_MODEL", default="") or "gpt-4.1-mini"
# What a million tokens cost: `persona_site.prices` has the table that ships, and says how to replace it.
MODEL_PRICES: Any = model_prices("MODEL_PRICES")
# What the provider allows in a minute, by model; blank: its answers tell. See writers/limits/config.py.
MODEL_LIMITS = env.str("MODEL_LIMITS", default="")
# How much it reads at once, by model; blank: what ships. See personalization/windows.py.
MODEL_WINDOWS = env.str("MODEL_WINDOWS", default="")
GENERATION_CONCURRENCY = positive_int("GENERATION_CONCURRENCY", 50)
# Socket timeouts count per read; this is the whole answer's deadline, in seconds.
GENERATION_CALL_SECONDS = positive_float("GENERATION_CALL_SECONDS", 90)
# Measured together: an orphaned item is claimed again after lease + sweep + about 1 second.
GENERATION_LEASE_SECONDS = positive_float("GENERATION_LEASE_SECONDS", 30)
GENERATION_SWEEP_SECONDS = positive_float("GENERATION_SWEEP_SECONDS", 5)
# One task drains for so long, then makes room, so that its hard time limit can stay finite.
GENERATION_DRAIN_SECONDS = positive_float("GENERATION_DRAIN_SECONDS", 600)
GENERATION_RETRY_SECONDS = positive_float("GENERATION_RETRY_SECONDS", 2)

# --- watching over it ---
RELEASE = env.str("RELEASE", default="") or project_version()
# Whoever knows it may read /metrics; without it that page is closed to all.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="").strip()
SENTRY_DSN = env.str("SENTRY_DSN", default="").strip()
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="") or ("development" if DEBUG else "production")
LOG_FORMAT = choice("LOG_FORMAT", ("text", "json"), "text" if DEBUG else "json")
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line for a request is enough: its end

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "persona_site.logs.lines.formatter", "form": LOG_FORMAT, "whole_errors": DEBUG}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django's own handler would say everything once more. INFO: no SQL, whose parameters are data.
        "django": {"handlers": [], "level": "INFO"},
        # What it says of requests, RequestLogMiddleware says without their addresses.
        "django.request": {"level": "CRITICAL"},
        "django_structlog": {"level": "INFO"},
        # A line for every request to the model tells nothing that a run's page does not.
        "aiohttp": {"level": "WARNING"},
    },
}
