"""To be written."""

from django.http import HttpResponse

from ntm_tracker.http import UserRequest


def report_step(request: UserRequest, pk: int, action: str) -> HttpResponse:
    raise NotImplementedError


def report_extend(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError
