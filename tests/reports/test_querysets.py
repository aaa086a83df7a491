"""Which reports and versions does each person see? What must be absent counts most."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import translation

from communes.models import AreaAssignment, Commune, Duty, Province, User
from ntm_tracker import clock
from reports import workflow
from reports.models import QuarterlyReport, ReportVersion
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = pytest.mark.django_db

TODAY = date(2015, 1, 3)
YESTERDAY = TODAY - timedelta(days=1)
HERE, ELSEWHERE, NEIGHBOUR = "Thanh Chăn", "Hải Đường", "Thanh Hưng"
OTHERS = {
    "Tân Thịnh",
    "Hải Đường",
    "Thụy Hương",
    "Gia Phố",
    "Tam Phước",
    "Tân Hội",
    "Tân Lập",
    "Tân Thông Hội",
    "Mỹ Long Nam",
    "Định Hòa",
}
EVERYWHERE = OTHERS | {HERE, NEIGHBOUR}


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-03")), translation.override("en"):
        yield


@pytest.fixture
def here() -> Commune:
    """A pilot commune whose neighbour in the same province owes a report too."""
    commune = factories.commune(HERE)
    factories.make_report(HERE)
    Commune.objects.create(code="99999", name=NEIGHBOUR, district="Điện Biên", province=commune.province)
    neighbour = Commune.objects.get(name=NEIGHBOUR)
    report = QuarterlyReport.objects.create(commune=neighbour, period=factories.period())
    ReportVersion.objects.create(report=report, number=1, opened_at=clock.now())
    return commune


def seen_by(user: User) -> set[str]:
    """The communes whose reports the user sees, and the same for their drafts."""
    user = User.objects.get(pk=user.pk)
    reports = list(QuarterlyReport.objects.visible_to(user).values_list("commune__name", flat=True))
    drafts = list(ReportVersion.objects.visible_to(user).values_list("report__commune__name", flat=True))
    assert len(reports) == len(set(reports))
    assert sorted(reports) == sorted(drafts)
    return set(reports)


@pytest.mark.parametrize(
    ("duty", "province", "seen"),
    [
        (None, None, set()),
        (Duty.EDITOR, HERE, {HERE, NEIGHBOUR}),
        (Duty.SIGNER, HERE, {HERE, NEIGHBOUR}),
        (Duty.REVIEWER, HERE, {HERE, NEIGHBOUR}),
        (Duty.CENTRAL, HERE, {HERE, NEIGHBOUR}),
        (Duty.LEAD, HERE, {HERE, NEIGHBOUR}),
        (Duty.EDITOR, ELSEWHERE, {ELSEWHERE}),
        (Duty.SIGNER, ELSEWHERE, {ELSEWHERE}),
        (Duty.REVIEWER, ELSEWHERE, {ELSEWHERE}),
        (Duty.CENTRAL, ELSEWHERE, {ELSEWHERE}),
        (Duty.REVIEWER, None, EVERYWHERE),
        (Duty.CENTRAL, None, EVERYWHERE),
        (Duty.LEAD, None, EVERYWHERE),
        (Duty.VIEWER, None, set()),
        (Duty.VIEWER, HERE, set()),
    ],
)
def test_each_duty_sees_the_reports_of_its_area(
    here: Commune, duty: Duty | None, province: str | None, seen: set[str]
) -> None:
    user = factories.make_user(duty, Commune.objects.get(name=province).province if province else None)

    assert seen_by(user) == seen


def test_an_administrator_sees_no_reports(here: Commune) -> None:
    assert seen_by(factories.make_administrator()) == set()
    assert seen_by(factories.make_user(is_staff=True, is_superuser=True)) == set()


@pytest.mark.parametrize("duty", [Duty.EDITOR, Duty.SIGNER, Duty.REVIEWER, Duty.CENTRAL])
def test_an_assignment_limited_to_communes_shows_only_those(here: Commune, duty: Duty) -> None:
    user = factories.make_user(duty, here.province)
    user.assignments.get().communes.set([here])

    assert seen_by(user) == {HERE}


def test_a_limit_without_a_province_still_limits(here: Commune) -> None:
    user = factories.make_user(Duty.REVIEWER)
    user.assignments.get().communes.set([here, factories.commune(ELSEWHERE)])

    assert seen_by(user) == {HERE, ELSEWHERE}


def test_a_limit_never_reaches_beyond_the_province(here: Commune) -> None:
    user = factories.make_user(Duty.EDITOR, here.province)
    user.assignments.get().communes.set([here, factories.commune(ELSEWHERE)])

    assert seen_by(user) == {HERE}


def test_several_assignments_add_up(here: Commune) -> None:
    user = factories.make_user(Duty.VIEWER)
    for duty, name in [(Duty.REVIEWER, HERE), (Duty.CENTRAL, ELSEWHERE), (Duty.EDITOR, HERE)]:
        assign(user, duty, factories.commune(name).province)

    assert seen_by(user) == {HERE, NEIGHBOUR, ELSEWHERE}


def test_one_limited_and_one_whole_assignment_show_the_whole_province(here: Commune) -> None:
    user = factories.make_user(Duty.EDITOR, here.province)
    user.assignments.get().communes.set([here])
    assign(user, Duty.CENTRAL, here.province)

    assert seen_by(user) == {HERE, NEIGHBOUR}


def assign(user: User, duty: Duty, province: Province, **days: date) -> AreaAssignment:
    return AreaAssignment.objects.create(
        **({"user": user, "duty": duty, "province": province, "since": date(2014, 1, 1)} | days)
    )


@pytest.mark.parametrize(
    ("days", "holds"),
    [
        ({"until": TODAY}, True),
        ({"until": YESTERDAY}, False),
        ({"since": TODAY}, True),
        ({"since": TODAY, "until": TODAY}, True),
        ({"since": TODAY + timedelta(days=1)}, False),
    ],
)
def test_an_assignment_holds_from_its_first_day_to_the_end_of_its_last(
    here: Commune, days: dict[str, date], holds: bool
) -> None:
    user = factories.make_user()
    assign(user, Duty.EDITOR, here.province, **days)

    for time_of_day in ["00:00", "23:59:59"]:
        with clock.at(moment(TODAY.isoformat(), time_of_day)):
            assert seen_by(user) == ({HERE, NEIGHBOUR} if holds else set())


def test_official_versions_are_for_everybody_and_all_others_for_the_insiders() -> None:
    report = factories.make_accepted(HERE)
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    correct(report, signer)
    factories.submit(report, signer)
    factories.give_back(report, reviewer)  # 2 returned, 3 draft
    draft = factories.working(report)
    workflow.take_step(draft, "cancel_correction", by=factories.make_lead(), data=StepData(reason="Thôi."))
    correct(report, signer)  # 4
    for item in report.review_items.filter(reply=""):
        item.reply, item.replied_by, item.replied_at = "Rồi.", signer, clock.now()
        item.save()
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    for item in report.review_items.all():
        item.resolved_by, item.resolved_at = reviewer, clock.now()
        item.save()
    factories.accept(report, reviewer)
    correct(report, signer)  # 5
    states = {1: "superseded", 2: "returned", 3: "discarded", 4: "accepted", 5: "draft"}
    assert dict(report.versions.values_list("number", "state")) == states

    for outsider in [
        factories.make_user(),
        factories.make_viewer(),
        factories.make_administrator(),
        factories.signer_of(factories.commune(ELSEWHERE)),
    ]:
        assert numbers_seen(report, outsider) == {1, 4}
    for insider in [signer, reviewer, factories.make_lead(), factories.central_member_of(report.commune)]:
        assert numbers_seen(report, insider) == {1, 2, 3, 4, 5}


def correct(report: QuarterlyReport, by: User) -> None:
    workflow.take_step(factories.official(report), "open_correction", by=by, data=StepData(reason="Nhầm."))


def numbers_seen(report: QuarterlyReport, user: User) -> set[int]:
    versions = ReportVersion.objects.visible_to(User.objects.get(pk=user.pk)).filter(report=report)
    return set(versions.values_list("number", flat=True))


@pytest.mark.parametrize("state", ["submitted", "in_review"])
def test_what_is_under_way_is_not_for_everybody(state: str) -> None:
    report = factories.make_submitted(HERE) if state == "submitted" else factories.make_in_review(HERE)

    assert numbers_seen(report, factories.make_viewer()) == set()
    assert numbers_seen(report, factories.central_member_of(report.commune)) == {1}


# The quarter before


def last_before(quarter: str, commune: int) -> ReportVersion | None:
    found = ReportVersion.objects.in_force_before(factories.period(quarter), commune)
    return ReportVersion.objects.filter(pk__in=found).select_related("report__period").first()


def test_the_last_official_quarter_is_the_newest_earlier_one_of_the_commune() -> None:
    for quarter in ["2013-4", "2014-2", "2014-3"]:
        factories.make_accepted(HERE, quarter)
    factories.make_accepted(ELSEWHERE, "2014-1")
    factories.make_in_review(HERE, "2014-4")
    commune = factories.commune(HERE)

    def before(quarter: str) -> str | None:
        version = last_before(quarter, commune.pk)
        return version.report.period.code if version else None

    assert before("2013-4") is None
    assert before("2014-1") == "2013-4"
    assert before("2014-2") == "2013-4"
    assert before("2014-4") == "2014-3"


def test_a_corrected_quarter_counts_as_corrected() -> None:
    report = factories.make_accepted(HERE, "2014-3")
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    correct(report, factories.make_lead())  # the quarter is frozen
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)

    version = last_before("2014-4", report.commune_id)

    assert version is not None
    assert version.number == 2


def test_a_version_that_was_official_stays_open_to_everybody_after_an_undo(here: Commune) -> None:
    report = factories.make_accepted(HERE, "2014-3")
    version = factories.official(report)

    workflow.take_step(version, "undo_accept", by=factories.make_lead(), data=StepData(reason="Nhầm"))

    assert numbers_seen(report, factories.make_viewer()) == {1}
