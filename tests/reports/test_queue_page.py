"""The queue of the ministry's side: the order of work, filters, workload, and acceptance of several reports."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import AreaAssignment, Duty, User
from ntm_tracker import clock
from reports import workflow
from reports.lateness import ministry_day
from reports.models import Period, QuarterlyReport, ReportVersion, ReviewLimits, State
from reports.queue import takers
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

URL = "/queue/"
ACCEPT = "/queue/accept/"
Queries = Callable[..., Any]


def put(report: QuarterlyReport, state: str, day: str, **fields: Any) -> ReportVersion:
    """The version in work as if it had been sent on that day; quick, and as the database allows it."""
    sender = User.objects.first() or factories.make_user()
    sent = {"submitted_at": moment(day), "submitted_by": sender, "judged_on": date.fromisoformat(day)}
    report.versions.filter(pk__in=[report.working_id]).update(state=state, **(sent | fields))
    return factories.working(report)


def hold(report: QuarterlyReport, holder: User, day: str) -> ReportVersion:
    return put(report, State.IN_REVIEW, day, holder=holder, held_since=moment(day))


def give_back(report: QuarterlyReport, reviewer: User, day: str, respond_by: str) -> None:
    """As if it had been returned; the new draft is in work."""
    version = put(report, State.RETURNED, day, holder=reviewer, held_since=moment(day), respond_by=respond_by)
    workflow.clone_as_draft(version, reviewer, is_correction=False, opened_by=reviewer)


def queue_of(client: Client, user: User, query: str = "") -> dict[str, list[str]]:
    """The parts of the page with the quarters in each of them."""
    client.force_login(user)
    sections = client.get(f"{URL}{query}").context["sections"]
    return {section.code: [row.work.report.period.code for row in section.rows] for section in sections}


def page_of(client: Client, user: User, query: str = "") -> str:
    client.force_login(user)
    return client.get(f"{URL}{query}").content.decode()


def rows_of(client: Client, user: User, query: str = "") -> list[Any]:
    client.force_login(user)
    return [row for section in client.get(f"{URL}{query}").context["sections"] for row in section.rows]


# The order of work


def test_the_parts_stand_in_the_order_of_work_and_the_oldest_first_in_each(client: Client) -> None:
    reports = {
        code: factories.make_report(quarter=code) for code in [f"{y}-{q}" for y in (2013, 2014) for q in range(1, 5)]
    }
    me, other = (factories.reviewer_of(reports["2013-1"].commune) for _ in range(2))
    put(reports["2013-1"], State.SUBMITTED, "2015-01-08")
    put(reports["2013-2"], State.SUBMITTED, "2015-01-05")
    hold(reports["2013-3"], me, "2015-01-06")
    hold(reports["2013-4"], other, "2015-01-02")
    give_back(reports["2014-1"], me, "2015-01-03", "2015-01-20")
    give_back(reports["2014-2"], me, "2015-01-04", "2015-01-09")
    give_back(reports["2014-3"], me, "2015-01-04", "2015-01-11")
    put(factories.reload(reports["2014-3"]), State.SUBMITTED, "2015-01-09")

    assert queue_of(client, me) == {
        "back": ["2014-3"],
        "waiting": ["2013-2", "2013-1"],
        "held": ["2013-3"],
        "others": ["2013-4"],
        "due_back": ["2014-2", "2014-1"],
    }
    assert queue_of(client, other)["held"] == ["2013-4"]
    late = [(row.when, row.is_late) for row in rows_of(client, me, "?state=due_back")]
    assert late == [
        ("The answer is 1 day late: it was expected by 09/01/2015.", True),
        ("Answer expected by 20/01/2015, in 10 days.", False),
    ]


def test_a_draft_that_was_never_sent_is_no_work_of_the_ministry(client: Client) -> None:
    report = factories.make_report()
    assert queue_of(client, factories.make_lead()) == {}
    assert "Nothing is in the queue" in page_of(client, factories.reviewer_of(report.commune))


def test_a_row_says_round_holder_days_target_items_and_where_to_go(client: Client) -> None:
    with clock.at(moment("2014-12-28")):
        report = factories.make_submitted()
    with clock.at(moment("2015-01-03")):
        reviewer = factories.reviewer_of(report.commune)
        factories.take_up(report, reviewer)
        factories.entry.raise_item(factories.working(report), text="Nguồn?", kind="question", by=reviewer)

    (row,) = rows_of(client, reviewer)
    page = page_of(client, reviewer)

    assert row.hands == f"With {reviewer} since 03/01/2015, 7\N{NO-BREAK SPACE}days"
    assert row.course.sentence == "Round 1 · with the ministry for 13 days · committee 0 days, ministry 13 days in all"
    assert row.when == "To be decided by 07/01/2015: 3 days over."
    assert row.is_late
    assert row.open == "1 open item. To be looked at: 1 open item."
    for words in ("Round 1", row.hands, row.when, "To be looked at: 1 open item."):
        assert words in page
    assert f'href="{reverse("reports:review", args=[report.pk])}">Review' in page
    assert reverse("reports:step", args=[report.pk, "reassign"]) in page


def test_a_correction_being_written_and_one_that_was_sent(client: Client) -> None:
    report = factories.make_accepted()
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    data = StepData(reason="Công bố lại")
    workflow.take_step(factories.official(report), "open_correction", by=signer, data=data)

    assert queue_of(client, reviewer) == {"correcting": ["2014-4"]}
    factories.submit(report, signer)
    (row,) = rows_of(client, reviewer)
    assert (row.course.round.name, row.work.note) == ("Correction, round 1", "Correction: “Công bố lại”")
    assert queue_of(client, reviewer) == {"waiting": ["2014-4"]}


def test_the_target_days_are_a_setting_and_inclusive() -> None:
    report = factories.make_report()
    version = put(report, State.SUBMITTED, "2015-01-05")
    limits = ReviewLimits(take_up_days=3, decide_days=10)

    def said(state: str, day: str) -> tuple[str, int]:
        version.state = state
        found = ministry_day(version, limits, date.fromisoformat(day))
        assert found is not None
        return found.sentence, found.days_over

    assert said("submitted", "2015-01-07") == ("To be taken up by 08/01/2015: 1 day left.", 0)
    assert said("submitted", "2015-01-08") == ("To be taken up today, 08/01/2015.", 0)
    assert said("submitted", "2015-01-09") == ("To be taken up by 08/01/2015: 1 day over.", 1)
    assert said("in_review", "2015-01-15") == ("To be decided today, 15/01/2015.", 0)
    assert said("in_review", "2015-01-17") == ("To be decided by 15/01/2015: 2 days over.", 2)
    version.state = "draft"
    assert ministry_day(version, limits, date(2015, 1, 17)) is None


# Whose, and which


def test_reviewers_see_their_provinces_and_only_what_they_review(client: Client) -> None:
    report = factories.make_report()
    put(report, State.SUBMITTED, "2015-01-05")
    elsewhere = factories.commune("Tân Thịnh")

    foreign = factories.reviewer_of(elsewhere)
    AreaAssignment.objects.create(user=foreign, duty=Duty.CENTRAL, province=report.commune.province, since="2009-01-01")
    assert queue_of(client, foreign) == {}
    former = factories.reviewer_of(report.commune)
    former.assignments.update(until="2015-01-09")
    AreaAssignment.objects.create(user=former, duty=Duty.REVIEWER, province=elsewhere.province, since="2009-01-01")
    assert queue_of(client, former) == {}
    assert queue_of(client, factories.reviewer_of(report.commune)) == {"waiting": ["2014-4"]}


@pytest.mark.parametrize("duty", [Duty.CENTRAL, Duty.SIGNER, Duty.EDITOR, Duty.VIEWER, None])
def test_nobody_else_has_a_queue(client: Client, duty: Duty | None) -> None:
    client.force_login(factories.make_user(duty, factories.commune().province))

    page = client.get(URL)

    assert page.status_code == 403
    assert "Only the reviewers and leads of the ministry have a queue" in page.content.decode()
    assert client.post(ACCEPT).status_code == 403


def test_filters_of_the_address_and_what_is_not_understood(client: Client) -> None:
    thanh_chan, gia_pho = factories.make_report(), factories.make_report("Gia Phố")
    holder = factories.reviewer_of(thanh_chan.commune)
    put(thanh_chan, State.SUBMITTED, "2015-01-05")
    hold(gia_pho, holder, "2015-01-05")
    lead = factories.make_lead()
    both = {"waiting": ["2014-4"], "others": ["2014-4"]}

    assert queue_of(client, lead) == both
    assert queue_of(client, lead, f"?province={gia_pho.commune.province.code}") == {"others": ["2014-4"]}
    assert queue_of(client, lead, f"?holder={holder.pk}") == {"others": ["2014-4"]}
    assert queue_of(client, lead, "?state=waiting") == {"waiting": ["2014-4"]}
    assert queue_of(client, lead, f"?state=waiting&holder={holder.pk}") == {}
    for nonsense in ("?province=99", "?holder=x", "?holder=999999", "?state=draft", "?page=7", "?page=x"):
        assert queue_of(client, lead, nonsense) == both, nonsense


def test_lead_looks_at_the_queue_of_a_reviewer(client: Client) -> None:
    report, elsewhere = factories.make_report(), factories.make_report("Gia Phố")
    put(report, State.SUBMITTED, "2015-01-05")
    hold(elsewhere, reviewer := factories.reviewer_of(elsewhere.commune), "2015-01-05")
    lead = factories.make_lead()

    page = page_of(client, lead, f"?of={reviewer.pk}")

    assert queue_of(client, lead, f"?of={reviewer.pk}") == {"held": ["2014-4"]}
    assert f"Queue of {reviewer}" in page
    assert f"In the hands of {reviewer}: 1" in page
    assert "Workload" not in page
    assert f'name="of" value="{reviewer.pk}"' in page
    for nobody in ("999999", "x", str(lead.pk), str(factories.signer_of(report.commune).pk)):
        assert client.get(f"{URL}?of={nobody}").status_code == 404, nobody
    assert queue_of(client, reviewer, f"?of={lead.pk}") == {"held": ["2014-4"]}


def test_a_lead_of_some_provinces_sees_those_alone(client: Client) -> None:
    report, elsewhere = factories.make_report(), factories.make_report("Gia Phố")
    put(report, State.SUBMITTED, "2015-01-05")
    put(elsewhere, State.SUBMITTED, "2015-01-05")
    here, there = factories.reviewer_of(report.commune), factories.reviewer_of(elsewhere.commune)
    lead = factories.make_user(Duty.LEAD, report.commune.province)
    AreaAssignment.objects.create(user=lead, duty=Duty.CENTRAL, province=elsewhere.commune.province, since="2009-01-01")

    client.force_login(lead)
    context = client.get(URL).context

    assert [row.work.report for section in context["sections"] for row in section.rows] == [report]
    assert [load.reviewer for load in context["loads"]] == [here]
    assert queue_of(client, lead, f"?of={there.pk}") == {}


# Who has how much


def test_workload_of_everybody_and_what_waits_for_nobody(client: Client) -> None:
    thanh_chan, gia_pho, tan_lap = (factories.make_report(name) for name in ("Thanh Chăn", "Gia Phố", "Tân Lập"))
    older = factories.make_report("Gia Phố", "2014-3")
    duc = factories.reviewer_of(thanh_chan.commune)
    AreaAssignment.objects.create(user=duc, duty=Duty.REVIEWER, province=gia_pho.commune.province, since="2009-01-01")
    trang = factories.reviewer_of(gia_pho.commune)
    former = factories.make_user(full_name="Người cũ")
    put(thanh_chan, State.SUBMITTED, "2015-01-07")  # to be taken up today
    hold(gia_pho, duc, "2014-12-31")  # to be decided today
    give_back(older, trang, "2015-01-02", "2015-01-20")
    put(tan_lap, State.SUBMITTED, "2015-01-02")
    hold(factories.make_report("Tân Lập", "2014-3"), former, "2014-12-20")
    client.force_login(factories.make_lead())
    loads = {str(load.reviewer): load for load in client.get(URL).context["loads"]}
    page = client.get(f"{URL}?state=held").content.decode()

    def of(name: object) -> tuple[int, ...]:
        load = loads[str(name)]
        return load.waiting, load.held, load.held_days, load.due_back, load.over

    assert of(duc) == (1, 1, 10, 1, 0)
    assert of(trang) == (0, 0, 0, 1, 0)
    assert of("Người cũ") == (0, 1, 21, 0, 1)
    assert of(None) == (1, 0, 0, 0, 1)
    assert list(loads)[-1] == "None"
    assert set(loads[str(duc)].provinces.values()) == {"Điện Biên", "Hà Tĩnh"}
    assert set(loads["None"].provinces.values()) == {"Bình Phước"}
    for words in ("Nobody assigned", "the oldest for 10 days", f'href="?of={trang.pk}"', "none any more"):
        assert words in page, words
    assert f"?of={former.pk}" not in page


def test_decisions_of_the_last_90_days_count(client: Client) -> None:
    with clock.at(moment("2014-10-11")):
        factories.make_accepted(quarter="2014-3")
    with clock.at(moment("2014-10-13")):
        report = factories.make_accepted("Gia Phố", "2014-3")
    client.force_login(factories.make_lead())

    decided = {load.reviewer: load.decided for load in client.get(URL).context["loads"]}

    assert report.in_force is not None
    assert decided[report.in_force.holder] == 1
    assert sorted(decided.values()) == [0, 1]


def test_a_reviewer_for_the_whole_country_leaves_nothing_to_nobody(client: Client) -> None:
    put(factories.make_report(), State.SUBMITTED, "2015-01-09")
    factories.make_user(Duty.REVIEWER)
    client.force_login(factories.make_lead())

    (load,) = client.get(URL).context["loads"]

    assert (load.is_everywhere, load.waiting) == (True, 1)


def test_a_reviewer_sees_no_workload(client: Client) -> None:
    report = factories.make_report()
    put(report, State.SUBMITTED, "2015-01-09")

    assert "Workload" not in page_of(client, factories.reviewer_of(report.commune))


def test_who_can_take_over_and_how_much_they_hold(django_assert_num_queries: Queries) -> None:
    report = factories.make_report()
    holder, other, limited, elsewhere = (factories.reviewer_of(report.commune) for _ in range(4))
    version = hold(report, holder, "2015-01-05")
    hold(factories.make_report(quarter="2014-3"), other, "2015-01-05")
    everywhere = factories.make_user(Duty.REVIEWER)
    limited.assignments.get().communes.add(factories.commune("Gia Phố"))
    elsewhere.assignments.update(until="2015-01-09")
    User.objects.filter(pk=factories.reviewer_of(report.commune).pk).update(is_active=False)

    with django_assert_num_queries(1):
        found = takers(version)

    assert {user.pk: user.holding for user in found} == {other.pk: 1, everywhere.pk: 0}  # type: ignore[attr-defined]


# Several at once


def ready_one(name: str, reviewer: User | None = None, **filling: Any) -> QuarterlyReport:
    """A report held by the reviewer that nothing keeps from being accepted, unless `filling` does."""
    report = factories.make_submitted(name, **filling)
    if reviewer is None:
        reviewer = factories.make_user(Duty.REVIEWER)
    factories.take_up(report, reviewer)
    return factories.reload(report)


def test_ready_reports_are_chosen_and_accepted_together(client: Client) -> None:
    reviewer = factories.make_user(Duty.REVIEWER)
    ready = [ready_one(name, reviewer) for name in ("Thanh Chăn", "Gia Phố")]
    disputed = ready_one("Tân Lập", reviewer, claims={4: "not_met"})
    theirs = ready_one("Tân Thịnh")
    client.force_login(reviewer)

    page = client.get(URL)
    (held,) = [section for section in page.context["sections"] if section.code == "held"]
    text = page.content.decode()
    assert [row.work.report for row in held.ready] == ready
    assert [row.open for row in held.others] == ["To be looked at: 1 disagreement."]
    assert "Ready to accept: 2" in text
    assert f'name="seen-{disputed.working_id}"' not in text
    assert f'name="seen-{theirs.working_id}"' not in text
    assert f'name="seen-{ready[0].working_id}"' in text

    seen = {f"seen-{row.work.version.pk}": row.readiness.seen for row in [*held.ready, *held.others]}
    chosen = [*(report.working_id for report in ready), disputed.working_id, theirs.working_id]
    response = client.post(f"{ACCEPT}?state=held", {"version": chosen, **seen}, follow=True)
    text = response.content.decode()

    assert response.redirect_chain == [(f"{URL}?state=held", 302)]
    assert "2 reports are accepted." in text
    assert "Not accepted: Tân Lập, quarter IV/2014 (Bình Phước). Not ready: 1 disagreement." in text
    assert "Not accepted: Tân Thịnh, quarter IV/2014 (Bắc Giang). Only the reviewer who has taken the report up" in text
    assert [factories.reload(report).in_force_id for report in ready] == [report.working_id for report in ready]
    assert {factories.working(report).state for report in (disputed, theirs)} == {State.IN_REVIEW}


def test_without_a_choice_nothing_is_accepted_and_what_is_outside_is_not_found(client: Client) -> None:
    report = ready_one("Thanh Chăn")
    assert report.working is not None
    client.force_login(factories.reviewer_of(factories.commune("Gia Phố")))

    assert "Choose at least one report to accept." in client.post(ACCEPT, follow=True).content.decode()
    assert client.post(ACCEPT, {"version": report.working_id}).status_code == 404
    assert client.post(ACCEPT, {"version": 999999}).status_code == 404
    assert client.get(ACCEPT).status_code == 405
    client.force_login(report.working.holder)  # type: ignore[arg-type]
    assert "It was changed after this page was shown." in client.post(
        ACCEPT, {"version": report.working_id}, follow=True
    ).content.decode().replace("&#x27;", "'")
    assert factories.working(report).state == State.IN_REVIEW


# Pages and queries


def everything_waits(reviewer: User | None = None) -> None:
    """All 13 quarters of the 11 communes were sent, or are held by the reviewer."""
    for period in Period.objects.filter(opened_at=None):
        workflow.open_period(period)
    fields: dict[str, Any] = {"state": State.SUBMITTED}
    if reviewer:
        fields = {"state": State.IN_REVIEW, "holder": reviewer, "held_since": moment("2015-01-05")}
    sent = {"submitted_at": moment("2015-01-05"), "judged_on": date(2015, 1, 5)}
    ReportVersion.objects.update(submitted_by=reviewer or factories.make_user(), **sent, **fields)


def test_a_long_queue_comes_in_pages_and_headings_count_all_of_them(client: Client) -> None:
    everything_waits()
    client.force_login(factories.make_lead())

    first, last = client.get(URL).context, client.get(f"{URL}?page=3").context

    assert [len(context["sections"][0].rows) for context in (first, last)] == [50, 43]
    assert [context["sections"][0].total for context in (first, last)] == [143, 143]
    seen = {row.work.report.pk for context in (first, last) for row in context["sections"][0].rows}
    assert len(seen) == 93
    assert "51–100 of 143" in client.get(f"{URL}?page=2").content.decode()


@pytest.mark.parametrize("many", [False, True])
def test_the_queue_takes_as_many_queries_for_143_reports_as_for_one(
    client: Client, django_assert_num_queries: Queries, many: bool
) -> None:
    reviewer, lead = factories.make_user(Duty.REVIEWER), factories.make_lead()
    factories.make_user(Duty.REVIEWER, factories.commune().province)
    AreaAssignment.objects.create(user=lead, duty=Duty.REVIEWER, province=None, since="2009-01-01")
    if many:
        everything_waits(reviewer)
    else:
        hold(factories.make_report(), reviewer, "2015-01-05")

    client.force_login(reviewer)
    # session, user, assignments, limits, piles, rows, events, and three for what is ready
    with django_assert_num_queries(10):
        assert len(client.get(URL).context["page"].object_list) == (50 if many else 1)
    client.force_login(lead)
    with django_assert_num_queries(9):  # no readiness, but the reviewers and what they decided
        client.get(URL)
    with django_assert_num_queries(8):  # the reviewer's assignments
        client.get(f"{URL}?of={reviewer.pk}")
    ReportVersion.objects.filter(holder=reviewer).update(holder=lead)
    with django_assert_num_queries(9):
        client.get(URL)
    with django_assert_num_queries(10):
        client.get(f"{URL}?of={lead.pk}")


def test_my_work_leads_to_the_queue(client: Client) -> None:
    commune = factories.commune()
    for user, words in (
        (factories.reviewer_of(commune), "Queue in the order of work"),
        (factories.make_lead(), "Queue and workload"),
    ):
        client.force_login(user)
        assert f'href="{URL}">{words}</a>' in client.get("/").content.decode()
    client.force_login(factories.signer_of(commune))
    assert URL not in client.get("/").content.decode()
