"""What was lost: the list for both sides, and the page on which the committee explains one of them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from communes.models import Duty
from communes.permissions import has_duty
from ntm_tracker.http import UserRequest
from reports.explanations import explain, why_not
from reports.forms.regressions import ExplanationForm, LossFilter
from reports.losses import ENDED, EXPLAINED, REGAINED, UNEXPLAINED, tell_losses
from reports.models import Regression
from reports.workflow import NotAllowed, Refused

PER_PAGE = 30


def regression_list(request: UserRequest) -> HttpResponse:
    """The regressions of the reader's area, what is still to be explained first. Four queries beside every page's."""
    asked = LossFilter(request.GET)
    mine = Regression.objects.visible_to(request.user).for_list()
    rows = chosen(mine.filter(report=asked.report) if asked.report else mine, asked.wanted)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "losses": tell_losses(page.object_list),
        "filter": asked,
        "explains": has_duty(request.user, Duty.EDITOR, Duty.SIGNER),
    }
    return render(request, "reports/regression_list.html", context)


def chosen(rows: "QuerySet[Regression]", wanted: str) -> "QuerySet[Regression]":
    """Of the regressions those that were asked for, in the order of the list: to be explained, then by quarter."""
    rows = rows.filter(until__isnull=wanted != ENDED)
    to_explain = Q(is_explained=False, regained_at__isnull=True)
    parts = {
        UNEXPLAINED: to_explain,
        EXPLAINED: Q(is_explained=True, regained_at__isnull=True),
        REGAINED: Q(regained_at__isnull=False),
    }
    if wanted in parts:
        rows = rows.filter(parts[wanted])
    waits = Case(When(to_explain, then=Value(0)), default=Value(1))
    newest_first = ("-report__period__year", "-report__period__quarter")
    return rows.order_by(waits, *newest_first, "report__commune__province__code", "criterion__number", "pk")


def regression_detail(request: UserRequest, regression: int) -> HttpResponse:
    """One regression: both verdicts, both values, what the committee said; the form for those who may say more."""
    rows = Regression.objects.visible_to(request.user).for_list()
    found = get_object_or_404(rows, pk=regression)
    loss = tell_losses([found])[0]
    reason = why_not(request.user, found)
    if request.method == "POST" and reason:
        raise PermissionDenied(reason)
    form = None if reason else ExplanationForm(request.POST or None, loss=loss)
    if form and request.method == "POST":
        if "take" in request.POST:
            return redirect(found)
        if form.is_valid() and _explain(request, found, form):
            return redirect(found)
    context = {
        "loss": loss,
        "report": found.report,
        "version": found.version,
        "before": found.before,
        "form": form,
        "closed": reason if found.until else "",
    }
    return render(request, "reports/regression_detail.html", context)


def _explain(request: UserRequest, regression: Regression, form: ExplanationForm) -> bool:
    """Write what the form says; where somebody else wrote meanwhile, the form keeps both."""
    try:
        answered = explain(regression, form.as_explanation(), by=request.user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    if answered.clash:
        form.clash = answered.clash
        form.add_error(None, _("Somebody else explained it meanwhile. Compare both texts, then save again."))
        return False
    if answered.written:
        messages.success(request, _("The explanation is saved. The ministry can read it."))
    else:
        messages.info(request, _("Nothing was changed."))
    return True
