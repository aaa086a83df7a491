"""What would change if a criteria set held: is it told from what is accepted, by the rule alone, without a write?"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes.models import Commune, Membership, User
from criteria import editions
from criteria.models import CriteriaSet, Criterion, Indicator, Threshold
from ntm_tracker import clock
from reports import entry
from reports.models import QuarterlyReport, ReportVersion
from reports.standing import standing
from reports.trial import CHANGED, NEW, UNSET, Trial, TriedCommune, followed, try_set
from tests import factories
from tests.factories import moment
from tests.reports.snapshot import everything

pytestmark = pytest.mark.django_db

TODAY = date(2015, 1, 10)


@pytest.fixture
def draft() -> CriteriaSet:
    """A copy of the present edition, not yet published."""
    factories.reference()
    return editions.make_edition(CriteriaSet.objects.get(code="2013"))


def accept(commune: str = "Thanh Chăn", quarter: str = "2014-4", day: str = "2015-01-04", **filling: object) -> None:
    with clock.at(moment(day)):
        factories.make_accepted(commune, quarter, **filling)


def tried(draft: CriteriaSet, year: int = 2015) -> Trial:
    return try_set(draft, followed()[factories.programme()], year, TODAY)


def of(trial: Trial, name: str = "Thanh Chăn") -> TriedCommune:
    return next(commune for commune in trial.communes if commune.commune.name == name)


def threshold(draft: CriteriaSet, code: str) -> Threshold:
    """The level of the indicator that holds for Thanh Chăn."""
    region = factories.commune().province.region
    found = Threshold.objects.filter(indicator__criterion__criteria_set=draft, indicator__code=code)
    return (found.filter(region=region) or found).order_by("applies_from_year", "published_on").last()  # type: ignore[return-value]


def change(draft: CriteriaSet, code: str, by: Decimal | str) -> Threshold:
    level = threshold(draft, code)
    assert level.value is not None
    level.value += Decimal(by)
    level.save()
    return level


# What would change


def test_an_unchanged_copy_changes_nothing_whatever_the_reviewers_decided(draft: CriteriaSet) -> None:
    accept(verdicts={10: "not_met", 17: "no_data", 7: "not_considered"})

    trial = tried(draft)
    commune = of(trial)

    assert (trial.flips, trial.changing, trial.missing) == ([], [], [])
    assert commune.before == {one.criterion.number: one.after for one in commune.criteria}
    assert commune.count_before == commune.count_after
    assert [found.commune.name for found in trial.judged] == ["Thanh Chăn"]
    assert len(trial.unknown) == 10


def test_what_is_in_force_is_what_the_overview_shows(draft: CriteriaSet) -> None:
    accept(verdicts={10: "not_met", 17: "no_data", 7: "not_considered"})
    accept("Gia Phố", "2013-4", "2014-01-04", verdicts={3: "not_met"})

    shown = standing(factories.programme(), factories.period("2014-4"), TODAY)

    for commune in tried(draft).judged:
        row = shown.row(commune.commune.pk)
        assert row is not None
        assert commune.before == {cell.number: cell.shown for cell in row.cells}
        assert commune.outcome_before == row.outcome
        assert commune.count_before == row.count


def test_a_stricter_threshold_takes_a_complete_commune_its_status(draft: CriteriaSet) -> None:
    accept()
    old = threshold(CriteriaSet.objects.get(code="2013"), "11")
    new = change(draft, "11", "-3")

    trial = tried(draft)
    commune = of(trial)
    [flip] = trial.flips

    assert trial.changing == [commune]
    assert (commune.outcome_before, commune.outcome_after) == ("complete", "incomplete")
    assert (commune.count_before.met, commune.count_after.met) == (19, 18)
    assert (flip.criterion.number, flip.verified, flip.after) == (11, "met", "not_met")
    [reason] = flip.reasons
    assert reason.before is not None
    assert (reason.before.threshold, reason.after.threshold) == (old, new)
    assert (reason.before.gap, reason.after.gap) == (Decimal("0.5"), Decimal("-2.5"))
    assert [(criterion.number, len(places)) for criterion, places in trial.by_criterion] == [(11, 1)]
    assert trial.becoming == {"met": 0, "basic": 0, "not_met": 1, "not_considered": 0, "no_data": 0}


def test_a_milder_threshold_gives_a_commune_what_it_lacked(draft: CriteriaSet) -> None:
    accept(verdicts={11: "not_met"})
    change(draft, "11", "3")

    commune = of(tried(draft))

    assert (commune.outcome_before, commune.outcome_after) == ("incomplete", "complete")
    assert [(flip.verified, flip.after) for flip in commune.flips] == [("not_met", "met")]


def test_the_number_and_not_the_printed_digits_decides_at_the_threshold(draft: CriteriaSet) -> None:
    level = threshold(draft, "11")
    assert level.value is not None
    accept(values={"11": {"value": level.value - Decimal("0.000001")}})
    change(draft, "11", "-0.0001")

    [flip] = of(tried(draft)).flips

    assert (flip.criterion.number, flip.after) == (11, "not_met")


def deviate(number: int, verified: str) -> None:
    """Accept IV/2014 of Thanh Chăn with a verdict of the reviewer's own on a criterion that computes to not met."""
    with clock.at(moment("2015-01-04")):
        report = factories.make_in_review("Thanh Chăn", "2014-4", verdicts={number: "not_met"})
        assert report.working is not None
        assert report.working.holder is not None
        row = report.working.verdicts.get(criterion__number=number)
        content = {
            "verified": verified,
            "verified_reason": "Đã kiểm tra tại xã",
            "fragile": False,
            "fragile_reason": "",
        }
        version = factories.working(report)
        entry.save_review(version, [entry.Write(row.criterion, row.row_version, content)], by=report.working.holder)
        factories.accept(report, report.working.holder)


