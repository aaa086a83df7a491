"""What does the committee say to what was lost: why, what it does about it, and by when?"""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from communes.models import User
from ntm_tracker import clock

from . import permissions
from .models import Regression, RegressionAnswer
from .workflow import NotAllowed, Refused


@dataclass(frozen=True)
class Explanation:
    """What the committee wants to say, and which state of its answer the page had shown (0: none yet)."""

    answer_version: int
    explanation: str
    recovery: str
    regained_by: date | None = None

    @property
    def content(self) -> tuple[str, str, date | None]:
        return self.explanation.strip(), self.recovery.strip(), self.regained_by


@dataclass(frozen=True)
class Answered:
    """What became of an explanation: written, or in conflict with what somebody else wrote meanwhile, or neither."""

    written: RegressionAnswer | None = None
    clash: RegressionAnswer | None = None


def explain(regression: Regression, said: Explanation, *, by: User) -> Answered:
    """Write down why it was lost and what is done about it, beside whatever was said before.

    An answer that started from an older one than the newest changes nothing and comes back with it. Raises
    `NotAllowed` when the user may not explain it, or when the regression no longer holds.
    """
    with transaction.atomic():
        locked = (
            Regression.objects.select_for_update(of=("self",)).select_related("report__commune").get(pk=regression.pk)
        )
        if reason := why_not(by, locked):
            raise NotAllowed(reason)
        if not all(said.content[:2]):
            raise Refused(_("Please say why it was lost and what is done to regain it."))
        newest = locked.answers.select_related("by").order_by("-answer_version").first()
        if newest and said.content == content_of(newest):
            return Answered()
        if said.answer_version != (newest.answer_version if newest else 0):
            return Answered(clash=newest)
        explanation, recovery, regained_by = said.content
        written = RegressionAnswer.objects.create(
            regression=locked,
            answer_version=said.answer_version + 1,
            explanation=explanation,
            recovery=recovery,
            regained_by=regained_by,
            by=by,
            at=clock.now(),
        )
    return Answered(written=written)


def content_of(answer: RegressionAnswer) -> tuple[str, str, date | None]:
    return answer.explanation, answer.recovery, answer.regained_by


def why_not(user: User, regression: Regression) -> str:
    """Why `user` cannot explain the regression now; an empty string when they can."""
    if not permissions.can_explain(user, regression.report):
        return _("Only the provincial committee can say why a criterion was lost.")
    if regression.until:
        return _("This regression no longer holds by the figures in force, so there is nothing left to explain.")
    return ""
