"""The review page: what the holder sees first, and that no button loses anything typed."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import User
from ntm_tracker import clock
from reports import entry, workflow
from reports.inspections import named_criteria
from reports.models import CriterionVerdict, QuarterlyReport, ReviewItem, ReviewLimits, Section, State
from reports.workflow import missing_before_acceptance
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Queries = Callable[..., Any]
IN_OCTOBER = moment("2014-10-02")
QUERIES = 12
"""3 of every page; report, criteria, values, verdicts, items, sections, papers, events, limits of the review."""


def url_of(report: QuarterlyReport, name: str = "review", *more: int | str) -> str:
    return reverse(f"reports:{name}", args=[report.pk, *more])


def holder_of(report: QuarterlyReport) -> User:
    assert report.working is not None
    assert report.working.holder is not None
    return report.working.holder


def row(report: QuarterlyReport, number: int) -> CriterionVerdict:
    return CriterionVerdict.objects.get(version=factories.working(report), criterion__number=number)


def typed(report: QuarterlyReport, **verdicts: dict[str, str]) -> dict[str, str]:
    """What the browser sends: every row as it is stored, but for `c10={"verified": ...}`."""
    data: dict[str, str] = {}
    for stored in CriterionVerdict.objects.filter(version=factories.working(report)).select_related("criterion"):
        name = f"c{stored.criterion.number}"
        fields = {
            "verified": stored.verified,
            "verified_reason": stored.verified_reason,
            "fragile_reason": stored.fragile_reason,
            "row_version": str(stored.row_version),
        } | ({"fragile": "on"} if stored.fragile else {})
        data |= {f"{name}-{field}": value for field, value in (fields | verdicts.get(name, {})).items()}
    return data | {
        "do": "save",
        "about": "all",
        "kind": "must_fix",
        "text": "",
        "reason": "",
        "respond_by": "17/01/2015",
    }


# Who and when


def test_before_taking_up_the_page_is_read_only_with_the_button(client: Client) -> None:
    report = factories.make_submitted(claims={10: "not_met"})
    client.force_login(factories.reviewer_of(report.commune))

    text = client.get(url_of(report)).content.decode()

    assert url_of(report, "step", "take_up") in text
    assert "Nobody has taken up this report yet." in text
    assert 'name="c10-verified"' not in text


def test_a_colleague_and_a_lead_read_who_holds_it(client: Client) -> None:
    report = factories.make_in_review()

    for user in (factories.reviewer_of(report.commune), factories.make_lead()):
        client.force_login(user)
        text = client.get(url_of(report)).content.decode()
        assert f"{holder_of(report)} is reviewing this version; you can only read." in text
        assert 'name="c10-verified"' not in text


def test_only_the_ministry_opens_the_review(client: Client) -> None:
    report = factories.make_in_review()

    for user in (factories.signer_of(report.commune), factories.central_member_of(report.commune)):
        client.force_login(user)
        response = client.get(url_of(report))
        assert response.status_code == 403
        assert "Only the reviewers of the province and the ministry leads" in response.content.decode()


def test_there_is_nothing_to_review_in_a_draft_or_after_acceptance(client: Client) -> None:
    draft = factories.make_report()
    client.force_login(factories.reviewer_of(draft.commune))
    assert client.get(url_of(draft)).status_code == 403

    with clock.at(IN_OCTOBER):
        accepted = factories.make_accepted(quarter="2014-3")
    response = client.post(url_of(accepted), {"do": "accept"})
    assert response.status_code == 403
    assert "in the state “accepted”" in response.content.decode()


@pytest.mark.parametrize("do", ["save", "accept", "return"])
def test_a_colleague_cannot_save_accept_or_return(client: Client, do: str) -> None:
    report = factories.make_in_review()
    colleague = factories.reviewer_of(report.commune)
    entry.raise_item(factories.working(report), text="Sửa", kind="must_fix", by=holder_of(report))
    data = typed(report, c10={"verified": "not_met", "verified_reason": "Khác"})
    client.force_login(colleague)

    response = client.post(url_of(report), data | {"do": do, "reason": "Sửa"})

    assert response.status_code == 403
    assert row(report, 10).verified == "met"
    assert factories.working(report).state == State.IN_REVIEW


# What is shown


def test_disagreements_come_first_with_value_threshold_gap_and_reason(client: Client) -> None:
    report = factories.make_in_review(verdicts={17: "not_met"}, claims={17: "met"})
    client.force_login(holder_of(report))

    response = client.get(url_of(report))

    [case] = response.context["cases"]
    text = response.content.decode()
    assert case.sheet.criterion.number == 17
    assert len(response.context["rest"]) == 18
    assert "short of the threshold" in text
    assert "Theo kết quả rà soát của xã" in text


def test_missing_data_claimed_otherwise_is_a_disagreement(client: Client) -> None:
    report = factories.make_in_review(verdicts={10: "no_data"}, claims={10: "met"})
    client.force_login(holder_of(report))

    response = client.get(url_of(report))

    [case] = response.context["cases"]
    assert 'name="c10-row_version" value="2"' in " ".join(response.content.decode().split())
    assert (case.sheet.claimed, case.sheet.computed, case.form["verified"].value()) == ("met", "no_data", "no_data")


def test_changes_against_the_last_accepted_quarter_are_numbers(client: Client) -> None:
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3", values={"10": {"value": Decimal("30")}})
    report = factories.make_in_review(values={"10": {"value": Decimal("29.5")}})
    client.force_login(holder_of(report))

    response = client.get(url_of(report))

    change = next(change for change in response.context["changes"] if change.sheet.indicator.code == "10")
    assert change.accepted.difference == Decimal("-0.5")
    assert change.accepted.text.startswith("30")
    assert change.now.startswith("29.5")
    assert change.sent is None
    assert response.context["accepted"].report.period.code == "2014-3"
    assert "−0.5" in response.content.decode()


def test_the_newest_of_the_accepted_quarters_is_compared_with(client: Client) -> None:
    for day, quarter in (("2014-07-02", "2014-2"), ("2014-10-02", "2014-3"), ("2014-04-02", "2014-1")):
        with clock.at(moment(day)):
            factories.make_accepted(quarter=quarter)
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    assert client.get(url_of(report)).context["accepted"].report.period.code == "2014-3"


def test_a_share_of_two_numbers_is_compared_with_a_plain_percentage(client: Client) -> None:
    parts = {"value": Decimal("75"), "numerator": Decimal("450"), "denominator": Decimal("600")}
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3", values={"15.1": parts})
    report = factories.make_in_review(values={"15.1": {"value": Decimal("80")}})
    client.force_login(holder_of(report))

    changes = client.get(url_of(report)).context["changes"]

    assert [change.accepted.difference for change in changes if change.sheet.indicator.code == "15.1"] == [Decimal("5")]


def test_unchanged_indicators_are_not_listed(client: Client) -> None:
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3", values={"10": {"value": Decimal("30")}})
    report = factories.make_in_review(values={"10": {"value": Decimal("30")}})
    client.force_login(holder_of(report))

    assert client.get(url_of(report)).context["changes"] == []


def test_a_loss_since_the_last_accepted_quarter_is_marked(client: Client) -> None:
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3")
    report = factories.make_in_review(verdicts={17: "not_met"})
    client.force_login(holder_of(report))

    rows = client.get(url_of(report)).context["moves"]

    assert {row.sheet.criterion.number: row.mark for row in rows if row.mark} == {17: "down"}


def test_changes_against_the_version_sent_before(client: Client) -> None:
    report = factories.make_in_review(values={"10": {"value": Decimal("29")}})
    reviewer = holder_of(report)
    signer = factories.signer_of(report.commune)
    item = factories.give_back(report, reviewer)
    factories.fill_in(report, signer, values={"10": {"value": Decimal("29.25")}})
    entry.reply_to_item(factories.working(report), item, "Đã sửa.", by=signer)
    factories.submit(report, signer)
    client.force_login(reviewer)

    response = client.get(url_of(report))

    [change] = response.context["changes"]
    assert change.sent.difference == Decimal("0.25")
    assert response.context["sent"].number == 1
    assert "Đã sửa." in response.content.decode()


def sent_again(
    write: Callable[[QuarterlyReport, User], None], about: int | None = 11
) -> tuple[QuarterlyReport, User, User]:
    """A report sent again after it was returned for one criterion (or as a whole), with the reviewer and the signer."""
    report = factories.make_in_review(values={"11": {"value": Decimal("2")}, "12": {"value": Decimal("96")}})
    reviewer, signer = holder_of(report), factories.signer_of(report.commune)
    criterion = row(report, about).criterion if about else None
    entry.raise_item(factories.working(report), text="Nguồn?", kind="must_fix", criterion=criterion, by=reviewer)
    data = workflow.StepData(reason="Cần bổ sung.", respond_by=date(2015, 1, 17))
    workflow.take_step(factories.working(report), "return", by=reviewer, data=data)
    write(report, signer)
    factories.answer(report, signer)
    factories.submit(report, signer)
    return factories.reload(report), reviewer, signer


def write_value(report: QuarterlyReport, by: User, code: str, number: str) -> None:
    version = factories.working(report)
    stored = version.values.select_related("indicator").get(indicator__code=code)
    write = entry.Write(stored.indicator, stored.row_version, {"value": Decimal(number)})
    assert entry.save_rows(version, [write], by=by).written == 1


def write_here_and_there(report: QuarterlyReport, by: User) -> None:
    """What was asked for, another value, a line and a paper."""
    write_value(report, by, "11", "2.5")
    write_value(report, by, "12", "95.5")
    factories.write_line(report, "Bão số 3", by, Section.DIFFICULTIES, kind="objective", detail="Mưa lớn")
    factories.add_paper(report, by, "12")


def panel(text: str, name: str) -> str:
    """The words of a panel of the page."""
    shown = text[text.index(f'id="{name}"') : text.index("</section>", text.index(f'id="{name}"'))]
    return " ".join(re.sub("<[^>]+>", " ", shown).replace("\xa0", " ").split())


def test_edits_outside_the_items_are_listed_with_both_sides_and_their_writer(client: Client) -> None:
    report, reviewer, signer = sent_again(write_here_and_there)
    client.force_login(reviewer)

    response = client.get(url_of(report))

    found = [(difference.what, difference.before, difference.after) for _url, difference in response.context["outside"]]
    assert [what.split(" ", 1)[0] for what, _before, _after in found] == ["12", "Evidence", "Difficulties"]
    shown = panel(response.content.decode(), "outside")
    assert "96 % 95.5 % −0.5" in shown
    assert f"Bão số 3 · Cause: Objective · Why: Mưa lớn {signer} 10/01/2015" in shown
    assert [difference.indicator for _url, difference in response.context["inside"]] == ["11"]
    assert "1 edit where something was asked" in shown
    assert "3 edits outside what was asked" in response.content.decode()


def test_an_item_on_the_whole_report_names_no_place(client: Client) -> None:
    report, reviewer, _signer = sent_again(write_here_and_there, about=None)
    client.force_login(reviewer)

    response = client.get(url_of(report))

    assert len(response.context["outside"]) == 4
    assert "An item concerns the whole report" in response.content.decode()


def test_a_correction_lists_what_differs_and_asks_nothing(client: Client) -> None:
    report = factories.make_accepted(values={"12": {"value": Decimal("96")}})
    signer = factories.signer_of(report.commune)
    workflow.take_step(
        factories.official(report), "open_correction", by=signer, data=workflow.StepData(reason="Nhầm số.")
    )
    write_value(report, signer, "12", "95.5")
    factories.submit(report, signer)
    client.force_login(factories.reviewer_of(report.commune))

    response = client.get(url_of(report))

    assert response.context["asked"] == []
    assert "What differs from version 1, as it was sent" in panel(response.content.decode(), "outside")
    assert [difference.indicator for _url, difference in response.context["outside"]] == ["12"]


def test_the_first_version_has_no_list_of_edits(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    assert 'id="outside"' not in client.get(url_of(report)).content.decode()


def test_sections_and_papers_are_read_and_fetched_on_the_page(client: Client) -> None:
    report, reviewer, _signer = sent_again(write_here_and_there)
    client.force_login(reviewer)

    text = client.get(url_of(report)).content.decode()

    assert "Difficulties and causes 1 line" in panel(text, "sections")
    read = client.get(url_of(report, "version", 2)).content.decode()
    assert f"{url_of(report, 'version', 2)}#s-difficulties" in text
    assert "Mưa lớn" in panel(read, "s-difficulties")
    paper = report.evidence.get()
    assert reverse("reports:evidence_file", args=[report.pk, paper.pk]) in text
    assert str(paper) in panel(text, "papers")


def test_what_stands_out_is_ranked_and_shown_with_its_explanation(client: Client) -> None:
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3")
    values = {"11": {"value": Decimal("30"), "explanation": "Hộ nghèo tăng do bão"}}
    report = factories.make_in_review(values=values, verdicts={17: "not_met"}, claims={11: "not_met"})
    client.force_login(holder_of(report))

    response = client.get(url_of(report))

    shown = panel(response.content.decode(), "points")
    assert "criterion 11 is about to be lost" in shown
    assert "“Hộ nghèo tăng do bão”" in shown
    assert "not explained" in shown
    assert [point.url for point in response.context["points"]][0] in ("#c11", "#c17")


# Saving verdicts


def test_verdicts_are_saved_all_at_once(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(
        report,
        c10={"verified": "not_met", "verified_reason": "Khác điều tra"},
        c11={"fragile": "on", "fragile_reason": "Dễ tái nghèo"},
    )
    response = client.post(url_of(report), data, follow=True)

    assert "The verdicts are saved." in response.content.decode()
    assert (row(report, 10).verified, row(report, 10).verified_reason) == ("not_met", "Khác điều tra")
    assert (row(report, 11).fragile, row(report, 11).fragile_reason) == (True, "Dễ tái nghèo")
    assert row(report, 12).row_version == 2  # written at take-up, not touched since


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"verified": "perfect"}, "is not one of the available choices"),
        ({"verified": "not_met", "fragile": "on"}, "Only what is met or basically met can be not yet sustainable."),
        ({"fragile_reason": "Dễ mất"}, "Choose “Not yet sustainable”, or leave out the reason below."),
        ({"verified_reason": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_wrong_row_is_not_saved_and_keeps_what_was_typed_while_others_are(
    client: Client, wrong: dict[str, str], sentence: str
) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(report, c10=wrong, c12={"verified": "basic", "verified_reason": "Thiếu hồ sơ"})
    response = client.post(url_of(report), data)

    text = response.content.decode()
    assert sentence in text
    assert 'href="#c10"' in text
    assert "The other verdicts are saved; those marked below are not." in text
    assert all(value in text for value in wrong.values() if value != "perfect")
    assert row(report, 10).verified == "met"
    assert row(report, 12).verified == "basic"


@pytest.mark.parametrize("stale", ["1", "", "abc", "-5", "99"])
def test_a_stale_or_odd_row_version_changes_nothing_and_shows_both(client: Client, stale: str) -> None:
    report = factories.make_in_review()
    holder = holder_of(report)
    stored = row(report, 10)
    first = entry.Write(stored.criterion, stored.row_version, {"verified": "basic", "verified_reason": "Tab kia"})
    entry.save_review(factories.working(report), [first], by=holder)
    client.force_login(holder)

    mine = {"verified": "not_met", "verified_reason": "Tab này", "row_version": stale}
    response = client.post(url_of(report), typed(report, c10=mine))

    text = response.content.decode()
    assert "Tab kia" in text
    assert "Tab này" in text
    assert "somebody else changed this verdict meanwhile" in text
    assert f'name="c10-row_version" value="{row(report, 10).row_version}"' in " ".join(text.split())
    assert row(report, 10).verified == "basic"


def test_saving_again_after_a_conflict_replaces_what_stood_there(client: Client) -> None:
    report = factories.make_in_review()
    holder = holder_of(report)
    stored = row(report, 10)
    first = entry.Write(stored.criterion, stored.row_version, {"verified": "basic", "verified_reason": "Tab kia"})
    entry.save_review(factories.working(report), [first], by=holder)
    client.force_login(holder)

    client.post(url_of(report), typed(report, c10={"verified": "not_met", "verified_reason": "Tab này"}))

    assert row(report, 10).verified_reason == "Tab này"


def test_text_for_another_button_survives_saving(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(report) | {"reason": "Chưa rõ nguồn", "text": "Hỏi về thu nhập", "respond_by": "19/01/2015"}
    text = client.post(url_of(report), data).content.decode()

    assert "Chưa rõ nguồn" in text
    assert "Hỏi về thu nhập" in text
    assert 'value="19/01/2015"' in text


# Items


def test_an_item_is_raised_on_an_indicator_and_verdicts_are_saved_with_it(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(report, c12={"verified": "basic", "verified_reason": "Thiếu hồ sơ"})
    data |= {"about": "i15.1", "kind": "question", "text": "Ai trả tiền thẻ năm 2015?"}
    response = client.post(url_of(report, "item_raise"), data, follow=True)

    item = ReviewItem.objects.get()
    assert (item.indicator and item.indicator.code, item.criterion and item.criterion.number) == ("15.1", 15)
    assert item.kind == ReviewItem.Kind.QUESTION
    assert row(report, 12).verified == "basic"
    assert "The item is noted." in response.content.decode()


@pytest.mark.parametrize(("about", "number"), [("all", None), ("c10", 10)])
def test_an_item_can_be_about_a_criterion_or_the_whole_report(client: Client, about: str, number: int | None) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    client.post(url_of(report, "item_raise"), typed(report) | {"about": about, "text": "Ghi rõ."})

    item = ReviewItem.objects.get()
    assert (item.criterion.number if item.criterion else None) == number


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text": " "}, "Please say what must be fixed or answered."),
        ({"about": "i99.9"}, "is not one of the available choices"),
        ({"kind": "threat"}, "is not one of the available choices"),
    ],
)
def test_a_wrong_item_is_refused_and_what_was_typed_is_kept(
    client: Client, wrong: dict[str, str], sentence: str
) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(report) | {"text": "Ghi rõ nguồn", "reason": "Vì thiếu"} | wrong
    text = client.post(url_of(report, "item_raise"), data).content.decode()

    assert sentence in text
    assert "Vì thiếu" in text
    assert wrong.get("text", "Ghi rõ nguồn") in text
    assert not ReviewItem.objects.exists()


def test_items_are_raised_and_resolved_only_by_the_holder(client: Client) -> None:
    report = factories.make_in_review()
    item = entry.raise_item(factories.working(report), text="Sửa", kind="must_fix", by=holder_of(report))
    client.force_login(factories.reviewer_of(report.commune))

    raised = client.post(url_of(report, "item_raise"), {"about": "all", "kind": "must_fix", "text": "Sửa"})
    resolved = client.post(url_of(report, "item_resolve", item.pk))

    assert raised.status_code == resolved.status_code == 403
    assert ReviewItem.objects.filter(resolved_at=None).count() == 1


def test_an_item_is_resolved(client: Client) -> None:
    report = factories.make_in_review()
    item = entry.raise_item(factories.working(report), text="Sửa", kind="must_fix", by=holder_of(report))
    client.force_login(holder_of(report))

    response = client.post(url_of(report, "item_resolve", item.pk), typed(report), follow=True)

    item.refresh_from_db()
    assert item.resolved_by == holder_of(report)
    assert "The item is resolved." in response.content.decode()


@pytest.mark.parametrize("name", ["item_raise", "item_resolve", "replies"])
def test_item_addresses_take_only_posts(client: Client, name: str) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    more = [1] if name == "item_resolve" else []
    assert client.get(url_of(report, name, *more)).status_code == 405


# Return


def test_a_report_is_returned_with_reason_day_and_items(client: Client) -> None:
    report = factories.make_in_review()
    entry.raise_item(factories.working(report), text="Sửa", kind="must_fix", by=holder_of(report))
    client.force_login(holder_of(report))

    data = typed(report) | {"do": "return", "reason": "Chưa rõ nguồn", "respond_by": "19/01/2015"}
    response = client.post(url_of(report), data, follow=True)

    assert "The committee should respond by 19/01/2015." in response.content.decode()
    draft = factories.working(report)
    assert draft.state == State.DRAFT
    assert draft.based_on is not None
    assert draft.based_on.respond_by is not None
    assert draft.based_on.respond_by.isoformat() == "2015-01-19"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reason": ""}, "Please say why."),
        ({"respond_by": "09/01/2015"}, "This day is already over: today is 10/01/2015."),
        ({"respond_by": "mai"}, "This is not a date."),
        ({}, "Add at least one item that says what must be fixed or answered."),
    ],
)
def test_a_return_that_lacks_something_is_refused_and_kept(
    client: Client, wrong: dict[str, str], sentence: str
) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(report) | {"do": "return", "reason": "Chưa rõ nguồn", "respond_by": "19/01/2015"} | wrong
    text = client.post(url_of(report), data).content.decode()

    assert sentence in text
    assert wrong.get("reason", "Chưa rõ nguồn") in text
    assert wrong.get("respond_by", "19/01/2015") in text
    assert factories.working(report).state == State.IN_REVIEW


def test_a_report_that_nobody_took_up_can_be_returned_by_any_reviewer(client: Client) -> None:
    report = factories.make_submitted()
    client.force_login(factories.reviewer_of(report.commune))

    client.post(url_of(report, "item_raise"), {"about": "all", "kind": "must_fix", "text": "Sai kỳ"})
    data = {"do": "return", "reason": "Sai kỳ", "respond_by": "19/01/2015"}
    client.post(url_of(report), data)

    assert factories.working(report).number == 2


# Acceptance


def test_accepting_saves_what_was_typed_first(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(report, c10={"verified": "basic", "verified_reason": "Thiếu hồ sơ"}) | {"do": "accept"}
    response = client.post(url_of(report), data, follow=True)

    assert "The report is accepted; its figures are official from now on." in response.content.decode()
    official = factories.official(report)
    assert official.verdicts.get(criterion__number=10).verified == "basic"


def test_obstacles_are_listed_with_links_and_nothing_is_accepted(client: Client) -> None:
    report = factories.make_in_review()
    holder = holder_of(report)
    item = entry.raise_item(factories.working(report), text="Ghi rõ nguồn", kind="must_fix", by=holder)
    client.force_login(holder)

    data = typed(report, c10={"verified": "basic"}, c11={"verified": ""}, c16={"fragile": "on"}) | {"do": "accept"}
    response = client.post(url_of(report), data)

    errors = dict(response.context["errors"])
    assert set(errors) == {"#c10", "#c11", "#c16", f"#item{item.pk}"}
    assert factories.working(report).state == State.IN_REVIEW
    assert row(report, 10).verified == "basic"  # what was typed is saved all the same


def test_a_row_in_error_stops_the_acceptance(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    data = typed(report, c10={"verified": "not_met", "fragile": "on"}) | {"do": "accept"}
    client.post(url_of(report), data)

    assert factories.working(report).state == State.IN_REVIEW


def test_the_bar_says_in_words_what_still_stops_the_acceptance(client: Client) -> None:
    report = factories.make_in_review()
    holder = holder_of(report)
    client.force_login(holder)
    assert "Nothing stops the acceptance." in client.get(url_of(report)).content.decode()

    entry.raise_item(factories.working(report), text="Ghi rõ nguồn", kind="must_fix", by=holder)
    item = entry.raise_item(factories.working(report), text="Ghi rõ năm", kind="must_fix", by=holder)
    client.post(url_of(report), typed(report, c10={"verified": "basic"}, c17={"verified": "basic"}))
    text = client.get(url_of(report)).content.decode()

    assert "10 Income: say why the verdict departs from the computed one." in text
    assert 'href="#c17"' in text
    assert f'href="#item{item.pk}"' not in text
    assert "And 1 more." in text


@pytest.mark.parametrize(
    ("content", "stops"),
    [
        ({}, False),
        ({"verified": ""}, True),
        ({"verified": "basic"}, True),
        ({"verified": "basic", "verified_reason": "Thiếu"}, False),
        ({"fragile": True}, True),
        ({"fragile": True, "fragile_reason": "Dễ mất"}, False),
        ({"verified": "basic", "fragile": True}, True),
        ({"verified": "basic", "verified_reason": "Thiếu", "fragile": True}, True),
    ],
)
def test_the_bar_agrees_with_what_the_workflow_refuses(client: Client, content: dict[str, Any], stops: bool) -> None:
    report = factories.make_in_review()
    holder = holder_of(report)
    client.force_login(holder)
    stored = row(report, 10)
    whole = {"verified": "met"} | content
    entry.save_review(factories.working(report), [entry.Write(stored.criterion, 2, whole)], by=holder)

    shown = client.get(url_of(report)).context["obstacles"]

    assert [gap.anchor for gap in shown] == (["c10"] if stops else [])
    assert missing_before_acceptance(factories.working(report)) == shown


@pytest.mark.parametrize("rounds", [0, 2])
def test_review_takes_as_many_queries_after_many_rounds(
    client: Client, django_assert_num_queries: Queries, rounds: int
) -> None:
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3")
    report = factories.make_submitted(claims={17: "not_met"})
    signer = factories.signer_of(report.commune)
    reviewer = factories.reviewer_of(report.commune)
    for _ in range(rounds):
        factories.give_back(report, reviewer)
        for item in report.review_items.all():
            entry.reply_to_item(factories.working(report), item, "Đã ghi.", by=signer)
        factories.submit(report, signer)
    factories.take_up(report, reviewer)
    client.force_login(reviewer)

    with django_assert_num_queries(QUERIES):
        response = client.get(url_of(report))

    assert len(response.context["items"]) == rounds


def test_a_post_from_elsewhere_to_a_report_that_moved_on_is_refused(client: Client) -> None:
    report = factories.make_in_review()
    holder = holder_of(report)
    data = typed(report, c10={"verified": "basic", "verified_reason": "Thiếu"}) | {"do": "accept"}
    workflow.take_step(factories.working(report), "accept", by=holder)
    client.force_login(holder)

    assert client.post(url_of(report), data).status_code == 403
    assert factories.official(report).verdicts.get(criterion__number=10).verified == "met"


# What matters first


def make_typical(papers: int = 1, items: int = 1) -> tuple[QuarterlyReport, User]:
    """39 indicators, 5 changes and 2 disagreements, in the second round; and its holder.

    17 is lost and disputed, 11 lost and explained, 10 without data and disputed, 12 gained and changed outside of what
    was asked, 15.1 changed by a millionth. An inspection names 17 and 15; one paper has expired, one expires.
    """
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3", verdicts={12: "not_met"})
    report = factories.make_report()
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    values: dict[str, dict[str, Any]] = {
        "17.1": {"value": Decimal("60")},
        "11": {"value": Decimal("30"), "explanation": "Hộ nghèo tăng do bão"},
        "10": {"absence": "no_data", "absence_reason": "Chưa điều tra"},
        "12": {"value": Decimal("94")},
        "15.1": {"value": Decimal("72.500001")},
    }
    factories.fill_in(report, signer, values=values, claims={17: "met", 10: "met", 11: "not_met"})
    words = {"key": "well", "kind": "district", "day": date(2014, 12, 20), "body": "Phòng Y tế huyện"}
    text = "Nước giếng chưa đạt, theo tiêu chí 17 và chỉ tiêu 15.1."
    factories.write_line(report, text, signer, Section.INSPECTIONS, **words)
    for n in range(papers):
        for code, until in (("12", date(2014, 12, 31)), ("11", date(2015, 3, 30)), ("10", date(2015, 7, 1))):
            name = f"{code}-{n}.pdf"
            factories.add_paper(
                report, signer, code, name=name, content=factories.PDF + name.encode() + b"%%EOF", valid_until=until
            )
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    for _ in range(items):
        criterion = row(report, 11).criterion
        entry.raise_item(factories.working(report), text="Nguồn?", kind="must_fix", criterion=criterion, by=reviewer)
    data = workflow.StepData(reason="Cần bổ sung.", respond_by=date(2015, 1, 17))
    workflow.take_step(factories.working(report), "return", by=reviewer, data=data)
    write_value(report, signer, "12", "95")
    factories.answer(report, signer, "Theo kết quả rà soát.")
    factories.submit(report, signer)
    factories.take_up(report, reviewer)
    return factories.reload(report), reviewer


@pytest.mark.parametrize(("papers", "items"), [(1, 1), (7, 5)])
def test_a_typical_report_takes_one_page_and_twelve_queries(
    client: Client, django_assert_num_queries: Queries, papers: int, items: int
) -> None:
    report, reviewer = make_typical(papers, items)
    client.force_login(reviewer)

    with django_assert_num_queries(QUERIES):
        response = client.get(url_of(report))

    page, text = response.context, response.content.decode()
    assert sum(one.indicator.parent_id is None for one in page["sheet"].indicators()) == 39
    assert [row.sheet.criterion.number for row in page["cases"]] == [10, 17]
    assert {change.sheet.indicator.code for change in page["changes"]} == {"10", "11", "12", "15.1", "17.1"}
    parts = ["cases", "moves", "points", "answered", "outside", "changes", "evidence", "inspections", "rest", "items"]
    places = [text.index(f'id="{part}"') for part in parts]
    assert places == sorted(places)
    assert (len(page["expiring"]), len(page["answered"])) == (2 * papers, items)
    if papers == 1:
        says_what_matters(report, page, text)


def says_what_matters(report: QuarterlyReport, page: Any, text: str) -> None:
    """Each part of the page of a typical report in words."""
    assert "2 disagreements 2 losses 1 gain 2 unexplained points 1 explained point 1 item answered" in head_of(text)
    assert "Round 2" in head_of(text)
    moves = panel(text, "moves")
    assert [row.sheet.criterion.number for row in page["moves"]] == [11, 17, 12]
    assert "It was met in quarter III/2014." in moves
    assert "17 Environment see the disagreements above" in moves
    assert "Explanation: “Hộ nghèo tăng do bão”" in moves
    points = panel(text, "points")
    assert "2 are not explained and come first." in points
    assert points.index("17.1") < points.index("11 Poor")
    answered = panel(text, "answered")
    assert "Theo kết quả rà soát." in answered
    assert "on version 1 · Round 1 · carried over" in answered
    assert url_of(report, "item_resolve", page["answered"][0].pk) in text
    assert "12 " in panel(text, "outside")
    changes = panel(text, "changes")
    assert "72.500000 % 72.500001 % 72.500001 % +0.000001 points – ≥ 70 %" in changes
    assert "89.5 % 94 % 95 % +5.5 points +1 points ≥ 90 %" in changes
    evidence = panel(text, "evidence")
    assert "12-0.pdf expired on 31/12/2014" in evidence
    assert "11-0.pdf valid until 30/03/2015, before the next quarter ends" in evidence
    assert "10-0.pdf" not in evidence
    assert [one.is_expired for one in page["expiring"]] == [True, False]
    inspections = panel(text, "inspections")
    assert "District, 20/12/2014 Phòng Y tế huyện" in inspections
    assert inspections.endswith("17 Environment 15 Health")
    link = page["cases"][0].indicators[0].links[0]
    assert reverse("reports:evidence_preview", args=[report.pk, link.evidence_id, 1]) in text


def head_of(text: str) -> str:
    """The words above the form."""
    shown = text[text.index('<div class="head">') : text.index('<form id="review"')]
    return " ".join(re.sub("<[^>]+>", " ", shown).replace("\xa0", " ").split())


def test_what_there_is_none_of_is_said_in_one_line_and_has_no_heading(client: Client) -> None:
    with clock.at(IN_OCTOBER):
        factories.make_accepted(quarter="2014-3")
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    text = client.get(url_of(report)).content.decode()

    none = "no disagreement, no loss, no gain, no unexplained point, no changed indicator"
    assert f"There is {none}, " in head_of(text)
    for part in ("cases", "moves", "points", "answered", "outside", "changes", "inspections"):
        assert f'id="{part}"' not in text


def test_without_an_earlier_quarter_nothing_is_said_of_gains_and_losses(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    head = head_of(client.get(url_of(report)).content.decode())

    assert "no disagreement" in head
    assert "loss" not in head
    assert "gain" not in head


def test_a_verdict_that_departs_from_the_computed_one_is_a_disagreement(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    client.post(url_of(report), typed(report, c12={"verified": "basic", "verified_reason": "Thiếu hồ sơ"}))

    assert [case.sheet.criterion.number for case in client.get(url_of(report)).context["cases"]] == [12]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Đạt yêu cầu tiêu chí số 17.", [17]),
        ("Tiêu chí 3, 7 và 10 chưa đủ hồ sơ; tiêu chí 3 phải làm lại", [3, 7, 10]),
        ("criteria 5 and 6", [5, 6]),
        ("chỉ tiêu 15.1", [15]),
        ("Xã đạt 17 tiêu chí, nay 19/19; tiêu chí 19/19 giữ được.", []),
        ("tie\u0302u chi\u0301 17", [17]),
        ("", []),
    ],
)
def test_the_criteria_that_an_inspection_names(text: str, numbers: list[int]) -> None:
    assert named_criteria(text) == numbers


# Sustainability


def call_fragile(report: QuarterlyReport, number: int = 16, rule: str = "Vừa đạt một quý.") -> None:
    """As if the rule had called the criterion fragile when the report was taken up."""
    known = CriterionVerdict.objects.filter(version=factories.working(report), criterion__number=number)
    known.update(fragile=True, fragile_rule=rule, fragile_reason=rule)


@pytest.fixture
def fragile(client: Client) -> QuarterlyReport:
    """A report whose criterion 16 is fragile by rule; its holder is signed in."""
    report = factories.make_in_review()
    call_fragile(report)
    client.force_login(holder_of(report))
    return report


def post_16(client: Client, report: QuarterlyReport, **fields: str) -> Any:
    """Send the page as it is shown, but for these fields of criterion 16."""
    shown = {"verified": "met", "fragile": "on", "fragile_reason": ""} | fields
    return client.post(url_of(report), typed(report, c16=shown), follow=True)


def test_what_the_rule_calls_fragile_starts_so_with_its_reason_beside(client: Client, fragile: QuarterlyReport) -> None:
    text = client.get(url_of(fragile)).content.decode()

    assert text.count("Not yet sustainable by the rule: Vừa đạt một quý.") == 1
    assert re.search(r'name="c16-fragile" value="on"[^>]* checked', text)
    assert re.search(r'name="c15-fragile" value=""[^>]* checked', text)
    assert '<a href="#c16">16 Culture</a>' in text

    post_16(client, fragile)  # as it was shown

    stored = row(fragile, 16)
    assert (stored.fragile, stored.fragile_reason, stored.row_version) == (True, "Vừa đạt một quý.", 2)


@pytest.mark.parametrize(("reason", "stops"), [("Đã vững hai năm", False), ("", True), ("Vừa đạt một quý.", True)])
def test_against_the_rule_a_reason_of_the_reviewer_is_needed(
    client: Client, fragile: QuarterlyReport, reason: str, stops: bool
) -> None:
    post_16(client, fragile, fragile="", fragile_reason=reason)

    stored = row(fragile, 16)
    assert (stored.fragile, stored.fragile_reason) == (False, "" if stops else reason)
    assert [gap.anchor for gap in missing_before_acceptance(factories.working(fragile))] == (["c16"] if stops else [])


def test_what_is_no_longer_met_is_no_longer_fragile(client: Client, fragile: QuarterlyReport) -> None:
    response = post_16(client, fragile, verified="not_met", verified_reason="Hồ sơ sai")

    stored = row(fragile, 16)
    assert (stored.verified, stored.fragile, stored.fragile_reason) == ("not_met", False, "")
    assert stored.fragile_rule == "Vừa đạt một quý."
    assert response.context["obstacles"] == []


def test_a_reason_typed_with_a_lost_verdict_is_not_dropped_silently(client: Client, fragile: QuarterlyReport) -> None:
    text = post_16(client, fragile, verified="not_met", fragile_reason="Mới viết").content.decode()

    assert "Only what is met or basically met can be not yet sustainable." in text
    assert "Mới viết" in text
    assert row(fragile, 16).verified == "met"


def test_no_data_is_no_conclusion_unless_the_rule_says_so(client: Client) -> None:
    report = factories.make_in_review(verdicts={10: "no_data"})
    client.force_login(holder_of(report))

    response = client.post(
        url_of(report), typed(report, c10={"verified": "no_data"}, c12={"verified": "no_data"}), follow=True
    )

    assert [place for place, _sentence in response.context["errors"]] == ["#c12"]
    assert row(report, 12).verified == "met"
    assert "is not one of the available choices" in response.content.decode()


# From the place of a problem to an item


def test_an_item_is_begun_beside_the_problem_and_verdicts_are_saved_on_the_way(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))
    data = typed(report, c12={"verified": "basic", "verified_reason": "Thiếu"}) | {"do": "raise:i15.1"}

    response = client.post(url_of(report), data)

    assert response.headers["Location"] == f"{url_of(report)}?about=i15.1#new-item"
    assert row(report, 12).verified == "basic"
    page = client.get(f"{url_of(report)}?about=i15.1").content.decode()
    assert re.search(r'<option value="i15.1" selected>', page)
    assert re.search(r'<textarea name="text"[^>]* autofocus', page)


@pytest.mark.parametrize("field", ["reason", "text", "c10-fragile_reason"])
def test_beginning_an_item_keeps_what_is_not_stored_yet(client: Client, field: str) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    response = client.post(url_of(report), typed(report) | {"do": "raise:c10", field: "Chưa lưu"})

    text = response.content.decode()
    assert (response.status_code, "Chưa lưu" in text) == (200, True)
    assert '<option value="c10" selected>' in text


def test_an_odd_place_for_an_item_is_ignored(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    assert client.get(f"{url_of(report)}?about=<script>").status_code == 200


def test_the_day_to_respond_by_follows_the_limits_of_the_review(client: Client) -> None:
    report = factories.make_in_review()
    ReviewLimits.objects.create(pk=1, respond_days=12)
    client.force_login(holder_of(report))

    assert 'value="22/01/2015"' in client.get(url_of(report)).content.decode()


def test_whoever_only_reads_gets_no_fields_and_no_buttons(client: Client) -> None:
    report, _reviewer = make_typical()
    client.force_login(factories.make_lead())

    text = client.get(url_of(report)).content.decode()

    for unwanted in ('name="c10-verified"', 'value="raise:', "formaction=", "Keys:", 'name="reason"'):
        assert unwanted not in text
    assert "Theo kết quả rà soát." in panel(text, "answered")
