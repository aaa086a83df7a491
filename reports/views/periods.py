"""The calendar of periods, open to everybody signed in, and the page that opens one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from ntm_tracker.templatetags.look import capital
from reports import permissions, workflow
from reports.calendar import STAGES, coming_days, stage
from reports.models import DeadlineExtension, Period


@require_safe
def period_list(request: UserRequest) -> HttpResponse:
    """Every period with its days and how far its reports are. One query beside those of every page."""
    today = clock.today()
    periods = list(_periods())
    context = {
        "periods": [(period, code := stage(period, today), STAGES[code]) for period in periods],
        "days": coming_days(periods, today),
        "can_open": permissions.can_open_periods(request.user),
        "can_administer": request.user.is_staff,
    }
    return render(request, "reports/periods.html", context)


def period_open(request: UserRequest, pk: int) -> HttpResponse:
    """Ask before a period is opened, with the number of communes that will owe a report; then open it."""
    if not permissions.can_open_periods(request.user):
        raise PermissionDenied(_("Only a ministry lead for the whole country can open a period here."))
    period = get_object_or_404(Period.objects.select_related("criteria_set"), pk=pk)
    if reason := workflow.why_not_open(period):
        raise PermissionDenied(reason)
    if request.method == "POST":
        try:
            count = workflow.open_period(period, by=request.user)
        except workflow.Refused as refused:
            raise PermissionDenied(str(refused)) from refused
        messages.success(request, _opened(period, count))
        return redirect("reports:periods")
    context = {
        "period": period,
        "communes": workflow.without_report(period),
        "is_early": clock.today() < period.opens_on,
    }
    return render(request, "reports/period_open.html", context)


def _opened(period: Period, count: int) -> str:
    """What the opening did."""
    names = {"period": capital(period), "count": count}
    text = ngettext(
        "%(period)s is open: %(count)s commune more has the duty to report.",
        "%(period)s is open: %(count)s communes more have the duty to report.",
        count,
    )
    return text % names


def _periods() -> Any:
    """The periods, newest first, with the number of reports owed, sent, accepted and extended."""
    extended = DeadlineExtension.objects.filter(report__period=OuterRef("pk")).order_by().values("report__period")
    return (
        Period.objects.select_related("criteria_set")
        .annotate(
            owed=Count("reports"),
            sent=Count("reports__first_submitted_at"),
            accepted=Count("reports__in_force"),
            extended=Coalesce(Subquery(extended.annotate(n=Count("report", distinct=True)).values("n")), 0),
        )
        .order_by(F("year").desc(), F("quarter").desc())
    )
