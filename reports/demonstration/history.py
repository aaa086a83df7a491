"""The 13 quarters as they went: who wrote, signed, returned and accepted what, and with which values."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from communes.models import AreaAssignment, Commune, Duty, User
from criteria.catalogue import Catalogue, CriterionEntry, IndicatorEntry, load_catalogue
from criteria.models import Criterion, Indicator, Threshold
from criteria.rules import Absence, Comparator, Verdict, reaches
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import Period, QuarterlyReport, ReportVersion, ReviewItem, Section, Source
from reports.workflow import StepData

from .evidence import Papers
from .files import FOLDER, SEED, rows
from .people import make_people
from .sections import Sections

LETTERS = {
    "m": Verdict.MET,
    "b": Verdict.BASIC,
    "u": Verdict.NOT_MET,
    "n": Verdict.NO_DATA,
    "x": Verdict.NOT_CONSIDERED,
}
DRIVERS = {"2.2", "2.4", "3.2", "4.2", "5", "6.2", "7", "9.2", "10", "11", "12", "14.2", "14.3", "15.1", "17.1"} | {
    "16",
    "18.3",
    "13",
    "19",
    "1.1",
    "8.1",
}
"""The indicators that fail when their criterion does; the others of the criterion are met."""

WITH_PARTS = {"6.2": 12, "11": 1400, "12": 3400, "15.1": 5200, "17.1": 1400}
"""Indicators reported with numerator and denominator, and about how large the denominator is."""

BEGUN_WHOLE, BEGUN_HALF = {1, 2, 3, 4, 5, 8, 13}, {6, 10}
"""The criteria that are complete in a report that was only begun, and those whose claims are missing."""


@dataclass
class Course:
    """How the report of one commune for one quarter went, where it was not the usual way."""

    kinds: set[str] = field(default_factory=set)
    days: int = 0
    note: str = ""


class History:
    """Tells the 13 quarters in the order of time, each commune in its turn."""

    def __init__(self) -> None:
        make_people()
        self.periods = list(Period.objects.select_related("criteria_set").order_by("year", "quarter"))
        self.communes = list(Commune.objects.select_related("province__region").filter(memberships__isnull=False))
        self.verdicts = {(row["commune"], int(row["criterion"])): row["verdicts"] for row in rows("verdicts.csv")}
        self.course: dict[tuple[str, str], Course] = defaultdict(Course)
        for row in rows("course.csv"):
            course = self.course[row["commune"], row["quarter"]]
            course.kinds.add(row["course"])
            course.days = int(row["days"])
            course.note = row["note"]
        self.fragile = list(rows("fragile.csv"))
        self.sustained = {
            (row["commune"], row["quarter"], int(row["criterion"])): row["reason"] for row in rows("sustained.csv")
        }
        self.claims = {
            (row["commune"], row["quarter"], int(row["criterion"])): {
                "claimed": row["claimed"],
                "claim_reason": row["reason"],
            }
            for row in rows("claims.csv")
        }
        self.items = list(rows("items.csv"))
        self.explanations = {
            (row["commune"], row["quarter"], row["indicator"]): row["explanation"] for row in rows("explanations.csv")
        }
        self.told = {
            (row["commune"], row["quarter"], row["indicator"]): (Decimal(row["numerator"]), Decimal(row["denominator"]))
            for row in rows("values.csv")
        }
        self.sections = Sections(FOLDER, SEED)
        self.papers = Papers(FOLDER, SEED)
        self.accepted: dict[str, tuple[ReportVersion, dict[str, dict[str, Any]]]] = {}
        self.catalogues: dict[tuple[int, int], Catalogue] = {}
        self.paths: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
        self.people: dict[tuple[str, int], User] = {}
        for assignment in AreaAssignment.objects.select_related("user").filter(province__isnull=False):
            self.people.setdefault((assignment.duty, assignment.province_id), assignment.user)  # type: ignore[arg-type]
        self.lead = User.objects.get(assignments__duty=Duty.LEAD)

    def tell(self) -> None:
        """Quarter by quarter: open the period, then let every commune report."""
        for position, period in enumerate(self.periods):
            with clock.at(moment(period.opens_on, 7)):
                workflow.open_period(period)
            reports = QuarterlyReport.objects.for_page().filter(period=period).order_by("commune__province__code")
            for turn, report in enumerate(reports):
                self.tell_report(report, position, turn)

    def tell_report(self, report: QuarterlyReport, position: int, turn: int) -> None:
        """One report from its draft to where its course leaves it."""
        course = self.course[report.commune.code, report.period.code]
        if "never" in course.kinds:
            return
        chance = random.Random(f"{SEED} {report.commune.code} {report.period.code}")  # noqa: S311
        signer, editor, reviewer = (
            self.people[duty, report.commune.province_id] for duty in (Duty.SIGNER, Duty.EDITOR, Duty.REVIEWER)
        )
        day = report.period.due_on - timedelta(days=chance.choice([0, 1, 1, 2, 2, 3, 4]))
        if "extended" in course.kinds:
            with clock.at(moment(day, 9)):
                new_due = report.period.due_on + timedelta(days=course.days)
                workflow.extend_deadline(report, new_due=new_due, reason=course.note, by=self.lead)
            day = new_due - timedelta(days=1)
        if "late" in course.kinds:
            day = report.period.due_on + timedelta(days=course.days)
        with clock.at(moment(day - timedelta(days=1), 14, turn)):
            if "not_sent" in course.kinds:
                self.begin(report, position, editor)
                self.papers.bring(working(report), editor)
                return
            contents = self.write(report, position, editor)
            self.papers.bring(working(report), editor)
        with clock.at(moment(day, 15, turn)):
            self.submit(report, signer, turn)
        if "submitted" in course.kinds:
            return
        day += timedelta(days=chance.choice([1, 1, 2]))
        with clock.at(moment(day, 8, turn)):
            workflow.take_step(working(report), "take_up", by=reviewer)
        if course.kinds & {"returned", "returned_open"}:
            day += timedelta(days=1)
            self.give_back(report, reviewer, day, turn, course)
            if "returned_open" in course.kinds:
                with clock.at(moment(day + timedelta(days=1), 9, turn)):
                    self.answer(report, editor)
                    self.papers.renew(working(report), "11", "Kết quả rà soát hộ nghèo năm 2014, có số hộ", editor)
                return
            day += timedelta(days=3)
            self.send_again(report, editor, signer, reviewer, day, turn)
        self.verify(report, reviewer, position, moment(day, 16, turn))
        if "in_review" in course.kinds:
            return
        day += timedelta(days=chance.choice([0, 1, 1, 2]))
        if report.period == self.periods[-1]:
            day = min(day, report.period.due_on + timedelta(days=4))
        with clock.at(moment(day, 17, turn)):
            self.resolve_items(report, reviewer)
            self.accepted[report.commune.code] = (
                workflow.take_step(working(report), "accept", by=reviewer),
                contents,
            )
        self.correct(report, course, day, signer, editor, reviewer, turn, position)

    def correct(
        self,
        report: QuarterlyReport,
        course: Course,
        day: date,
        signer: User,
        editor: User,
        reviewer: User,
        turn: int,
        position: int,
    ) -> None:
        """Open a correction where the course asks for one, and see it through unless it is still open."""
        if not course.kinds & {"corrected", "correction_open"}:
            return
        opened = day + timedelta(days=course.days or 1)
        with clock.at(moment(opened, 9, turn)):
            official = QuarterlyReport.objects.for_page().get(pk=report.pk).in_force
            assert official is not None
            workflow.take_step(official, "open_correction", by=signer, data=StepData(reason=course.note))
        if "correction_open" in course.kinds:
            with clock.at(moment(opened, 14, turn)):
                self.papers.renew(working(report), "10", "Kết quả điều tra thu nhập 2014, công bố lại", editor)
            return
        with clock.at(moment(opened + timedelta(days=1), 10, turn)):
            version = working(report)
            row = version.values.select_related("indicator").get(indicator__code="3.2")
            assert row.value is not None
            content = {"value": row.value + Decimal("0.4"), "note": course.note}
            entry.save_rows(version, [entry.Write(row.indicator, row.row_version, content)], [], by=editor)
        with clock.at(moment(opened + timedelta(days=1), 15, turn)):
            self.submit(report, signer, turn + 40)
        with clock.at(moment(opened + timedelta(days=3), 9, turn)):
            workflow.take_step(working(report), "take_up", by=reviewer)
        self.verify(report, reviewer, position, moment(opened + timedelta(days=3), 10, turn))
        with clock.at(moment(opened + timedelta(days=4), 9, turn)):
            workflow.take_step(working(report), "accept", by=reviewer)

    def submit(self, report: QuarterlyReport, signer: User, turn: int) -> None:
        version = working(report)
        data = StepData(
            signer_name=signer.full_name,
            signer_title=signer.position,
            letter_number=f"{turn + 3:02}/BC-BCĐ",
            letter_date=clock.today(),
            revision=version.revision,
        )
        workflow.take_step(version, "submit", by=signer, data=data)

    def give_back(self, report: QuarterlyReport, reviewer: User, day: date, turn: int, course: Course) -> None:
        """Return with one item on the criterion that the note is about."""
        with clock.at(moment(day, 10, turn)):
            version = working(report)
            criterion = version.verdicts.select_related("criterion").get(criterion__number=11).criterion
            entry.raise_item(version, text=course.note, kind=ReviewItem.Kind.MUST_FIX, criterion=criterion, by=reviewer)
            for row in self.items_of(report):
                other = version.verdicts.select_related("criterion").get(criterion__number=row["criterion"]).criterion
                entry.raise_item(version, text=row["text"], kind=row["kind"], criterion=other, by=reviewer)
            data = StepData(reason="Cần làm rõ trước khi thẩm tra tiếp.", respond_by=day + timedelta(days=8))
            workflow.take_step(working(report), "return", by=reviewer, data=data)

    def items_of(self, report: QuarterlyReport) -> list[dict[str, str]]:
        """The further items that the file tells of a report."""
        place = report.commune.code, report.period.code
        return [row for row in self.items if (row["commune"], row["quarter"]) == place]

    def answer(self, report: QuarterlyReport, editor: User) -> None:
        """The committee answers the items to which the file has an answer."""
        for row in self.items_of(report):
            item = report.review_items.get(criterion__number=row["criterion"])
            entry.reply_to_item(working(report), item, row["reply"], by=editor)

    def send_again(
        self, report: QuarterlyReport, editor: User, signer: User, reviewer: User, day: date, turn: int
    ) -> None:
        """The committee answers the items and submits again; the reviewer takes it up."""
        with clock.at(moment(day - timedelta(days=1), 10, turn)):
            for item in report.review_items.filter(resolved_at__isnull=True):
                entry.reply_to_item(working(report), item, "Đã bổ sung và kèm tài liệu.", by=editor)
        with clock.at(moment(day - timedelta(days=1), 16, turn)):
            self.submit(report, signer, turn + 20)
        with clock.at(moment(day, 9, turn)):
            workflow.take_step(working(report), "take_up", by=reviewer)

    def resolve_items(self, report: QuarterlyReport, reviewer: User) -> None:
        for item in report.review_items.filter(resolved_at__isnull=True):
            entry.resolve_item(working(report), item, by=reviewer)

    def verify(self, report: QuarterlyReport, reviewer: User, position: int, at: datetime) -> None:
        """Verdicts of the file where they are not the computed ones, and what is not yet sustainable."""
        code, quarter = report.commune.code, report.period.code
        fragile = {
            int(row["criterion"]): row["reason"]
            for row in self.fragile
            if row["commune"] == code and row["since"] <= quarter and (not row["until"] or quarter <= row["until"])
        }
        with clock.at(at):
            version = working(report)
            writes = []
            for row in version.verdicts.select_related("criterion"):
                wanted = self.verdict(code, row.criterion.number, position)
                content: dict[str, Any] = {"verified": row.computed, "verified_reason": ""}
                if row.fragile_rule:
                    sustained = self.sustained.get((code, quarter, row.criterion.number))
                    content |= {"fragile": not sustained, "fragile_reason": sustained or row.fragile_rule}
                if wanted == Verdict.BASIC:
                    content |= {"verified": wanted, "verified_reason": "Còn thiếu rất ít, công trình đang nghiệm thu."}
                if row.criterion.number in fragile and content["verified"] in (Verdict.MET, Verdict.BASIC):
                    content |= {"fragile": True, "fragile_reason": fragile[row.criterion.number]}
                writes.append(entry.Write(row.criterion, row.row_version, content))
            entry.save_review(version, writes, by=reviewer)

    def write(self, report: QuarterlyReport, position: int, editor: User) -> dict[str, dict[str, Any]]:
        """Fill in the whole draft; returns what was written of each indicator."""
        values, claims = self.criteria(report, position)
        lines = self.sections.lines(report, self.by_number(report), partial(self.letter, report.commune.code), position)
        resources = self.sections.resources(report)
        entry.save_rows(working(report), values, claims, lines=lines, resources=resources, by=editor)
        return {write.target.code: write.content for write in values if isinstance(write.target, Indicator)}

    def begin(self, report: QuarterlyReport, position: int, editor: User) -> None:
        """Fill in a part of the draft: some criteria, some only begun, and a few sections."""
        begun = BEGUN_WHOLE | BEGUN_HALF
        values = [write for number in begun for write in self.values(report, position, number)]
        claims = [self.claim_of(report, position, number) for number in BEGUN_WHOLE]
        letter = partial(self.letter, report.commune.code)
        lines = [
            write
            for section in (Section.STEERING, Section.DIFFICULTIES)
            for write in self.sections.section(section, report, self.by_number(report), letter, position)
        ]
        resources = self.sections.resources(report, (Source.PROVINCE, Source.DISTRICT, Source.PEOPLE_CASH))
        entry.save_rows(working(report), values, claims, lines=lines, resources=resources, by=editor)

    def criteria(self, report: QuarterlyReport, position: int) -> tuple[list[entry.Write], list[entry.Write]]:
        """The values and the claims of a report."""
        numbers = self.by_number(report)
        values = [write for number in numbers for write in self.values(report, position, number)]
        return values, [self.claim_of(report, position, number) for number in numbers]

    def values(self, report: QuarterlyReport, position: int, number: int) -> list[entry.Write]:
        """The values of a criterion."""
        criterion = next(each for each in self.catalogue(report).criteria if each.criterion.number == number)
        verdict = self.verdict(report.commune.code, number, position)
        writes = []
        for indicator in criterion.indicators:
            content = self.content(report, criterion, indicator, verdict, position)
            writes.append(entry.Write(indicator.indicator, 0, self.marked(report, indicator.indicator, content)))
        return writes

    def claim_of(self, report: QuarterlyReport, position: int, number: int) -> entry.Write:
        """The committee's own verdict on a criterion."""
        verdict = self.verdict(report.commune.code, number, position)
        told = self.claims.get((report.commune.code, report.period.code, number))
        return entry.Write(self.by_number(report)[number], 0, told or self.claim(verdict))

    def marked(self, report: QuarterlyReport, indicator: Indicator, content: dict[str, Any]) -> dict[str, Any]:
        """The content with its explanation, or with the mark that it was taken over from the last accepted quarter."""
        place = report.commune.code, report.period.code, indicator.code
        if explanation := self.explanations.get(place):
            return content | {"explanation": explanation}
        version, contents = self.accepted.get(report.commune.code, (None, {}))
        is_same = contents.get(indicator.code) == content
        chance = random.Random(f"{SEED} {' '.join(place)} same")  # noqa: S311
        return content | {"same_as": version} if version and is_same and chance.random() < 0.4 else content

    def by_number(self, report: QuarterlyReport) -> dict[int, Criterion]:
        return {each.criterion.number: each.criterion for each in self.catalogue(report).criteria}

    def claim(self, verdict: str) -> dict[str, str]:
        if verdict == Verdict.BASIC:
            return {"claimed": Verdict.BASIC, "claim_reason": "Khối lượng còn lại hoàn thành trong quý tới."}
        if verdict == Verdict.NO_DATA:
            return {"claimed": Verdict.MET, "claim_reason": "Theo đánh giá của xã, chờ số liệu điều tra."}
        return {"claimed": verdict, "claim_reason": ""}

    def letter(self, commune: str, criterion: int, position: int) -> str:
        """The letter of the file for a verdict; met where the file says nothing."""
        return self.verdicts.get((commune, criterion), "m" * len(self.periods))[position]

    def verdict(self, commune: str, criterion: int, position: int) -> Verdict:
        return LETTERS[self.letter(commune, criterion, position)]

    def catalogue(self, report: QuarterlyReport) -> Catalogue:
        key = (report.period.criteria_set_id, report.commune.province.region_id)
        if key not in self.catalogues:
            self.catalogues[key] = load_catalogue(report.period.criteria_set, report.commune.province.region)
        return self.catalogues[key]

    def content(
        self,
        report: QuarterlyReport,
        criterion: CriterionEntry,
        entry_: IndicatorEntry,
        verdict: str,
        position: int,
    ) -> dict[str, Any]:
        """What the row says, so that its criterion comes out as the file has it."""
        indicator = entry_.indicator
        if verdict == Verdict.NOT_CONSIDERED:
            return {"absence": Absence.NOT_CONSIDERED, "absence_reason": "Xã không có chợ trong quy hoạch được duyệt."}
        drivers = [one for one in criterion.indicators if one.indicator.code in DRIVERS] or criterion.indicators
        is_driver = entry_ in drivers
        if verdict == Verdict.NO_DATA and is_driver:
            return {"absence": Absence.NO_DATA, "absence_reason": "Chưa có kết quả điều tra trong quý."}
        threshold = entry_.threshold(report.period.year, clock.today())
        assert threshold is not None
        is_met = verdict == Verdict.MET or not is_driver
        if threshold.comparator == Comparator.IS_MET:
            return {"value": Decimal(int(is_met))}
        if parts := self.told.get((report.commune.code, report.period.code, indicator.code)):
            return shares(*parts)
        value = self.number(report.commune, indicator, threshold, is_met, verdict == Verdict.BASIC, position)
        if indicator.code in WITH_PARTS and indicator.takes_parts:
            return in_parts(value, report.commune, indicator, threshold, is_met)
        return {"value": value}

    def number(
        self, commune: Commune, indicator: Indicator, threshold: Threshold, is_met: bool, is_near: bool, position: int
    ) -> Decimal:
        """A value on a slow path from behind the threshold to beyond it, held on the side the verdict needs.

        What is met is met with some room, but for the criteria that the letter calls not yet truly sustainable.
        """
        assert threshold.value is not None
        level = threshold.value
        chance = random.Random(f"{SEED} {commune.code} {indicator.code}")  # noqa: S311
        upward = threshold.comparator in (Comparator.AT_LEAST, Comparator.MORE_THAN)
        start, end = chance.uniform(0.72, 0.9), chance.uniform(1.03, 1.14)
        if not upward:
            start, end = chance.uniform(1.8, 2.6), chance.uniform(0.45, 0.85)
        share = position / (len(self.periods) - 1)
        wobble = random.Random(f"{SEED} {commune.code} {indicator.code} {position}").uniform(-0.01, 0.01)  # noqa: S311
        value = level * Decimal(start + (end - start) * share + wobble)
        unit = Decimal("0.1") if level >= 10 else Decimal("0.01")
        margin = unit * chance.choice([2, 5, 8, 12])
        if is_near:
            value = level * (Decimal("0.97") if upward else Decimal("1.06"))
        value = value.quantize(unit)
        if is_met and not indicator.criterion.sustainability_watch:
            margin = max(margin, room(indicator, chance).quantize(unit))
            is_met_well = reaches(value - margin if upward else value + margin, threshold.comparator, level)
        else:
            is_met_well = reaches(value, threshold.comparator, level)
        if is_met_well != is_met:
            better = margin if upward else -margin
            value = level + better if is_met else level - better
        if indicator.kind == Indicator.Kind.PERCENT:
            value = min(max(value, Decimal(0)), Decimal(100))
        return value.quantize(Decimal("0.01"))


