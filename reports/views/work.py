"""To be written."""

from django.http import HttpResponse

from ntm_tracker.http import UserRequest


def work(request: UserRequest) -> HttpResponse:
    raise NotImplementedError