def test_a_decision_of_the_reviewer_stays_where_the_rule_does_not_change(draft: CriteriaSet) -> None:
    deviate(11, "basic")

    commune = of(tried(draft))

    assert commune.flips == []
    [decided] = commune.decided
    assert (decided.criterion.number, decided.verified, decided.computed) == (11, "basic", "not_met")
    assert commune.outcome_after == commune.outcome_before == "basically"


def test_where_the_rule_changes_it_takes_the_place_of_the_decision(draft: CriteriaSet) -> None:
    deviate(11, "basic")
    change(draft, "11", "3")

    [flip] = of(tried(draft)).flips

    assert (flip.verified, flip.present, flip.computed, flip.after) == ("basic", "not_met", "met", "met")


# What cannot be compared


def test_a_new_indicator_is_without_data_and_said_apart(draft: CriteriaSet) -> None:
    accept()
    criterion = Criterion.objects.get(criteria_set=draft, number=11)
    added = Indicator.objects.create(
        criterion=criterion, code="11.2", position=99, kind="percent", name_vi="Mới", name_en="New"
    )
    Threshold.objects.create(indicator=added, comparator=">=", value=5, published_on=TODAY, applies_from_year=2015)

    trial = tried(draft)

    assert [(flip.criterion.number, flip.after) for flip in trial.flips] == [(11, "no_data")]
    assert {obstacle: [one.code for one in found] for obstacle, found in trial.hindered.items()} == {
        NEW: ["11.2"],
        CHANGED: [],
        UNSET: [],
    }


def test_a_value_in_another_unit_is_not_compared(draft: CriteriaSet) -> None:
    accept()
    Indicator.objects.filter(criterion__criteria_set=draft, code="10").update(unit_vi="nghìn đồng")

    trial = tried(draft)

    assert [(flip.criterion.number, flip.after) for flip in trial.flips] == [(10, "no_data")]
    assert [one.code for one in trial.hindered[CHANGED]] == ["10"]


