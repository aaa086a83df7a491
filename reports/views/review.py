"""To be written."""

from django.http import HttpResponse

from ntm_tracker.http import UserRequest


def report_review(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError


def item_raise(request: UserRequest, pk: int) -> HttpResponse:
    raise NotImplementedError


def item_reply(request: UserRequest, pk: int, item: int) -> HttpResponse:
    raise NotImplementedError


def item_resolve(request: UserRequest, pk: int, item: int) -> HttpResponse:
    raise NotImplementedError
