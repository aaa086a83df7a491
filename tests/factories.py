"""One valid object for each need, by way of the same functions that users use.

Everything stands on the real reference data. A test passes only what it is about.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from communes.models import AreaAssignment, Commune, Duty, Programme, Province, User
from criteria import rules
from criteria.catalogue import load_catalogue
from criteria.models import CriteriaSet, Indicator, Threshold
from ntm_tracker import clock
from reports import entry, evidence, workflow
from reports.models import EvidenceLink, Period, QuarterlyReport, ReportVersion, ReviewItem, Section, Source
from reports.sections import filled_sections
from reports.workflow import StepData

PASSWORD = "mat-khau-thu-2015"  # noqa: S105


def reference() -> None:
    """Load the reference data, unless they are there."""
    if not CriteriaSet.objects.exists():
        call_command("load_reference", verbosity=0)


def programme() -> Programme:
    reference()
    return Programme.objects.get(code="pilot-11")


def commune(name: str = "Thanh Chăn") -> Commune:
    """One of the 11 pilot communes, with province and region."""
    reference()
    return Commune.objects.select_related("province__region").get(name=name)


def period(code: str = "2014-4") -> Period:
    """A period by its code, such as 2014-4."""
    reference()
    year, quarter = code.split("-")
    return Period.objects.select_related("criteria_set").get(year=year, quarter=quarter)


def moment(day: str, at: str = "10:00") -> datetime:
    """An aware moment in Việt Nam: moment("2015-01-10", "10:30")."""
    return timezone.make_aware(datetime.combine(date.fromisoformat(day), time.fromisoformat(at)))


def make_user(duty: Duty | None = None, province: Province | None = None, *, username: str = "", **fields: Any) -> User:
    """A user who holds one duty since 2009, with the password `PASSWORD`; no duty gives a bare account."""
    username = username or f"user{User.objects.count() + 1}"
    fields = {"full_name": f"Nguyễn {username}", "email": f"{username}@example.org"} | fields
    user = User.objects.create_user(username, password=PASSWORD, **fields)
    if duty:
        AreaAssignment.objects.create(user=user, duty=duty, province=province, since=date(2009, 1, 1))
    return user


def editor_of(commune: Commune) -> User:
    return make_user(Duty.EDITOR, commune.province)


def signer_of(commune: Commune) -> User:
    return make_user(Duty.SIGNER, commune.province)


def reviewer_of(commune: Commune) -> User:
    return make_user(Duty.REVIEWER, commune.province)


def central_member_of(commune: Commune) -> User:
    return make_user(Duty.CENTRAL, commune.province)


def make_lead() -> User:
    return make_user(Duty.LEAD)


def make_viewer() -> User:
    return make_user(Duty.VIEWER)


def make_administrator() -> User:
    from django.contrib.auth.models import Group

    reference()
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name="administrator"))
    return user


def make_report(of: Commune | str = "Thanh Chăn", quarter: str = "2014-4") -> QuarterlyReport:
    """The report of a commune for a quarter; opens the period, so that a first draft is there."""
    place = commune(of) if isinstance(of, str) else of
    when = period(quarter)
    workflow.open_period(when)
    return reload(QuarterlyReport.objects.get(commune=place, period=when))


def reload(report: QuarterlyReport) -> QuarterlyReport:
    """The report as the database has it now, with everything a page needs."""
    return QuarterlyReport.objects.for_page().get(pk=report.pk)


def working(report: QuarterlyReport) -> ReportVersion:
    """The version in work, fresh, with its report."""
    report = reload(report)
    assert report.working is not None
    report.working.report = report
    return report.working


def official(report: QuarterlyReport) -> ReportVersion:
    """The version in force, fresh, with its report."""
    report = reload(report)
    assert report.in_force is not None
    report.in_force.report = report
    return report.in_force


def content_for(threshold: Threshold, verdict: str) -> dict[str, Any]:
    """The content of an indicator row that gets this verdict: met, not_met, no_data or not_considered."""
    if verdict in (rules.Verdict.NO_DATA, rules.Verdict.NOT_CONSIDERED):
        return {"absence": verdict, "absence_reason": "Chưa có kết quả điều tra"}
    if threshold.comparator == rules.Comparator.IS_MET:
        return {"value": Decimal(verdict == rules.Verdict.MET)}
    assert threshold.value is not None
    is_met = verdict == rules.Verdict.MET
    distance = safely_met(threshold.indicator) if is_met else Decimal("0.5")
    upward = threshold.comparator in (rules.Comparator.AT_LEAST, rules.Comparator.MORE_THAN)
    value = threshold.value + (distance if is_met == upward else -distance)
    if threshold.indicator.kind == Indicator.Kind.PERCENT:
        value = min(max(value, Decimal(0)), Decimal(100))
    return {"value": value}


def safely_met(indicator: Indicator) -> Decimal:
    """How far beyond its threshold a value is not fragile: by 0.5, or by half of what it usually moves in a quarter."""
    expectation = getattr(indicator, "expectation", None)
    usual = expectation.usual_change if expectation else None
    return Decimal("0.5") if usual is None or usual <= 2 else usual / 2


def fill_in(
    report: QuarterlyReport,
    by: User,
    verdicts: Mapping[int, str] | None = None,
    claims: Mapping[int, str] | None = None,
    values: Mapping[str, dict[str, Any]] | None = None,
) -> ReportVersion:
    """Fill in the whole draft: every criterion met, but for what the arguments say.

    `verdicts` by criterion number: values that compute to it, claimed accordingly. `claims` by criterion
    number: a claim of its own, with a reason. `values` by indicator code: the content of that row.
    """
    version = working(report)
    report = version.report
    verdicts, claims, values = verdicts or {}, claims or {}, values or {}
    sheet_values, sheet_claims = [], []
    known_values = {row.indicator_id: row.row_version for row in version.values.all()}
    known_claims = {row.criterion_id: row.row_version for row in version.verdicts.all()}
    for criterion in load_catalogue(report.period.criteria_set, report.commune.province.region).criteria:
        number = criterion.criterion.number
        verdict = verdicts.get(number, rules.Verdict.MET)
        for indicator in criterion.indicators:
            threshold = indicator.threshold(report.period.year, clock.today())
            assert threshold is not None
            content = values.get(indicator.indicator.code) or content_for(threshold, verdict)
            row_version = known_values.get(indicator.indicator.pk, 0)
            sheet_values.append(entry.Write(indicator.indicator, row_version, content))
        claimed = claims.get(number) or (rules.Verdict.NOT_MET if verdict == rules.Verdict.NO_DATA else verdict)
        reason = "Theo kết quả rà soát của xã" if number in claims or verdict == rules.Verdict.NO_DATA else ""
        content = {"claimed": claimed, "claim_reason": reason}
        row_version = known_claims.get(criterion.criterion.pk, 0)
        sheet_claims.append(entry.Write(criterion.criterion, row_version, content))
    silent = [section for section in Section if section not in filled_sections(version)]
    lines = entry.nothing_to_report(*silent) if silent else []
    saved = entry.save_rows(version, sheet_values, sheet_claims, lines=lines, by=by)
    assert not saved.conflicts
    return working(report)


def a_line(
    text: str, section: Section = Section.RESULTS, row_version: int = 0, key: str = "", **content: Any
) -> entry.Write:
    """A write of a line of a section, by default one of the main results."""
    return entry.Write(entry.LineOf(section, key or text), row_version, {"text": text} | content)


def write_line(
    report: QuarterlyReport, text: str, by: User, section: Section = Section.RESULTS, **content: Any
) -> None:
    """Add a line to a section of the draft."""
    entry.save_rows(working(report), lines=[a_line(text, section, **content)], by=by)


PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\n%%EOF\n"


def paper(content: bytes = PDF, name: str = "QĐ 3127.pdf") -> SimpleUploadedFile:
    """A file as a form sends it, by default the smallest PDF."""
    return SimpleUploadedFile(name, content)


def add_paper(
    report: QuarterlyReport, by: User, *codes: str, content: bytes = PDF, name: str = "QĐ 3127.pdf", **metadata: Any
) -> EvidenceLink:
    """Store a file that proves indicators of the draft, by default 11; returns the link to the first of them."""
    version = working(report)
    wanted = codes or ("11",)
    indicators = {
        one.code: one
        for one in Indicator.objects.filter(criterion__criteria_set=report.period.criteria_set, code__in=wanted)
    }
    fields = {"title": name, "kind": "survey", "document_number": "", "document_date": None, "valid_until": None}
    checked = evidence.check(paper(content, name))
    added = evidence.add(version, checked, fields | metadata, [indicators[code] for code in wanted], by=by)
    return version.evidence_links.get(evidence=added.evidence, indicator=indicators[wanted[0]], removed_at=None)


def write_resource(
    report: QuarterlyReport, by: User, source: Source = Source.PROVINCE, row_version: int = 0, **amounts: Any
) -> None:
    """Write what a source gave."""
    entry.save_rows(working(report), resources=[entry.Write(entry.ResourceOf(source), row_version, amounts)], by=by)


def signature(version: ReportVersion, **fields: Any) -> StepData:
    """A valid signature under the version as it stands now."""
    defaults: dict[str, Any] = {
        "signer_name": "Vũ Đình Thắng",
        "signer_title": "Phó Trưởng ban",
        "letter_number": "05/BC-BCĐ",
        "letter_date": clock.today(),
        "revision": ReportVersion.objects.get(pk=version.pk).revision,
    }
    return StepData(**(defaults | fields))


def submit(report: QuarterlyReport, by: User) -> ReportVersion:
    version = working(report)
    return workflow.take_step(version, "submit", by=by, data=signature(version))


def take_up(report: QuarterlyReport, by: User) -> ReportVersion:
    return workflow.take_step(working(report), "take_up", by=by)


def give_back(report: QuarterlyReport, by: User, text: str = "Ghi rõ nguồn số liệu.") -> ReviewItem:
    """Return the report with one must-fix item; the new draft is then in work."""
    item = entry.raise_item(working(report), text=text, kind=ReviewItem.Kind.MUST_FIX, by=by)
    data = StepData(reason="Cần bổ sung.", respond_by=clock.today() + timedelta(days=7))
    workflow.take_step(working(report), "return", by=by, data=data)
    return item


def answer(report: QuarterlyReport, by: User, text: str = "Đã bổ sung.") -> None:
    """Answer every open item and say that it is done."""
    for item in report.review_items.filter(resolved_at__isnull=True):
        entry.reply_to_item(working(report), item, text, by=by)


def accept(report: QuarterlyReport, by: User) -> ReportVersion:
    return workflow.take_step(working(report), "accept", by=by)


def make_submitted(of: Commune | str = "Thanh Chăn", quarter: str = "2014-4", **filling: Any) -> QuarterlyReport:
    """A report filled in and submitted by a new signer of its committee."""
    report = make_report(of, quarter)
    signer = signer_of(report.commune)
    fill_in(report, signer, **filling)
    submit(report, signer)
    return reload(report)


def make_in_review(of: Commune | str = "Thanh Chăn", quarter: str = "2014-4", **filling: Any) -> QuarterlyReport:
    """A submitted report that a new reviewer (`report.working.holder`) has taken up."""
    report = make_submitted(of, quarter, **filling)
    take_up(report, reviewer_of(report.commune))
    return reload(report)


def make_accepted(of: Commune | str = "Thanh Chăn", quarter: str = "2014-4", **filling: Any) -> QuarterlyReport:
    """A report accepted as computed, by a new reviewer."""
    report = make_in_review(of, quarter, **filling)
    assert report.working is not None
    assert report.working.holder is not None
    accept(report, report.working.holder)
    return reload(report)
