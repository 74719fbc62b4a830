from django.contrib import admin
from django.urls import include, path

admin.site.index_title = ""
admin.site.index_template = "persona_site/overview.html"

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
