"""Trying a criteria set before it is published."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from criteria.models import CriteriaSet
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from reports import permissions
from reports.forms.trial import TrialForm
from reports.trial import followed, try_set
from reports.views.overview import choose_programme


@require_safe
def trial(request: UserRequest, code: str) -> HttpResponse:
    """Which communes would change status if the set held; a published one can be tried too. Changes nothing.

    Five queries beside those of every page.
    """
    if not permissions.can_try(request.user):
        raise PermissionDenied(_("Only a ministry lead or an administrator of the criteria can try a criteria set."))
    criteria_set = get_object_or_404(CriteriaSet, code=code)
    known = followed()
    programme = choose_programme(list(known), request.GET.get("programme", ""))
    form = TrialForm(request.GET)
    context = {"criteria_set": criteria_set, "programmes": list(known), "programme": programme, "form": form}
    if programme is not None:
        context["trial"] = try_set(criteria_set, known[programme], form.chosen, clock.today())
    return render(request, "reports/trial.html", context)