def test_a_new_criterion_makes_nobody_complete_and_is_no_flip(draft: CriteriaSet) -> None:
    accept()
    group = Criterion.objects.filter(criteria_set=draft).latest("number").group
    Criterion.objects.create(criteria_set=draft, group=group, number=20, name_vi="Mới", name_en="New")

    trial = tried(draft)

    assert trial.flips == []
    assert of(trial).outcome_after == "incomplete"
    assert of(trial).count_after.no_data == 1
    assert len(trial.missing) == 1


def test_an_unfinished_set_says_what_is_missing_and_judges_the_rest(draft: CriteriaSet) -> None:
    accept()
    change(draft, "12", "5")
    Threshold.objects.filter(indicator__criterion__criteria_set=draft, indicator__code="11").delete()

    trial = tried(draft)

    assert {flip.criterion.number: flip.after for flip in trial.flips} == {11: "no_data", 12: "not_met"}
    assert [flip.unset for flip in trial.flips] == [["11"], []]
    assert len(trial.missing) == 1
    assert "11" in trial.missing[0]


def test_thresholds_that_hold_only_later_judge_nothing_before(draft: CriteriaSet) -> None:
    accept()
    Threshold.objects.filter(indicator__criterion__criteria_set=draft, indicator__code="11").update(
        applies_from_year=2020
    )

    assert [flip.after for flip in tried(draft, 2015).flips] == ["no_data"]
    assert [one.code for one in tried(draft, 2015).hindered[UNSET]] == ["11"]
    assert tried(draft, 2020).flips == []


def test_a_publication_of_a_later_day_counts_in_the_trial(draft: CriteriaSet) -> None:
    accept()
    level = threshold(draft, "11")
    assert level.value is not None
    level.pk = None
    level._state.adding = True
    level.value -= 3
    level.published_on = date(2016, 5, 1)
    level.applies_from_year = 2015
    level.save()

    trial = tried(draft)

    assert trial.judged_on == date(2016, 5, 1)
    assert [flip.after for flip in trial.flips] == ["not_met"]


def test_a_set_without_anything_is_tried_too() -> None:
    accept()
    empty = CriteriaSet.objects.create(code="empty", name_vi="Trống", name_en="Empty", in_force_from=TODAY)

    trial = tried(empty)

    assert of(trial).outcome_after == "unknown"
    assert len(trial.missing) == 1


def test_the_newest_accepted_quarter_of_each_commune_is_tried(draft: CriteriaSet) -> None:
    accept(quarter="2014-1", day="2014-04-04", verdicts={11: "not_met"})
    accept(quarter="2013-4", day="2014-05-04")
    with clock.at(moment("2015-01-04")):
        factories.make_submitted("Thanh Chăn", "2014-4")

    last = of(tried(draft)).last
    assert last is not None
    assert (last.period.year, last.period.quarter, last.verified[11]) == (2014, 1, "not_met")


# The page

URL = "/criteria/2013-2/trial/"


@pytest.mark.usefixtures("english", "_in_january")
@pytest.mark.parametrize("make", [factories.make_lead, factories.make_administrator])
def test_the_page_answers_first_and_shows_the_numbers(
    client: Client, draft: CriteriaSet, make: Callable[[], object]
) -> None:
    accept()
    change(draft, "11", "-3")
    client.force_login(make())  # type: ignore[arg-type]

    page = " ".join(client.get(URL).content.decode().split())

    assert "1 of 1 commune would change status; 1 criterion would flip" in page
    assert "19/19 → 18/19" in page
    assert "short of the threshold" in page
    assert "This criteria set is not published" in page


