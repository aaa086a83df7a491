"""To be written."""

from django.http import HttpResponse

from ntm_tracker.http import UserRequest


def report_detail(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError


def report_history(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError


def report_version(request: UserRequest, pk: int, number: int) -> HttpResponse:
    raise NotImplementedError
