"""The page of the criteria: what is asked of a commune, and where each threshold comes from."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ntm_tracker import clock
from ntm_tracker.http import UserRequest

from .models import CriteriaSet, Region
from .publications import read_tables


def criteria_list(request: UserRequest, code: str = "") -> HttpResponse:
    """One published set, the newest in force unless its code is given. Open to everybody signed in."""
    sets = list(CriteriaSet.objects.filter(published_at__isnull=False))
    in_force = [criteria_set for criteria_set in sets if criteria_set.in_force_from <= clock.today()]
    chosen = next((criteria_set for criteria_set in sets if criteria_set.code == code), None)
    if chosen is None and code:
        raise Http404(_("There is no published criteria set with this code."))
    if chosen is None and sets:
        chosen = (in_force or sets)[-1]
    regions = list(Region.objects.all())
    groups = read_tables(chosen, regions) if chosen else []
    context = {"sets": sets, "chosen": chosen, "regions": regions, "groups": groups}
    return render(request, "criteria/criteria_list.html", context)
