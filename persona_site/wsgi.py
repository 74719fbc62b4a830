import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from courses.database import statements_end_after
from persona_site.watch.sharing import share_counters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")

# Seconds. What a page asks for takes 4 of them at most, for a million texts. Whoever waits has left long
# before this, and a thread and locks must not be held by what went wrong. Planning a run, and every command,
# takes as long as it takes.
LONGEST_STATEMENT = 120

if settings.METRICS_TOKEN:
    share_counters(settings.VAR)  # before anything imports Prometheus' client
statements_end_after(LONGEST_STATEMENT)
application = get_wsgi_application()