def room(indicator: Indicator, chance: random.Random) -> Decimal:
    """How far beyond its threshold a value is once it is safely met: a part of what it usually moves."""
    usual = getattr(indicator, "expectation", None) and indicator.expectation.usual_change
    return usual * Decimal(chance.uniform(0.3, 0.7)) if usual else Decimal(0)


def in_parts(
    value: Decimal, commune: Commune, indicator: Indicator, threshold: Threshold, is_met: bool
) -> dict[str, Any]:
    """The percentage as a whole numerator over a whole denominator that gives the same verdict."""
    assert threshold.value is not None
    # Poor households and those with clean water are counted out of the same households.
    counted = "households" if indicator.code in ("11", "17.1") else indicator.code
    chance = random.Random(f"{SEED} {commune.code} {counted} parts")  # noqa: S311
    denominator = Decimal(round(WITH_PARTS[indicator.code] * chance.uniform(0.85, 1.2)))
    numerator = (value * denominator / 100).quantize(Decimal(1))
    step = 1 if (threshold.comparator in (">=", ">")) == is_met else -1
    while reaches(numerator * 100 / denominator, threshold.comparator, threshold.value) != is_met:
        numerator += step
    return shares(numerator, denominator)


def shares(numerator: Decimal, denominator: Decimal) -> dict[str, Any]:
    """The content of a row whose percentage follows from two numbers."""
    exact = (numerator * 100 / denominator).quantize(Decimal("0.000001"))
    return {"value": exact, "numerator": numerator, "denominator": denominator}


def working(report: QuarterlyReport) -> ReportVersion:
    """The version in work as it is now, with its report."""
    fresh = QuarterlyReport.objects.for_page().get(pk=report.pk)
    assert fresh.working is not None
    fresh.working.report = fresh
    return fresh.working


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """An aware moment in Việt Nam."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute % 60)))
