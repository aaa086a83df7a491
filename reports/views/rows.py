"""One row of a report saved on its own: what a script sends while somebody types, answered in JSON.

A row is named by its prefix: `i11` a value, `c11` a claim, `l<key>` a line of a section, `r<source>` resources.
Its fields are those of the page, its forms too, and so are the parts of the page that come back: an element of
the page with `data-slot` or `data-errors` gets what the answer names. A field that the answer does not name has
no error. Everything here also works without a script, by sending the whole page.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, JsonResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from communes.models import User
from communes.permissions import is_committee
from ntm_tracker import clock
from ntm_tracker.http import UserRequest
from reports import permissions
from reports.entry import NotAllowed
from reports.models import ReportVersion
from reports.views.detail import get_report, version_at_hand

STATUS = {"saved": 200, "unchanged": 200, "wrong": 422, "conflict": 409, "closed": 403}


@dataclass
class Answer:
    """What became of a row: saved, unchanged, wrong, conflict or closed.

    `row_version` is the one to start the next write from. `errors` are pieces of HTML by the name of the field,
    `slots` by the name of the part of the page; `sentence` says what the state alone cannot.
    """

    state: str
    row_version: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    sentence: str = ""


SaveOne = Callable[[UserRequest, ReportVersion, str], Answer]


@require_POST
def row_save(request: UserRequest, pk: int) -> JsonResponse:
    """Save the row named by `row`; the answer says what became of it."""
    version = version_at_hand(get_report(request.user, pk))
    prefix = request.POST.get("row", "")
    if not permissions.writable_by(request.user, version):
        return _as_json(prefix, Answer("closed", sentence=why_closed(request.user, version)))
    try:
        answer = _saver_of(prefix)(request, version, prefix)
    except NotAllowed as refused:
        answer = Answer("closed", sentence=str(refused))
    return _as_json(prefix, answer)


def _saver_of(prefix: str) -> SaveOne:
    """Who saves rows of this kind."""
    # Both import `Answer` from here.
    if prefix[:1] in ("i", "c"):
        from reports.views import entry

        return entry.save_one
    if prefix[:1] in ("l", "r"):
        from reports.views import sections

        return sections.save_one
    raise Http404


def only_changed(after: dict[str, str], before: dict[str, str], prefix: str, data: QueryDict) -> dict[str, str]:
    """The slots that look otherwise than before the save: a saved row has to be small.

    A page whose last save was not taken shows other things than are stored, and says so by `all`: it gets every slot
    of the row.
    """
    own = f"{prefix}-" if "all" in data else " "
    return {name: html for name, html in after.items() if html != before.get(name) or name.startswith(own)}


def why_closed(user: User, version: ReportVersion) -> str:
    """Why the user cannot write in this version."""
    if is_committee(user, version.report.commune):
        text = _("The report is now in the state “%(state)s” and cannot be written. Only a draft can.")
        return text % {"state": version.get_state_display()}
    return _("Only the editors and signers of the provincial committee can write in this report.")


def _as_json(prefix: str, answer: Answer) -> JsonResponse:
    """The answer without what is empty, letters as they are: it has to be small."""
    told: dict[str, Any] = {
        "row": prefix,
        "state": answer.state,
        "at": f"{timezone.localtime(clock.now(), timezone.get_default_timezone()):%H:%M}",
        "row_version": answer.row_version,
        "sentence": answer.sentence,
        "errors": answer.errors,
        "slots": answer.slots,
    }
    kept = {name: content for name, content in told.items() if content or name == "row_version"}
    return JsonResponse(
        kept, status=STATUS[answer.state], json_dumps_params={"ensure_ascii": False, "separators": (",", ":")}
    )
