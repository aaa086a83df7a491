"""What happened that the reader should know of, and the word that it has been seen."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from communes.models import User
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from reports.models import Notice
from reports.news import read_news

PER_PAGE = 30


def notice_list(request: UserRequest) -> HttpResponse:
    """The reader's notices, the newest first. Five queries beside those of every page."""
    mine = Notice.objects.of(request.user)
    told = mine.select_related(
        "event__report__commune__province", "event__report__period", "event__version", "event__by"
    )
    page = Paginator(told, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "news": read_news(page.object_list),
        "unseen": unseen_notices(request.user),
        "newest": max((notice.pk for notice in page.object_list), default=0),
    }
    return render(request, "reports/notice_list.html", context)


@require_POST
def notices_seen(request: UserRequest) -> HttpResponse:
    """Note that one notice has been seen (`pk`), or all up to the newest one that was shown (`newest`)."""
    rows = Notice.objects.of(request.user).unseen()
    rows = (
        rows.filter(pk=_number(request, "pk"))
        if "pk" in request.POST
        else rows.filter(pk__lte=_number(request, "newest"))
    )
    n = Notice.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(seen_at=clock.now())
    if n:
        text = ngettext("%(n)s notice is marked as seen.", "%(n)s notices are marked as seen.", n)
        messages.success(request, text % {"n": n})
    return redirect("reports:notices")


def unseen_notices(user: User) -> int:
    """How many notices the user has not seen yet. One query."""
    return Notice.objects.of(user).unseen().count()


def _number(request: UserRequest, name: str) -> int:
    """The number in a field; 0, which is no notice, for anything odd."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