@pytest.mark.usefixtures("english", "_in_january")
def test_the_pages_of_the_set_and_of_the_criteria_lead_to_the_trial(client: Client, draft: CriteriaSet) -> None:
    client.force_login(factories.make_administrator())
    admin = client.get(reverse("admin:criteria_criteriaset_change", args=[draft.pk]))
    criteria = client.get(reverse("criteria:list"))
    assert URL in admin.content.decode()
    assert URL in criteria.content.decode()

    client.force_login(factories.make_viewer())
    assert URL not in client.get(reverse("criteria:list")).content.decode()


@pytest.mark.usefixtures("english", "_in_january")
@pytest.mark.parametrize(
    ("year", "sentence"),
    [("abc", "Write a year, for example 2015."), ("1990", "Write a year from 2009 on."), ("9999", "before 2101")],
)
def test_an_odd_year_is_answered_and_the_present_one_taken(
    client: Client, draft: CriteriaSet, year: str, sentence: str
) -> None:
    client.force_login(factories.make_lead())

    page = client.get(f"{URL}?year={year}").content.decode()

    assert sentence in page
    assert "thresholds for 2015 that are published by 10/01/2015" in " ".join(page.split())


@pytest.mark.usefixtures("_in_january")
def test_a_trial_writes_nothing(client: Client, draft: CriteriaSet) -> None:
    accept()
    change(draft, "11", "-3")
    client.force_login(factories.make_lead())
    before = everything(), list(Threshold.objects.order_by("pk").values()), list(CriteriaSet.objects.values())

    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(URL)

    assert not [query for query in captured if not query["sql"].lstrip("(").startswith("SELECT")]
    assert before == (everything(), list(Threshold.objects.order_by("pk").values()), list(CriteriaSet.objects.values()))


@pytest.mark.usefixtures("_in_january")
def test_the_page_takes_the_same_queries_for_eleven_and_two_hundred_communes(
    client: Client, draft: CriteriaSet
) -> None:
    accept()
    change(draft, "11", "-3")
    lead, administrator = factories.make_lead(), factories.make_administrator()

    assert queries(client, administrator) == 10
    assert queries(client, lead) == 8
    report_like_thanh_chan(200)
    assert queries(client, lead, judged=190) == 8


def queries(client: Client, user: User, judged: int = 1) -> int:
    client.force_login(user)
    with CaptureQueriesContext(connection) as captured:
        page = client.get(URL)
    assert len(page.context["trial"].judged) == judged
    return len(captured)


def report_like_thanh_chan(communes: int) -> None:
    """Further members, up to so many, each with the accepted report of Thanh Chăn: copied rows, to be quick."""
    model = QuarterlyReport.objects.select_related("in_force", "commune").get(in_force__isnull=False)
    assert model.in_force is not None
    added = Commune.objects.bulk_create(
        Commune(code=f"9{n:04}", name=f"Xã {n}", district="Huyện", province_id=model.commune.province_id)
        for n in range(communes - Commune.objects.count())
    )
    programme, since = factories.programme(), date(2013, 1, 1)
    Membership.objects.bulk_create(Membership(programme=programme, commune=one, since=since) for one in added)
    reports = QuarterlyReport.objects.bulk_create(
        QuarterlyReport(commune=commune, period_id=model.period_id) for commune in added
    )
    [kept] = content_of([model.in_force], "report")
    versions = ReportVersion.objects.bulk_create(ReportVersion(report=report, **kept) for report in reports)
    for report, version in zip(reports, versions, strict=True):
        report.in_force = version
    QuarterlyReport.objects.bulk_update(reports, ["in_force"])
    sheets: list[Any] = [model.in_force.values, model.in_force.verdicts]
    for rows in sheets:
        said = content_of(rows.all(), "version")
        rows.model.objects.bulk_create([rows.model(version=version, **kept) for version in versions for kept in said])


def content_of(rows: Iterable[Model], owner: str) -> list[dict[str, Any]]:
    """What rows say, without their own key and the row they belong to."""
    return [
        {
            field.attname: getattr(row, field.attname)
            for field in row._meta.concrete_fields
            if field.name not in ("id", owner)
        }
        for row in rows
    ]
