"""A site with a page that fails, and quotes a learner when it does."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def fails(request: HttpRequest, number: int) -> HttpResponse:
    raise ValueError("Нина")


urlpatterns = [path("fails/<int:number>/", fails)]
