"""Who else writes in a report now? A hint, never a lock: everybody may go on writing."""

from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from communes.models import User
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from reports import permissions
from reports.models import Presence, ReportVersion
from reports.traces import SEEN_LATELY
from reports.views.detail import get_report, version_at_hand


@require_POST
def report_presence(request: UserRequest, pk: int) -> JsonResponse:
    """What a script of a writing page asks every minute: who else is there, and a token for the next write."""
    version = version_at_hand(get_report(request.user, pk))
    if permissions.writable_by(request.user, version):
        note_presence(version, request.user)
    others = render_to_string("reports/_parts_others.html", {"parts": {"others": others_in(version, request.user)}})
    return JsonResponse({"others": others.strip(), "csrf": get_token(request)})


def note_presence(version: ReportVersion, user: User) -> None:
    """Note that the user is writing in the version now. Two to four queries."""
    Presence.objects.update_or_create(version=version, user=user, defaults={"seen_at": clock.now()})


def others_in(version: ReportVersion, user: User) -> list[str]:
    """The names of those who were seen writing in the version lately, the user aside. One query."""
    lately = version.presences.filter(seen_at__gte=clock.now() - SEEN_LATELY).exclude(user=user)
    return [str(presence.user) for presence in lately.select_related("user").order_by("user__full_name", "user_id")]
