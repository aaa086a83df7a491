"""What somebody sent while signed out and what could not be saved at their sign-in: to read, send again or drop."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from communes.models import User
from ntm_tracker import keeping
from ntm_tracker.http import UserRequest
from reports.models import KeptPost, QuarterlyReport


@dataclass(frozen=True)
class Kept:
    """A kept page and the report it belongs to, as "my work" lists it."""

    kept: KeptPost
    report: QuarterlyReport | None


def report_kept(request: UserRequest, pk: int) -> HttpResponse:
    """What was typed into one kept page. Its one button sends it again; another drops it."""
    kept = get_object_or_404(keeping.kept_for(request.user), pk=pk)
    if request.method != "POST":
        return _page(request, kept)
    if request.POST.get("drop"):
        kept.delete()
        messages.info(request, _("What was kept is thrown away."))
        return redirect("reports:work")
    try:
        response = keeping.send(request, kept)
    except (PermissionDenied, Http404) as refused:
        return _page(request, kept, str(refused) if isinstance(refused, PermissionDenied) else "")
    return response


def _page(request: UserRequest, kept: KeptPost, refusal: str = "") -> HttpResponse:
    context = {"kept": kept, "typed": keeping.typed(kept), "refusal": refusal}
    return render(request, "reports/report_kept.html", context, status=403 if refusal else 200)


def kept_pages(user: User) -> list[Kept]:
    """What is kept for the user, the newest first. Two queries; one when nothing is."""
    kept = list(keeping.kept_for(user).defer("body"))
    mine = QuarterlyReport.objects.visible_to(user).select_related("commune__province", "period")
    owners = [keeping.report_of(one) for one in kept]
    reports = {report.pk: report for report in mine.filter(pk__in=[pk for pk in owners if pk])} if kept else {}
    return [Kept(one, reports.get(owner or 0)) for one, owner in zip(kept, owners, strict=True)]
