"""Why a figure stands there: the same figure as on the boards, as known on the day, its history only for insiders?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes.models import Commune, Duty, Membership, Programme, User
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import Period, QuarterlyReport, RegressionAnswer
from reports.standing import Standing, quarter_of, standing
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@dataclass
class World:
    """One commune in four quarters: one criterion short, corrected later, sent only, and not reported at all."""

    commune: Commune
    signer: User
    reviewer: User
    corrected: QuarterlyReport
    sent: QuarterlyReport


def report(
    world_commune: str, quarter: str, day: str, signer: User, reviewer: User, **filling: object
) -> QuarterlyReport:
    with clock.at(moment(day)):
        made = factories.make_report(world_commune, quarter)
        factories.fill_in(made, signer, **filling)  # type: ignore[arg-type]
        factories.submit(made, signer)
        factories.take_up(made, reviewer)
        factories.accept(made, reviewer)
    return factories.reload(made)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once and rolled back at the end: what each test adds is rolled back before."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


def make_world() -> World:
    place = factories.commune()
    with clock.at(moment("2014-01-01")):
        signer, reviewer = factories.signer_of(place), factories.reviewer_of(place)
    report("Thanh Chăn", "2013-4", "2014-01-04", signer, reviewer, verdicts={17: "not_met"})
    corrected = report(
        "Thanh Chăn", "2014-2", "2014-07-04", signer, reviewer, verdicts={10: "not_met", 7: "not_considered"}
    )
    correct(corrected, "2014-08-01", signer, reviewer)
    with clock.at(moment("2014-10-04")):
        sent = factories.make_report("Thanh Chăn", "2014-3")
        factories.fill_in(sent, signer, verdicts={16: "not_met"}, claims={16: "met"})
        factories.submit(sent, signer)
        workflow.open_period(factories.period("2014-4"))
    return World(place, signer, reviewer, corrected, factories.reload(sent))


def correct(made: QuarterlyReport, day: str, signer: User, reviewer: User) -> None:
    """Correct income to met, with a paper, and let the reviewer call it basically met and so say why."""
    with clock.at(moment(day, "08:00")):
        version = factories.official(made)
        workflow.take_step(version, "open_correction", by=reviewer, data=StepData(reason="Nhập nhầm thu nhập."))
        draft = factories.working(made)
        row = draft.values.get(indicator__code="10")
        content = {name: getattr(row, name) for name in row.CONTENT} | {"value": Decimal(99)}
        claim = draft.verdicts.get(criterion__number=10)
        entry.save_rows(
            draft,
            [entry.Write(row.indicator, row.row_version, content)],
            [entry.Write(claim.criterion, claim.row_version, {"claimed": "met", "claim_reason": ""})],
            by=signer,
        )
        factories.add_paper(made, signer, "10", name="Điều tra thu nhập.pdf", document_number="15/CTK")
        factories.submit(made, signer)
    with clock.at(moment(day, "15:00")):
        factories.take_up(made, reviewer)
        held = factories.working(made)
        verdict = held.verdicts.get(criterion__number=10)
        said = {"verified": "met", "verified_reason": "", "fragile": True, "fragile_reason": "Giá cà phê đang giảm."}
        entry.save_review(held, [entry.Write(verdict.criterion, verdict.row_version, said)], by=reviewer)
        factories.accept(made, reviewer)


def page(client: Client, address: str, day: str = "2015-01-10") -> str:
    with clock.at(moment(day)):
        response = client.get(address)
    assert response.status_code == 200, address
    return re.sub(r"\s+", " ", response.content.decode())


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def context(client: Client, address: str) -> Any:
    with clock.at(moment("2015-01-10")):
        response = client.get(address)
    assert response.status_code == 200, address
    return response.context


# The same figure


def boards() -> Iterator[tuple[str, Standing]]:
    """What the boards show of each quarter, before and after the correction: the filter and the standing."""
    for quarter, day in [
        ("2013-4", date(2015, 1, 10)),
        ("2014-2", date(2014, 7, 10)),
        ("2014-2", date(2014, 9, 1)),
        ("2014-4", date(2015, 1, 10)),
    ]:
        yield (
            f"?quarter={quarter}&as_of={day:%d/%m/%Y}",
            standing(factories.programme(), factories.period(quarter), day),
        )


def test_every_figure_is_explained_as_the_boards_show_it(client: Client, world: World) -> None:
    client.force_login(factories.make_viewer())
    for query, shown in boards():
        row = shown.row(world.commune.pk)
        assert row is not None
        explained = context(client, reverse("reports:why_commune", args=[world.commune.pk]) + query)["row"]
        assert (explained.count, explained.outcome, explained.cells) == (row.count, row.outcome, row.cells)
        assert explained.known == row.known
        for number in (7, 10, 17):
            trace = context(client, reverse("reports:why_cell", args=[world.commune.pk, number]) + query)["trace"]
            assert trace.cell == row.cell(number)
        column = context(client, reverse("reports:why_criterion", args=[10]) + query)["column"]
        assert column == next(one for one in shown.columns if one.criterion.number == 10)
        for target in shown.targets:
            address = reverse("reports:why_target", args=[target.due_on.isoformat()]) + query
            assert context(client, address)["target"] == target


def test_provisional_figures_are_explained_to_those_who_see_them(client: Client, world: World) -> None:
    address = reverse("reports:why_cell", args=[world.commune.pk, 16]) + "?quarter=2014-3&figures=provisional"

    client.force_login(world.signer)
    shown = text(page(client, address))
    assert "which was sent and is not accepted yet" in shown
    assert "Not yet: this report is not accepted." in shown
    assert "Computed Not met" in shown

    client.force_login(factories.make_viewer())
    assert "No report counts for quarter III/2014" in text(page(client, address))


# One cell


def cell(world: World, number: int = 10, quarter: str = "2014-2", **more: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in {"quarter": quarter, **more}.items())
    return f"{reverse('reports:why_cell', args=[world.commune.pk, number])}?{query}"


def test_a_cell_names_who_claimed_who_verified_and_by_which_decision(client: Client, world: World) -> None:
    client.force_login(factories.make_viewer())

    shown = text(page(client, cell(world)))

    assert "version 2 of the report of quarter II/2014 , official since 01/08/2014 15:00" in shown.replace("\xa0", " ")
    assert f"Written by {world.signer.full_name}, 01/08/2014" in shown
    assert "Signed by Vũ Đình Thắng, letter 05/BC-BCĐ of 01/08/2014" in shown
    assert "Judged on 01/08/2014" in shown
    assert f"Verified and accepted by {world.reviewer.full_name}, 01/08/2014" in shown
    assert "Giá cà phê đang giảm." in shown
    assert re.search(r"published on \d\d/\d\d/2014", shown)
    assert "to spare" in shown
    assert "Điều tra thu nhập.pdf 15/CTK" in shown


def test_a_criterion_that_was_never_judged_has_no_reasons_but_a_page(client: Client, world: World) -> None:
    client.force_login(factories.make_viewer())
    other = factories.commune("Gia Phố")

    address = reverse("reports:why_cell", args=[other.pk, 10])

    assert "This commune has no report that counts yet." in page(client, address)


def test_a_lost_criterion_says_since_when(client: Client, world: World) -> None:
    client.force_login(factories.make_viewer())

    shown = text(page(client, cell(world, as_of="10/07/2014")))

    assert "Met before, lost in quarter II/2014 and not regained." in shown
    assert "version 1 of the report of quarter II/2014" in shown


def test_what_the_committee_says_to_a_loss_is_told_by_its_day_to_those_concerned(client: Client, world: World) -> None:
    lost = world.corrected.regressions.get(criterion__number=10)
    for version, day in enumerate(["2014-07-08", "2014-07-20"], start=1):
        RegressionAnswer.objects.create(
            regression=lost,
            answer_version=version,
            explanation=f"Mất mùa, lần {version}.",
            recovery="Trồng lại.",
            by=world.signer,
            at=moment(day),
        )
    client.force_login(world.signer)
    before, told, later = (page(client, cell(world, as_of=day)) for day in ("07/07/2014", "10/07/2014", "01/09/2014"))

    assert "Mất mùa" not in before
    assert "“Mất mùa, lần 1.”" in told
    assert reverse("reports:regression", args=[lost.pk]) in told
    assert "Mất mùa" not in later, "the correction ended it"
    client.force_login(factories.make_viewer())
    assert "Mất mùa" not in page(client, cell(world, as_of="10/07/2014"))


def test_a_quarter_without_a_report_leads_to_the_last_known_one(client: Client, world: World) -> None:
    client.force_login(factories.make_viewer())

    shown = text(page(client, cell(world, quarter="2014-4")))

    assert "No report counts for quarter IV/2014: this is the last known figure, of quarter II/2014." in shown
    assert "III/2014 Not reported" in shown


# The whole history


HISTORY = ("What happened to the report", "Who wrote what of this criterion")


@pytest.mark.parametrize(
    ("make", "reads"),
    [
        (lambda world: world.signer, True),
        (lambda world: factories.editor_of(world.commune), True),
        (lambda world: world.reviewer, True),
        (lambda world: factories.central_member_of(world.commune), True),
        (lambda world: factories.make_lead(), True),
        (lambda world: factories.make_viewer(), False),
        (lambda world: factories.signer_of(factories.commune("Gia Phố")), False),
        (lambda world: factories.make_user(Duty.REVIEWER, factories.commune("Gia Phố").province), False),
        (lambda world: factories.make_administrator(), False),
    ],
)
def test_only_those_concerned_read_the_history_and_open_the_papers(
    client: Client, world: World, make: Callable[[World], User], reads: bool
) -> None:
    client.force_login(make(world))

    html = page(client, cell(world))

    assert all((heading in html) == reads for heading in HISTORY)
    assert ("/file/" in html) == reads
    assert ("are read by the provincial committee" in html) != reads


def writes(client: Client, address: str) -> list[tuple[int, str, str, str]]:
    trail = context(client, address)["trace"].trail
    return [(each.version, each.written.what[:2], each.written.before, each.written.after) for each in trail.writes]


def test_the_history_tells_every_write_to_the_criterion_and_no_other(client: Client, world: World) -> None:
    client.force_login(world.reviewer)

    shown = [(version, what, after) for version, what, _before, after in writes(client, cell(world))]

    assert shown[0] == (2, "10", "Verified: met · Not yet sustainable: Giá cà phê đang giảm.") or shown[0][0] == 2
    assert {version for version, _what, _after in shown} == {1, 2}
    assert {what for _version, what, _after in shown} == {"10"}
    assert (2, "10", "Claimed: met") in shown
    assert sum("99" in after for _version, _what, after in shown) == 1
    events = [event.action for event in context(client, cell(world))["trace"].trail.events]
    assert events == [
        *("accept", "take_up", "submit", "open_correction"),
        *("regression", "accept", "take_up", "submit", "open"),
    ]


def test_what_the_correction_took_over_is_no_write_of_it(client: Client, world: World) -> None:
    client.force_login(world.reviewer)

    assert [each for each in writes(client, cell(world, 5)) if each[0] == 2 and "Verified" not in each[3]] == []


def test_the_day_cuts_the_history(client: Client, world: World) -> None:
    client.force_login(world.reviewer)
    then = cell(world, as_of="10/07/2014")

    trail = context(client, then)["trace"].trail

    assert [event.action for event in trail.events] == ["regression", "accept", "take_up", "submit", "open"]
    assert {each.version for each in trail.writes} == {1}
    assert "what happened after that day is not shown" in page(client, then)
    assert "Điều tra thu nhập" not in page(client, then)


def test_what_the_reviewer_writes_is_kept_from_the_committee_until_it_is_accepted(client: Client, world: World) -> None:
    with clock.at(moment("2015-01-05")):
        version = factories.official(world.corrected)
        workflow.take_step(version, "open_correction", by=factories.make_lead(), data=StepData(reason="Rà soát lại."))
        factories.submit(world.corrected, world.signer)
        factories.take_up(world.corrected, world.reviewer)
        held = factories.working(world.corrected)
        row = held.verdicts.get(criterion__number=10)
        said = {"verified": "not_met", "verified_reason": "Số liệu sai.", "fragile": False, "fragile_reason": ""}
        entry.save_review(held, [entry.Write(row.criterion, row.row_version, said)], by=world.reviewer)

    client.force_login(world.signer)
    assert "Số liệu sai." not in page(client, cell(world))
    client.force_login(world.reviewer)
    assert "Số liệu sai." in page(client, cell(world))


def test_the_one_who_accepted_is_named_though_another_holds_it_now(client: Client, world: World) -> None:
    lead, other = factories.make_lead(), factories.reviewer_of(world.commune)
    with clock.at(moment("2014-09-10")):
        data = StepData(reason="Xem lại.")
        workflow.take_step(factories.official(world.corrected), "undo_accept", by=lead, data=data)
        data = StepData(reason="Nghỉ phép.", to=other)
        workflow.take_step(factories.working(world.corrected), "reassign", by=lead, data=data)
        factories.accept(world.corrected, other)
    client.force_login(factories.make_viewer())

    assert f"accepted by {other.full_name}, 10/09/2014" in text(page(client, cell(world)))
    assert f"accepted by {world.reviewer.full_name}, 01/08/2014" in text(page(client, cell(world, as_of="01/09/2014")))


# Counts and targets


def test_the_count_of_a_commune_lists_its_criteria(client: Client, world: World) -> None:
    client.force_login(factories.make_viewer())

    html = page(client, f"{reverse('reports:why_commune', args=[world.commune.pk])}?quarter=2014-2")

    assert "18/18" in text(html).replace(" / ", "/")
    assert html.count("counts as met") == 18
    assert html.count("left out of the count") == 1
    quarters = text(html[html.index("This count in every quarter") :])
    assert "IV/2014 Not reported III/2014 Not reported II/2014 18/18 IV/2013 18/19" in quarters
    assert f'href="/why/{world.commune.pk}/10/?quarter=2014-2"' in html


def test_a_target_names_its_source_and_what_each_commune_lacks(client: Client, world: World) -> None:
    client.force_login(factories.make_viewer())

    html = page(client, reverse("reports:why_target", args=["2013-12-31"]) + "?quarter=2014-2")

    assert "0 of 11 communes complete, 9 needed" in text(html)
    assert "It is decided by the reports of quarter IV/2013" in text(html)
    assert "17/05/2013" in html
    assert f'href="/why/{world.commune.pk}/?quarter=2013-4"' in html
    assert f'href="/why/{world.commune.pk}/17/?quarter=2013-4"' in html


# What there is not


@pytest.mark.parametrize(
    "address", ["why/999999/", "why/999999/1/", "why/target/2013-12-30/", "why/target/soon/", "why/criterion/99/"]
)
def test_what_no_board_shows_is_not_found(client: Client, world: World, address: str) -> None:
    client.force_login(factories.make_viewer())

    assert client.get(f"/{address}").status_code == 404
    assert client.get(f"/why/{world.commune.pk}/99/").status_code == 404


def test_a_commune_that_was_no_member_then_has_no_figure(client: Client, world: World) -> None:
    Membership.objects.create(
        programme=factories.programme(), commune=world.commune, since=date(2014, 5, 1), is_member=False, source="x"
    )
    client.force_login(factories.make_viewer())

    assert "No board shows this figure" in page(client, cell(world))
    assert "No board shows this figure" in page(client, f"/why/{world.commune.pk}/?quarter=2014-2")
    assert "No board shows this figure" not in page(client, cell(world, quarter="2013-4"))


def test_a_quarter_the_commune_owes_nothing_for_is_explained_all_the_same(client: Client, world: World) -> None:
    Period.objects.filter(year=2014, quarter=1).update(opened_at=moment("2014-04-01"))
    client.force_login(factories.make_viewer())
    shown = standing(factories.programme(), factories.period("2014-1"), date(2015, 1, 10)).row(world.commune.pk)

    trace = context(client, cell(world, quarter="2014-1"))["trace"]

    assert shown is not None
    assert trace.cell == shown.cell(10)
    assert [quarter.period.code for quarter in trace.quarters][-2:] == ["2014-1", "2013-4"]


@pytest.mark.parametrize("quarter", ["2050-1", "abc", "1-²", "2014-9", "9" * 5000])
def test_an_unknown_quarter_is_answered_as_on_the_boards(client: Client, world: World, quarter: str) -> None:
    client.force_login(factories.make_viewer())

    assert "There is no such quarter; the newest one is shown." in page(client, cell(world, quarter=quarter))


def test_a_programme_of_others_has_no_reasons_here(client: Client, world: World) -> None:
    Programme.objects.create(code="z", name_vi="Khác", name_en="Other", source="x", baseline_on=date(2011, 12, 31))
    client.force_login(factories.make_viewer())

    assert "2014-2" in page(client, cell(world, programme="z"))


# Queries


def test_the_pages_take_the_same_queries_however_long_the_history(client: Client, world: World) -> None:
    def counts(user: User) -> dict[str, int]:
        client.force_login(user)
        found = {}
        for name, address in {
            "cell": cell(world),
            "provisional": cell(world, quarter="2014-3", figures="provisional"),
            "commune": f"/why/{world.commune.pk}/?quarter=2014-2",
            "criterion": "/why/criterion/10/?quarter=2014-2",
            "target": "/why/target/2013-12-31/?quarter=2014-2",
        }.items():
            with clock.at(moment("2015-01-10")), CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found[name] = len(captured)
        return found

    viewer = factories.make_viewer()
    expected = {"cell": 8, "provisional": 8, "commune": 7, "criterion": 8, "target": 8}
    assert counts(viewer) == expected
    assert counts(world.reviewer) == expected | {"cell": 9, "provisional": 9}
    for each in Period.objects.all():
        workflow.open_period(each)
    for day in ("2014-09-02", "2014-09-20"):
        correct(world.corrected, day, world.signer, world.reviewer)
    assert counts(viewer) == expected
    assert counts(world.reviewer) == expected | {"cell": 9, "provisional": 9}
    assert quarter_of(factories.period("2014-4")) == (2014, 4)
