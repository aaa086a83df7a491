"""Every situation a report can be in, the people around it, and who may then do what: one literal table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from communes.models import Commune, Duty, User
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import QuarterlyReport, ReportVersion, ReviewItem
from reports.workflow import StepData
from tests import factories

TODAY = date(2015, 1, 3)
SIGNERS = {"signer", "second signer"}
REVIEWERS = {"reviewer", "second reviewer"}

# Who may take which step. Whatever is not named here is refused. "reviewer" holds what is held, "signer" opened
# the correction unless the situation says otherwise.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "draft": {"submit": SIGNERS},
    "draft after the freeze": {"submit": SIGNERS},
    "submitted": {"withdraw": SIGNERS, "take_up": REVIEWERS, "return": REVIEWERS},
    "in review": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
    "in review after the freeze": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
    "returned": {},
    "draft after a return": {"submit": SIGNERS},
    "accepted": {"undo_accept": {"lead"}, "open_correction": SIGNERS | REVIEWERS | {"lead"}},
    "accepted, on the freeze day": {"undo_accept": {"lead"}, "open_correction": SIGNERS | REVIEWERS | {"lead"}},
    "accepted after the freeze": {"undo_accept": {"lead"}, "open_correction": {"lead"}},
    "accepted while a correction is in work": {},
    "correction": {"submit": SIGNERS, "cancel_correction": {"signer", "lead"}},
    "correction after the freeze": {"submit": SIGNERS, "cancel_correction": {"signer", "lead"}},
    "correction opened by the reviewer": {"submit": SIGNERS, "cancel_correction": {"reviewer", "lead"}},
    "correction opened by the lead": {"submit": SIGNERS, "cancel_correction": {"lead"}},
    "correction submitted": {
        "withdraw": SIGNERS,
        "take_up": REVIEWERS,
        "return": REVIEWERS,
        "cancel_correction": {"signer", "lead"},
    },
    "correction in review": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
    "draft of a returned correction": {"submit": SIGNERS, "cancel_correction": {"signer", "lead"}},
    "superseded": {},
    "discarded": {},
    "in review after an undo": {"return": {"reviewer"}, "accept": {"reviewer"}, "reassign": {"reviewer", "lead"}},
}

# Who may write what, in the same situations.
COMMITTEE = {"signer", "second signer", "editor"}
DRAFTS = {
    "draft",
    "draft after the freeze",
    "draft after a return",
    "correction",
    "correction after the freeze",
    "correction opened by the reviewer",
    "correction opened by the lead",
    "draft of a returned correction",
}
SENT = {"submitted", "correction submitted"}
HELD = {"in review", "in review after the freeze", "correction in review", "in review after an undo"}

# Which state each step ends in, for the version it is taken on.
BECOMES = {
    "submit": "submitted",
    "withdraw": "draft",
    "take_up": "in_review",
    "return": "returned",
    "reassign": "in_review",
    "accept": "accepted",
    "undo_accept": "in_review",
    "open_correction": "accepted",
    "cancel_correction": "discarded",
}


@dataclass
class Place:
    """The report of one commune, and a person for every role."""

    report: QuarterlyReport
    people: dict[str, User]
    day: date = TODAY
    version: ReportVersion | None = None

    def fresh(self) -> ReportVersion:
        """The version the situation is about, read again with its report."""
        report = factories.reload(self.report)
        version = report.versions.get(pk=self.version.pk) if self.version else report.working
        assert version is not None
        version.report = report
        return version

    def person(self, role: str) -> User:
        """The person with no assignments remembered from earlier."""
        return User.objects.get(pk=self.people[role].pk)


def limited(duty: Duty, home: Commune, to: Commune) -> User:
    user = factories.make_user(duty, home.province)
    user.assignments.get().communes.set([to])
    return user


def people_around(commune: Commune) -> dict[str, User]:
    """One user for every role, and those who come close to one."""
    elsewhere = factories.commune("Hải Đường")
    neighbour = Commune.objects.create(code="99999", name="Thanh Hưng", district="Điện Biên", province=commune.province)
    past = factories.signer_of(commune)
    past.assignments.update(until=TODAY - timedelta(days=1))
    future = factories.reviewer_of(commune)
    future.assignments.update(since=date(2030, 1, 1))
    return {
        "nobody": factories.make_user(),
        "editor": factories.editor_of(commune),
        "signer": factories.signer_of(commune),
        "second signer": factories.signer_of(commune),
        "signer elsewhere": factories.signer_of(elsewhere),
        "signer of the neighbour only": limited(Duty.SIGNER, commune, neighbour),
        "signer until yesterday": past,
        "reviewer": factories.reviewer_of(commune),
        "second reviewer": factories.reviewer_of(commune),
        "reviewer elsewhere": factories.reviewer_of(elsewhere),
        "reviewer from some day on": future,
        "lead": factories.make_lead(),
        "lead elsewhere": factories.make_user(Duty.LEAD, elsewhere.province),
        "central member": factories.central_member_of(commune),
        "viewer": factories.make_viewer(),
        "administrator": factories.make_administrator(),
    }


# The situations


def draft(place: Place) -> None:
    factories.fill_in(place.report, place.people["signer"])


def submitted(place: Place) -> None:
    """Submitted, with a question on it, so that it could be returned and accepted alike."""
    factories.fill_in(place.report, place.people["signer"])
    factories.submit(place.report, place.people["signer"])
    ask(place)


def ask(place: Place) -> None:
    version = factories.working(place.report)
    entry.raise_item(version, text="Vì sao?", kind=ReviewItem.Kind.QUESTION, by=place.people["reviewer"])


def in_review(place: Place) -> None:
    submitted(place)
    factories.take_up(place.report, place.people["reviewer"])


def returned(place: Place) -> None:
    in_review(place)
    place.version = factories.working(place.report)
    factories.give_back(place.report, place.people["reviewer"])


def draft_after_return(place: Place) -> None:
    returned(place)
    place.version = None
    answer_items(place)


def answer_items(place: Place) -> None:
    for item in place.report.review_items.filter(reply="", resolved_at=None):
        entry.reply_to_item(factories.working(place.report), item, "Đã bổ sung.", by=place.people["signer"])


def accepted(place: Place) -> None:
    in_review(place)
    for item in place.report.review_items.all():
        entry.resolve_item(factories.working(place.report), item, by=place.people["reviewer"])
    place.version = factories.accept(place.report, place.people["reviewer"])


def accepted_with_correction(place: Place) -> None:
    correction(place)
    place.version = factories.official(place.report)


def correction(place: Place, by: str = "signer") -> None:
    accepted(place)
    version = factories.official(place.report)
    workflow.take_step(version, "open_correction", by=place.people[by], data=StepData(reason="Nhầm số liệu."))
    place.version = None


def correction_submitted(place: Place) -> None:
    correction(place)
    factories.submit(place.report, place.people["signer"])
    ask(place)


def correction_in_review(place: Place) -> None:
    correction_submitted(place)
    factories.take_up(place.report, place.people["reviewer"])


def draft_of_returned_correction(place: Place) -> None:
    correction_in_review(place)
    factories.give_back(place.report, place.people["reviewer"])
    answer_items(place)


def superseded(place: Place) -> None:
    correction_in_review(place)
    place.version = factories.official(place.report)
    factories.accept(place.report, place.people["reviewer"])


def discarded(place: Place) -> None:
    correction(place)
    place.version = factories.working(place.report)
    data = StepData(reason="Số liệu đã đúng.")
    workflow.take_step(factories.working(place.report), "cancel_correction", by=place.people["signer"], data=data)


def undone(place: Place) -> None:
    accepted(place)
    data = StepData(reason="Chấp nhận nhầm.")
    workflow.take_step(factories.official(place.report), "undo_accept", by=place.people["lead"], data=data)
    place.version = None
    ask(place)


SITUATIONS: dict[str, tuple[Callable[[Place], None], str, date]] = {
    "draft": (draft, "draft", TODAY),
    "draft after the freeze": (draft, "draft", date(2015, 4, 1)),
    "submitted": (submitted, "submitted", TODAY),
    "in review": (in_review, "in_review", TODAY),
    "in review after the freeze": (in_review, "in_review", date(2015, 4, 1)),
    "returned": (returned, "returned", TODAY),
    "draft after a return": (draft_after_return, "draft", TODAY),
    "accepted": (accepted, "accepted", TODAY),
    "accepted, on the freeze day": (accepted, "accepted", date(2015, 3, 31)),
    "accepted after the freeze": (accepted, "accepted", date(2015, 4, 1)),
    "accepted while a correction is in work": (accepted_with_correction, "accepted", TODAY),
    "correction": (correction, "draft", TODAY),
    "correction after the freeze": (correction, "draft", date(2015, 4, 1)),
    "correction opened by the reviewer": (lambda place: correction(place, "reviewer"), "draft", TODAY),
    "correction opened by the lead": (lambda place: correction(place, "lead"), "draft", TODAY),
    "correction submitted": (correction_submitted, "submitted", TODAY),
    "correction in review": (correction_in_review, "in_review", TODAY),
    "draft of a returned correction": (draft_of_returned_correction, "draft", TODAY),
    "superseded": (superseded, "superseded", TODAY),
    "discarded": (discarded, "discarded", TODAY),
    "in review after an undo": (undone, "in_review", TODAY),
}


def make_place(situation: str) -> Place:
    """The report brought into the situation by the people who may."""
    report = factories.make_report()
    place = Place(report, people_around(report.commune), SITUATIONS[situation][2])
    SITUATIONS[situation][0](place)
    return place


def fitting(version: ReportVersion, place: Place) -> StepData:
    """Data with which every step could be taken."""
    week = clock.today() + timedelta(days=7)
    successor = place.person("second reviewer")
    return factories.signature(version, reason="Vì một lý do.", respond_by=week, to=successor)
