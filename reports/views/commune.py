"""To be written."""

from django.http import HttpResponse

from ntm_tracker.http import UserRequest


def commune_list(request: UserRequest) -> HttpResponse:
    raise NotImplementedError


def commune_detail(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError
