"""Addresses of the commune pages.

They print where a commune stands, so they are made on the floor of the reports, above `communes`.
"""

from django.urls import path

from .views import commune

app_name = "communes"
urlpatterns = [
    path("", commune.commune_list, name="list"),
    path("<int:pk>/", commune.commune_detail, name="detail"),
]
