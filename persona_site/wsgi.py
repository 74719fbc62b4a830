import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from persona_site.watch.sharing import share_counters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")

if settings.METRICS_TOKEN:
    share_counters(settings.VAR)  # before anything imports Prometheus' client
application = get_wsgi_application()
