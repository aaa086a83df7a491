"""Addresses of the criteria pages."""

from django.urls import path

from . import views

app_name = "criteria"

urlpatterns = [
    path("", views.criteria_list, name="list"),
    path("<slug:code>/", views.criteria_list, name="set"),
]
