"""A paper to look at beside what it proves: each page as a picture, and all of them on a page of their own."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ntm_tracker import previews
from ntm_tracker.http import UserRequest
from reports.models import Evidence
from reports.views.detail import get_report
from reports.views.evidence import get_evidence, open_file

MOST_PAGES = 50
"""How many pages are shown; a longer paper is read in its own program."""


@require_safe
def evidence_preview(request: UserRequest, pk: int, evidence_id: int, page: int) -> HttpResponseBase:
    """One page of a paper as a picture, for those who may have the file. The header `Pages` says how many there are.

    A browser that has it asks no more: a file never changes.
    """
    found = get_evidence(request.user, pk, evidence_id)
    if not 1 <= page <= MOST_PAGES:
        raise Http404
    etag = f'"{found.sha256}-{page}"'
    if unchanged := get_conditional_response(request, etag=etag):
        return _guarded(unchanged, etag)
    try:
        picture = _draw(found, page)
    except previews.NoSuchPage:
        raise Http404 from None
    except previews.NoPicture as refusal:
        return HttpResponse(str(refusal), status=422, content_type="text/plain; charset=utf-8")
    except previews.Busy:
        text = _("Too many pages are being drawn. Please try again in a moment.")
        return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "5"})
    shown = min(picture.pages, MOST_PAGES)
    response = HttpResponse(picture.content, content_type=previews.PICTURE_TYPE, headers={"Pages": str(shown)})
    return _guarded(response, etag)


@require_safe
def evidence_pages(request: UserRequest, pk: int, evidence_id: int) -> HttpResponse:
    """Every page of a paper below one another, or why it cannot be shown."""
    report = get_report(request.user, pk)
    found = get_evidence(request.user, pk, evidence_id)
    trouble, pages = "", 0
    try:
        pages = _draw(found, 1).pages
    except (previews.NoPicture, previews.NoSuchPage) as refusal:
        trouble = str(refusal) or _("This file has no page.")
    except previews.Busy:
        trouble = _("Too many pages are being drawn. Please try again in a moment.")
    context = {
        "report": report,
        "paper": found,
        "numbers": range(1, min(pages, MOST_PAGES) + 1),
        "pages": pages,
        "trouble": trouble,
    }
    return render(request, "reports/evidence_pages.html", context)


def _draw(found: Evidence, page: int) -> previews.Picture:
    with open_file(found) as file:
        return previews.draw(file.read(), found.media_type, page)


def _guarded(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    """What a browser may do with it: show it as this picture and nothing else, and keep it for this reader."""
    for name, value in {
        "ETag": etag,
        "Cache-Control": "private, max-age=86400, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Encoding": "identity",  # it is compressed already
    }.items():
        response.headers[name] = value
    return response
