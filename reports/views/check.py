"""To be written."""

from django.http import HttpResponse

from ntm_tracker.http import UserRequest


def report_check(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError
