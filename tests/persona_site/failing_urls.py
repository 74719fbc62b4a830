"""A site with a page that fails, and quotes a learner when it does."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

LEARNER = "Нина"  # a line of source may be quoted, and is no learner


def fails(request: HttpRequest, number: int) -> HttpResponse:
    raise ValueError(LEARNER)


urlpatterns = [path("fails/<int:number>/", fails)]
