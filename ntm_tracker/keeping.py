"""What becomes of a page that somebody sends after being signed out? It is kept, and sent when they sign in again.

Every writing page names its writer in a signed field, so that what was typed finds its owner without a session,
and is never saved under the name of somebody who has signed in since.
"""

import copy
from datetime import timedelta

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils.datastructures import MultiValueDict

from communes.models import User
from reports.models import KeptPost

from . import clock

WRITER = "writer"
"""The name of the hidden field with the signed writer."""
BY = "by"
"""What a script says of it: the user's key alone, for nothing is kept for them by its word."""
WRITER_LASTS = timedelta(days=14)
KEPT_FOR = timedelta(days=30)
MOST_KEPT = 20
LARGEST = 2 * 1024 * 1024

WRITING = frozenset({"reports:group", "reports:section", "reports:replies", "reports:regression"})
"""The pages that only write: sent again as soon as their writer signs in."""
DECIDING = frozenset(
    {
        *("reports:check", "reports:review", "reports:item_raise", "reports:step", "reports:extend"),
        "reports:summary_publish",
    }
)
"""The pages that also sign or decide: kept too, but sent again only by a button. None asks for a password."""

NOT_KEPT = ("csrfmiddlewaretoken", WRITER, BY)


def sign_writer(user: User) -> str:
    """The value of the hidden field: who the page was made for."""
    return _signer().sign(str(user.pk))


def writer_of(request: HttpRequest) -> User | None:
    """Whom the page that was sent was made for; None when it does not say so, or not credibly. One query."""
    pk = writer_pk(request)
    return User.objects.filter(pk=pk, is_active=True).first() if pk else None


def writer_pk(request: HttpRequest) -> int | None:
    """The key of `writer_of`. No query."""
    try:
        return int(_signer().unsign(request.POST.get(WRITER, ""), max_age=WRITER_LASTS))
    except (signing.BadSignature, ValueError):
        return None


def is_of_somebody_else(request: HttpRequest) -> bool:
    """Whether the page was made for another user than the one who is signed in now."""
    writer = str(writer_pk(request) or "") if WRITER in request.POST else request.POST.get(BY, "")
    return request.user.is_authenticated and writer not in ("", str(request.user.pk))


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt="writer of a page")


def keep(request: HttpRequest) -> KeptPost | None:
    """Keep what was sent for the one who wrote it; None when the page is not kept, or nobody's. Files never are."""
    if request.method != "POST" or page_of(request.path_info) not in WRITING | DECIDING:
        return None
    body = _body(request.POST)
    writer = writer_of(request) if len(body) <= LARGEST else None
    if writer is None:
        return None
    now = clock.now()
    KeptPost.objects.filter(kept_at__lt=now - KEPT_FOR).delete()
    kept, _made = KeptPost.objects.update_or_create(
        user=writer, path=request.path_info, body=body, defaults={"kept_at": now}
    )
    too_many = KeptPost.objects.filter(user=writer).order_by("-kept_at", "-pk").values_list("pk", flat=True)[MOST_KEPT:]
    KeptPost.objects.filter(pk__in=list(too_many)).delete()
    return kept


def page_of(path: str) -> str:
    """The name of the page that the path leads to; empty when there is none."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return ""


def is_sent_at_sign_in(kept: KeptPost) -> bool:
    """Whether its writer need not be asked again."""
    return page_of(kept.path) in WRITING


def report_of(kept: KeptPost) -> int | None:
    """The key of the report that the kept page belongs to; None where its address does not name one."""
    pk: int | None = resolve(kept.path).kwargs.get("pk")
    return pk


def _body(sent: QueryDict) -> str:
    """What was typed, as a form sends it, without what only proves where it comes from."""
    kept = sent.copy()
    for name in NOT_KEPT:
        kept.pop(name, None)
    return kept.urlencode()


def kept_for(user: User) -> QuerySet[KeptPost]:
    """What is kept for the user, the newest first."""
    return KeptPost.objects.filter(user=user, kept_at__gte=clock.now() - KEPT_FOR).order_by("-kept_at", "-pk")


def typed(kept: KeptPost) -> list[tuple[str, str]]:
    """The fields of a kept page that were filled in, for their writer to read and copy."""
    pairs = [(name, value) for name, values in QueryDict(kept.body).lists() for value in values]
    return [(name, value) for name, value in pairs if value.strip() and not name.endswith("_version")]


def send(request: HttpRequest, kept: KeptPost) -> HttpResponse:
    """Send the kept page as its writer, who is signed in, through its own view and guards.

    It is dropped once the view has taken it over: saved it, or shown again what was typed. A refusal (403, 404)
    is raised and leaves it kept.
    """
    if kept.user_id != request.user.pk or page_of(kept.path) not in WRITING | DECIDING:
        raise PermissionDenied
    again = _as_if_sent(request, kept)
    assert again.resolver_match is not None
    view, args, kwargs = again.resolver_match
    response: HttpResponse = view(again, *args, **kwargs)
    if response.status_code < 400:
        kept.delete()
    return response


def send_at_sign_in(request: HttpRequest) -> HttpResponse | KeptPost | None:
    """Send what the user tried to send last; the kept page itself when it is refused or must be confirmed."""
    assert isinstance(request.user, User)
    kept = kept_for(request.user).first()
    if kept is None or not is_sent_at_sign_in(kept):
        return kept
    try:
        response = send(request, kept)
    except (PermissionDenied, Http404):
        return kept
    return response if response.status_code < 400 else kept


def _as_if_sent(request: HttpRequest, kept: KeptPost) -> HttpRequest:
    """The request with the kept page in the place of its own."""
    again = copy.copy(request)
    again.META = request.META | {"REQUEST_METHOD": "POST", "PATH_INFO": kept.path, "QUERY_STRING": ""}
    again.method = "POST"
    again.path = f"{request.META.get('SCRIPT_NAME', '')}{kept.path}"
    again.path_info = kept.path
    again.resolver_match = resolve(kept.path)
    again.__dict__["GET"] = QueryDict("")
    again._body = kept.body.encode()
    again._files = MultiValueDict()  # type: ignore[attr-defined]
    again.POST = QueryDict(kept.body)
    return again
