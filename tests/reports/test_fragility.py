"""When is what is met called fragile, and what becomes of it when a report is taken up?"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from criteria import rules
from criteria.catalogue import Catalogue
from criteria.models import Criterion, CriterionGroup, Expectation, Indicator, Threshold
from ntm_tracker.templatetags.look import NBSP
from reports import entry, workflow
from reports.changes import Background, EarlierQuarter
from reports.fragility import end_of_next_quarter, fitting, fragile_by_rule
from reports.judging import CriterionSheet, IndicatorSheet, Sheet
from reports.models import (
    CriterionVerdict,
    Evidence,
    EvidenceLink,
    IndicatorValue,
    Period,
    QuarterlyReport,
    ReportVersion,
    ReviewLimits,
    VerdictChange,
)
from tests import factories

# The rule, on a criterion of one indicator: poor households, at most 10 %, usually moving by 2 points

POOR = {"code": "11", "kind": "percent", "comparator": "<=", "level": "10", "usual": "2"}
ROADS = {"code": "2.1", "kind": "percent", "comparator": ">=", "level": "80", "usual": "5"}


def version_of(year: int, quarter: int) -> ReportVersion:
    return ReportVersion(report=QuarterlyReport(period=Period(year=year, quarter=quarter)))


def judged(asked: dict[str, str], value: str | None, **row: Any) -> IndicatorSheet:
    """The indicator with that value, judged; without one it has no data."""
    indicator = Indicator(pk=1, code=asked["code"], kind=asked["kind"], unit_vi="%", unit_en="%")
    usual = Decimal(asked["usual"]) if asked["usual"] else None
    indicator.expectation = Expectation(indicator=indicator, usual_change=usual)
    level = Decimal(asked["level"]) if asked["level"] else None
    threshold = Threshold(
        indicator=indicator,
        comparator=asked["comparator"],
        value=level,
        published_on=date(2013, 1, 1),
        applies_from_year=2013,
    )
    content = {"value": Decimal(value)} if value is not None else {"absence": "no_data"}
    stored = IndicatorValue(indicator=indicator, comparator=asked["comparator"], **(content | row))
    return IndicatorSheet(indicator, stored, threshold, rules.judge_indicator(stored.answer, threshold.as_level()))


def earlier(asked: dict[str, str], *quarters: tuple[str | None, str]) -> Background:
    """The quarters before IV/2014 with value and verified verdict, newest first."""
    found = []
    for number, (value, verified) in enumerate(quarters):
        row = judged(asked, value).row
        assert row is not None
        verdict = CriterionVerdict(verified=verified)
        found.append(EarlierQuarter(version_of(2014 - (number + 1) // 4, 3 - number % 4), {"11": row}, {11: verdict}))
    return cast(Background, SimpleNamespace(earlier=found))


def reasons(
    now: str | None,
    *quarters: tuple[str | None, str],
    asked: dict[str, str] = POOR,
    links: Sequence[EvidenceLink] = (),
    row: dict[str, Any] | None = None,
    **limits: Any,
) -> str:
    """What the rule says of criterion 11, in English."""
    sheet = judged(asked, now, **(row or {}))
    criterion = CriterionSheet(
        Criterion(number=11), CriterionGroup(), [sheet], None, rules.judge_criterion([sheet.verdict])
    )
    whole = Sheet(version_of(2014, 4), [criterion], cast(Catalogue, None))
    background = earlier(asked | {"code": "11"}, *quarters)
    with translation.override("en"):
        found = fragile_by_rule(whole, background, links, ReviewLimits(**limits))
    return found.get(11, "").replace(NBSP, " ")


@pytest.mark.parametrize(
    ("now", "asked", "limits", "expected"),
    [
        ("9.6", POOR, {}, "11 is met by little: 9.6 % ≤ 10 %, 0.4 points to spare, and a quarter usually moves it "
                          "by 2 points."),
        ("9.59", POOR, {}, ""),
        ("10", POOR, {}, "11 is met by little: 10 % ≤ 10 %, exactly on the threshold, and a quarter usually moves it "
                         "by 2 points."),
        ("10.01", POOR, {}, ""),
        ("9.59", POOR, {"thin_part": Decimal("0.3")}, "0.41 points to spare"),
        ("10", POOR, {"thin_part": Decimal(0)}, ""),
        ("10", POOR | {"usual": ""}, {}, ""),
        ("81", ROADS, {}, "81 % ≥ 80 %, 1 points to spare"),
        ("81.01", ROADS, {}, ""),
        ("100", ROADS | {"level": "100"}, {}, ""),
        ("99.9", ROADS | {"level": "99"}, {}, "0.9 points to spare"),
        ("0", POOR | {"level": "0"}, {}, ""),
        ("1", POOR | {"kind": "yes_no", "comparator": "is_met", "level": ""}, {}, ""),
        (None, POOR, {}, ""),
    ],
)  # fmt: skip
def test_a_margin_is_thin_beside_what_a_quarter_usually_moves(
    now: str | None, asked: dict[str, str], limits: dict[str, Any], expected: str
) -> None:
    found = reasons(now, asked=asked, **limits)

    assert expected in found
    assert bool(found) == bool(expected)


MET = rules.Verdict.MET.value


@pytest.mark.parametrize(
    ("now", "before", "limits", "expected"),
    [
        ("8", ["7", "6"], {}, "11 has grown worse for 2 quarters in a row: 6 % → 7 % → 8 %."),
        ("8", ["7", "7"], {}, ""),
        ("8", ["8", "7"], {}, ""),
        ("7", ["8", "6"], {}, ""),
        ("6", ["7", "8"], {}, ""),
        ("8", ["7"], {}, ""),
        ("8", [None, "6"], {}, ""),
        ("8", ["7", None], {}, ""),
        ("8.0002", ["8.0001", "8"], {}, "8 % → 8.0001 % → 8.0002 %"),
        ("8", ["7", "6"], {"worse_quarters": 3}, ""),
        ("8", ["7", "6", "5"], {"worse_quarters": 3}, "for 3 quarters in a row: 5 % → 6 % → 7 % → 8 %"),
        ("8", ["7"], {"worse_quarters": 1}, "for 1 quarter: 7 % → 8 %"),
        ("8", ["7", "6"], {"worse_quarters": 0}, ""),
    ],
)
def test_worse_quarters_running_are_counted_by_exact_values(
    now: str, before: list[str | None], limits: dict[str, Any], expected: str
) -> None:
    found = reasons(now, *[(value, MET) for value in before], **limits)

    assert expected in found
    assert bool(found) == bool(expected)


def test_what_is_worse_depends_on_the_side_of_the_threshold() -> None:
    up = [("92", MET), ("91", MET)]
    down = [("94", MET), ("95", MET)]

    assert reasons("93", *up, asked=ROADS) == ""
    assert reasons("93", *up) == ""  # not met at all
    assert reasons("93", *down, asked=ROADS | {"code": "11"}) != ""


def test_an_edition_that_asked_something_else_says_nothing_about_growing_worse() -> None:
    before = earlier(POOR | {"comparator": "<"}, ("7", MET), ("6", MET))
    sheet = judged(POOR, "8")

    assert [quarter.value(sheet) for quarter in before.earlier] == [None, None]


@pytest.mark.parametrize(
    ("verdicts", "limits", "expected"),
    [
        (["not_met"], {}, "Met for only 1 quarter: in quarter III/2014 not met."),
        (["basic"], {}, "Met for only 1 quarter: in quarter III/2014 basically met."),
        (["met", "not_met"], {}, ""),
        ([], {}, ""),
        (["met"], {}, ""),
        (["no_data"], {}, ""),
        (["not_considered"], {}, ""),
        (["no_data", "not_met"], {}, "in quarter II/2014 not met"),
        (["not_considered", "not_met"], {}, "in quarter II/2014 not met"),
        (["no_data", "met", "not_met"], {}, ""),
        (["met", "not_met"], {"kept_quarters": 3}, "Met for only 2 quarters: in quarter II/2014 not met."),
        (["not_met"], {"kept_quarters": 1}, ""),
        (["not_met"], {"kept_quarters": 0}, ""),
    ],
)
def test_what_was_not_met_before_must_be_kept_for_some_quarters(
    verdicts: list[str], limits: dict[str, Any], expected: str
) -> None:
    found = reasons("5", *[("5", verdict) for verdict in verdicts], **limits)

    assert expected in found
    assert bool(found) == bool(expected)


def paper(valid_until: date | None, title: str = "Giấy công nhận", pk: int = 7, indicator: int = 1) -> EvidenceLink:
    return EvidenceLink(evidence=Evidence(pk=pk, title=title, valid_until=valid_until), indicator_id=indicator)


@pytest.mark.parametrize(
    ("valid_until", "is_fragile"),
    [
        (date(2015, 3, 30), True),
        (date(2015, 3, 31), False),
        (date(2014, 12, 31), True),
        (None, False),
    ],
)
def test_a_paper_must_last_until_the_next_quarter_is_over(valid_until: date | None, is_fragile: bool) -> None:
    found = reasons("5", links=[paper(valid_until)])

    assert bool(found) == is_fragile
    if valid_until and is_fragile:
        day = f"{valid_until:%d/%m/%Y}"
        expected = f"11: the paper “Giấy công nhận” is valid until {day}, and the next quarter ends on 31/03/2015."
        assert found == expected


def test_the_papers_of_other_indicators_say_nothing_and_each_paper_is_told_once() -> None:
    over = date(2015, 1, 31)

    assert reasons("5", links=[paper(over, indicator=2)]) == ""
    assert reasons("5", links=[paper(over), paper(over)]).count("31/01/2015") == 1


def test_the_next_quarter_may_lie_in_the_next_year() -> None:
    assert end_of_next_quarter(Period(year=2014, quarter=4)) == date(2015, 3, 31)
    assert end_of_next_quarter(Period(year=2014, quarter=1)) == date(2014, 6, 30)


def test_what_is_not_met_is_never_fragile_and_several_reasons_stand_together() -> None:
    papers = [paper(date(2015, 1, 31))]

    assert reasons("10.5", ("9", "not_met"), ("8", MET), links=papers) == ""
    both = reasons("9.9", ("5", "not_met"), ("4", MET), links=papers)
    assert both.startswith("Met for only 1 quarter")
    for part in ("met by little", "grown worse", "31/01/2015"):
        assert part in both
    assert fitting(["Một câu.", "Hai câu."], 12) == "Một câu."
    assert fitting(["Một câu.", "Hai câu."], 17) == "Một câu. Hai câu."
    assert fitting(["Một câu dài."], 5) == "Một …"


# What becomes of it at the take-up


@pytest.fixture
def fragile(db: None) -> QuarterlyReport:
    """In review; criterion 11 is met by 0.1 points only, everything else by more than enough."""
    with translation.override("en"):  # whoever takes it up, reports are written in Vietnamese
        return factories.make_in_review(values={"11": {"value": Decimal("9.9")}})


def row_of(version: ReportVersion, number: int = 11) -> CriterionVerdict:
    return version.verdicts.select_related("criterion").get(criterion__number=number)


def say(report: QuarterlyReport, **content: Any) -> None:
    version = factories.working(report)
    row = row_of(version)
    assert version.holder is not None
    write = entry.Write(row.criterion, row.row_version, {"verified": row.verified} | content)
    assert entry.save_review(version, [write], by=version.holder).written == 1


def test_verdicts_start_as_fragile_as_the_rule_says_with_its_reason(fragile: QuarterlyReport) -> None:
    version = factories.working(fragile)

    marked = {row.criterion.number for row in version.verdicts.select_related("criterion") if row.fragile}
    row = row_of(version)

    assert marked == {11}
    assert (row.verified, row.fragile) == ("met", True)
    assert row.fragile_reason == row.fragile_rule
    assert "0,1" in row.fragile_reason
    assert "9,9" in row.fragile_reason
    remembered = VerdictChange.objects.get(row=row, row_version=row.row_version)
    assert (remembered.fragile, remembered.fragile_reason) == (True, row.fragile_reason)
    assert workflow.missing_before_acceptance(version) == []


def test_calling_it_sustainable_against_the_rule_needs_a_reason(fragile: QuarterlyReport, english: None) -> None:
    say(fragile)
    refused = [gap.sentence for gap in workflow.missing_before_acceptance(factories.working(fragile))]
    say(fragile, fragile_reason="Số hộ nghèo còn lại đều là hộ bảo trợ.")
    version = factories.working(fragile)
    holder = version.holder
    assert holder is not None

    assert refused == ["11 Poor households: say why it counts as sustainable although the rule calls it fragile."]
    assert workflow.missing_before_acceptance(version) == []
    workflow.take_step(version, "accept", by=holder)

    # An undone acceptance starts nothing anew: what the reviewer wrote is still there, and what the rule said too.
    lead = factories.make_lead()
    official = factories.official(fragile)
    workflow.take_step(official, "undo_accept", by=lead, data=workflow.StepData(reason="Xem lại."))
    row = row_of(factories.working(fragile))
    assert (row.fragile, row.fragile_reason) == (False, "Số hộ nghèo còn lại đều là hộ bảo trợ.")
    assert "9,9" in row.fragile_rule


def test_what_is_not_met_after_all_needs_no_word_on_sustainability(fragile: QuarterlyReport) -> None:
    say(fragile, verified="not_met", verified_reason="Kiểm tra thực tế cao hơn.")

    assert workflow.missing_before_acceptance(factories.working(fragile)) == []


def test_verdicts_are_started_once_and_with_few_queries(fragile: QuarterlyReport) -> None:
    version = factories.working(fragile)
    holder = version.holder
    assert holder is not None
    before = list(version.verdicts.values())

    workflow.start_verdicts(version, holder)
    assert list(version.verdicts.values()) == before

    say(fragile)
    version.verdicts.filter(criterion__number__gt=5).exclude(criterion__number=11).update(verified="")
    with CaptureQueriesContext(connection) as counted:
        workflow.start_verdicts(version, holder)
    assert len(counted) <= 10
    assert row_of(version).fragile is False


def test_a_later_quarter_looks_back_over_the_ones_accepted_before(db: None) -> None:
    def poor(quarter: str, value: str) -> QuarterlyReport:
        verdicts = {11: "not_met"} if Decimal(value) > 10 else {}
        content = {"11": {"value": Decimal(value)}}
        make: Callable[..., QuarterlyReport] = (
            factories.make_in_review if quarter == "2014-4" else factories.make_accepted
        )
        return make("Thanh Chăn", quarter, verdicts=verdicts, values=content)

    poor("2014-3", "8")
    poor("2014-1", "11")
    poor("2014-2", "7")
    report = poor("2014-4", "9")

    rule = row_of(factories.working(report)).fragile_rule
    assert "7 %".replace(" ", NBSP) in rule
    assert rule.count("→") == 2
    assert "2 quý" in rule or "2 quarters" in rule


# The limits


def test_administrators_set_the_limits_and_nobody_else_does(client: Client, db: None) -> None:
    add = reverse("admin:reports_reviewlimits_add")
    lists = reverse("admin:reports_reviewlimits_changelist")
    client.force_login(factories.make_lead())
    assert client.get(lists).status_code == 302
    client.force_login(factories.make_administrator())
    data = {
        "thin_part": "0,5",
        "worse_quarters": "3",
        "kept_quarters": "0",
        "take_up_days": "2",
        "decide_days": "9",
        "respond_days": "5",
    }

    assert client.get(add).status_code == 200
    assert client.post(add, data | {"thin_part": "-1"}).status_code == 200
    assert not ReviewLimits.objects.exists()
    assert client.post(add, data).status_code == 302
    limits = ReviewLimits.current()
    change = reverse("admin:reports_reviewlimits_change", args=[limits.pk])

    assert (limits.pk, limits.thin_part, limits.worse_quarters, limits.kept_quarters) == (1, Decimal("0.5"), 3, 0)
    assert client.get(add).status_code == 403
    assert client.get(lists).status_code == 200
    assert client.post(change, data | {"worse_quarters": "4"}).status_code == 302
    assert client.post(reverse("admin:reports_reviewlimits_delete", args=[1]), {"post": "yes"}).status_code == 403
    assert ReviewLimits.current().worse_quarters == 4
    assert LogEntry.objects.filter(content_type__model="reviewlimits").count() == 2
