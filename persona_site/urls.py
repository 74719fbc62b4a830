from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from persona_site.media import portrait

admin.site.index_title = _("Overview")
admin.site.index_template = "persona_site/overview.html"

# /healthz, /readyz and /metrics are answered before these: persona_site/watch/doors.py
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("media/coaches/<str:name>", portrait, name="portrait"),
]
