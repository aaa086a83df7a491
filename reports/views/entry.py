"""To be written."""

from django.http import HttpResponse

from ntm_tracker.http import UserRequest


def report_group(request: UserRequest, pk: int, code: str) -> HttpResponse:
    raise NotImplementedError


def report_narrative(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError
