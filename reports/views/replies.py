"""The committee's answers to the reviewer, sent from the report page: all of them at once."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ntm_tracker.http import UserRequest
from reports import permissions
from reports.forms.replies import Replies
from reports.models import ReportVersion
from reports.views.detail import get_report, open_items, render_detail, version_at_hand
from reports.workflow import NotAllowed, Refused


@require_POST
def report_replies(request: UserRequest, pk: int) -> HttpResponse:
    """Save the answers; those that are wrong or came too late stay on the page as they were typed."""
    report = get_report(request.user, pk)
    version = version_at_hand(report)
    replies = save_replies(request, version)
    if replies.wrong:
        return render_detail(request, get_report(request.user, pk), replies)
    return redirect(f"{report.get_absolute_url()}#items")


def save_replies(request: UserRequest, version: ReportVersion) -> Replies:
    """Write what was typed and say how much of it is saved; 403 for those who may not."""
    if not permissions.writable_by(request.user, version):
        raise PermissionDenied(_("Items can be answered only by the committee, while the report is a draft."))
    replies = Replies(open_items(version.report), request.POST)
    try:
        replies.save(version, by=request.user)
    except NotAllowed as refused:
        raise PermissionDenied(str(refused)) from refused
    except Refused as refused:
        messages.error(request, str(refused))
    _tell(request, replies)
    return replies


def _tell(request: UserRequest, replies: Replies) -> None:
    """How many answers are saved, and how many are not."""
    n, left = replies.written, len(replies.wrong)
    if n:
        messages.success(request, ngettext("%(n)s answer is saved.", "%(n)s answers are saved.", n) % {"n": n})
    if left:
        text = ngettext("%(n)s answer is not saved; see below.", "%(n)s answers are not saved; see below.", left)
        messages.warning(request, text % {"n": left})
    if not n and not left:
        messages.info(request, _("Nothing was changed."))
