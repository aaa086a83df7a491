"""Does the demonstration tell what the published facts say, and every case a reader should see?"""

from collections.abc import Iterator
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Q

from communes.models import Duty, User
from reports import demonstration
from reports.models import CriterionVerdict, IndicatorValue, Period, QuarterlyReport, ReportVersion, State

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def history(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The whole demonstration, loaded once and taken back after the module."""
    from django.db import connection, transaction

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        with transaction.atomic():
            call_command("load_reference", verbosity=0)
            demonstration.load()
            yield
            transaction.set_rollback(True)
        connection.close()


def counts(quarter: str, *verdicts: str) -> dict[str, int]:
    """By commune: how many criteria carry one of these verified verdicts in the official version."""
    year, number = quarter.split("-")
    rows = CriterionVerdict.objects.filter(
        version__state=State.ACCEPTED, version__report__period__year=year, version__report__period__quarter=number
    ).values_list("version__report__commune__name", "verified")
    result: dict[str, int] = {}
    for commune, verified in rows:
        result[commune] = result.get(commune, 0) + (verified in verdicts)
    return result


def test_four_communes_had_met_18_of_19_at_the_end_of_2011() -> None:
    met = counts("2011-4", "met")

    assert sorted(met.values(), reverse=True)[:5].count(18) == 4
    assert max(met.values()) == 18
    assert met["Hải Đường"] == 13


def test_nine_communes_were_basically_complete_when_the_letter_was_written() -> None:
    good = counts("2013-1", "met", "basic", "not_considered")

    assert {commune for commune, count in good.items() if count < 19} == {"Thanh Chăn", "Hải Đường"}


def test_communes_with_room_gained_two_to_six_criteria_by_the_first_quarter_of_2013() -> None:
    before, after = counts("2011-4", "met"), counts("2013-1", "met")

    gains = [after[commune] - before[commune] for commune in before if before[commune] < 18]
    assert len(gains) == 7
    assert all(2 <= gain <= 6 for gain in gains)


def test_my_long_nam_is_the_first_to_be_complete_at_the_end_of_2012() -> None:
    assert counts("2012-4", "met")["Mỹ Long Nam"] == 19
    assert counts("2012-3", "met")["Mỹ Long Nam"] < 19
    assert [commune for commune, met in counts("2012-4", "met").items() if met == 19] == ["Mỹ Long Nam"]


def test_the_target_of_2013_is_reached_and_that_of_2014_missed_because_of_thanh_chan() -> None:
    by_2013 = counts("2013-4", "met", "not_considered")
    assert {commune for commune, count in by_2013.items() if count < 19} == {"Thanh Chăn", "Hải Đường"}

    by_2014 = counts("2014-4", "met", "not_considered")
    assert {commune for commune, count in by_2014.items() if count < 19} == {"Thanh Chăn"}


def test_every_official_verdict_is_the_one_the_files_tell() -> None:
    letters = {verdict.value: letter for letter, verdict in demonstration.LETTERS.items()}
    told = {(row["commune"], int(row["criterion"])): row["verdicts"] for row in demonstration.rows("verdicts.csv")}
    periods = list(Period.objects.order_by("year", "quarter"))

    rows = CriterionVerdict.objects.filter(version__state=State.ACCEPTED).select_related(
        "version__report__commune", "version__report__period", "criterion"
    )
    seen = 0
    for row in rows:
        report = row.version.report
        expected = told.get((report.commune.code, row.criterion.number), "m" * 13)[periods.index(report.period)]
        assert letters[row.verified] == expected, (report, row.criterion)
        seen += 1
    assert seen == 138 * 19


def test_every_case_a_reader_should_see_is_there() -> None:
    reports = QuarterlyReport.objects.select_related("period").prefetch_related("extensions")
    newest = reports.filter(period__year=2014, period__quarter=4)

    assert sum(report.days_late > 0 for report in reports if report.first_submitted_at) >= 5
    assert ReportVersion.objects.filter(state=State.RETURNED).count() >= 5
    assert ReportVersion.objects.filter(state=State.SUPERSEDED, report__in_force__is_correction=True).exists()
    assert reports.filter(first_submitted_at=None, period__year=2012).exists()
    assert reports.filter(extensions__isnull=False).exists()
    assert CriterionVerdict.objects.filter(fragile=True).exists()
    assert CriterionVerdict.objects.filter(verified="no_data").exists()
    assert set(newest.filter(working__isnull=False).values_list("working__state", flat=True)) == {
        "draft",
        "submitted",
        "in_review",
    }
    assert newest.filter(working__is_correction=True, in_force__isnull=False).exists()
    assert newest.filter(first_submitted_at=None).count() == 1


def test_nothing_happens_after_the_day_the_demonstration_stands_on() -> None:
    from datetime import date

    from ntm_tracker import clock

    last = ReportVersion.objects.exclude(submitted_at=None).order_by("-submitted_at")[0].submitted_at
    assert last is not None
    assert clock.local_date(last) <= date(2015, 1, 10)
    assert not QuarterlyReport.objects.filter(events__at__gt=clock.end_of_day(date(2015, 1, 10))).exists()


def test_each_province_has_one_signer_and_one_editor_and_every_duty_is_held() -> None:
    for duty in (Duty.SIGNER, Duty.EDITOR):
        provinces = User.objects.filter(assignments__duty=duty).values_list("assignments__province__code", flat=True)
        assert len(provinces) == len(set(provinces)) == 11
    assert set(User.objects.exclude(assignments=None).values_list("assignments__duty", flat=True)) == set(Duty.values)
    assert User.objects.filter(is_staff=True).count() == 1


def test_percentages_stay_within_bounds_and_agree_with_their_parts() -> None:
    percent = IndicatorValue.objects.filter(indicator__kind="percent", value__isnull=False)
    assert not percent.filter(Q(value__lt=0) | Q(value__gt=100)).exists()

    for row in percent.filter(numerator__isnull=False)[:200]:
        assert row.value is not None
        assert row.answer.exact is not None
        assert abs(Fraction(row.value) - Fraction(row.answer.exact)) < Fraction(1, 10**6)


def test_a_second_load_is_refused_quickly() -> None:
    with pytest.raises(demonstration.AlreadyLoaded):
        demonstration.load()


def test_the_command_is_refused_where_pages_are_not_labelled() -> None:
    with pytest.raises(CommandError, match="DEMO_TODAY"):
        call_command("load_demo")
