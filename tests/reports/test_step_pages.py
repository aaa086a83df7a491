"""The page that asks before a step is taken, and the one that gives more time."""

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import User
from reports import workflow
from reports.lateness import deadline
from reports.models import QuarterlyReport, State
from reports.workflow import StepData
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]


def url_of(report: QuarterlyReport, action: str) -> str:
    return reverse("reports:step", args=[report.pk, action])


def test_a_step_is_explained_before_it_is_taken_and_reading_changes_nothing(client: Client) -> None:
    report = factories.make_submitted()
    client.force_login(factories.reviewer_of(report.commune))

    response = client.get(url_of(report, "take_up"))

    assert "You become the holder of this report" in response.content.decode()
    assert factories.working(report).state == State.SUBMITTED


def test_taking_up_leads_to_the_review_and_says_so(client: Client) -> None:
    report = factories.make_submitted()
    reviewer = factories.reviewer_of(report.commune)
    client.force_login(reviewer)

    response = client.post(url_of(report, "take_up"), follow=True)

    assert response.redirect_chain == [(reverse("reports:review", args=[report.pk]), 302)]
    assert "You have taken up the report." in response.content.decode()
    assert factories.working(report).holder == reviewer


def test_signer_withdraws(client: Client) -> None:
    report = factories.make_submitted()
    client.force_login(factories.signer_of(report.commune))

    response = client.post(url_of(report, "withdraw"), follow=True)

    assert "The report is withdrawn and can be changed again." in response.content.decode()
    assert factories.working(report).state == State.DRAFT


def test_lead_undoes_an_acceptance_with_a_reason(client: Client) -> None:
    report = factories.make_accepted()
    client.force_login(factories.make_lead())

    response = client.post(url_of(report, "undo_accept"), {"reason": "Nhầm xã"}, follow=True)

    assert "The acceptance is undone" in response.content.decode()
    assert factories.working(report).state == State.IN_REVIEW
    assert report.events.get(action="undo_accept").note == "Nhầm xã"


def test_a_correction_is_opened_and_cancelled(client: Client) -> None:
    report = factories.make_accepted()
    client.force_login(factories.signer_of(report.commune))

    client.post(url_of(report, "open_correction"), {"reason": "Công bố lại"})
    assert factories.working(report).is_correction
    client.post(url_of(report, "cancel_correction"), {"reason": "Không cần nữa"})

    report = factories.reload(report)
    assert report.working is None
    assert report.in_force is not None
    assert report.in_force.number == 1


@pytest.mark.parametrize("reason", ["", "   ", "Dài " * 600])
def test_a_missing_or_too_long_reason_is_refused_beside_the_field_and_kept(client: Client, reason: str) -> None:
    report = factories.make_accepted()
    client.force_login(factories.make_lead())

    response = client.post(url_of(report, "undo_accept"), {"reason": reason})

    assert response.status_code == 200
    assert response.context["form"].errors["reason"]
    assert reason.strip() in response.content.decode()
    assert factories.official(report).state == State.ACCEPTED


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_step_that_is_not_possible_now_says_why(client: Client, method: str) -> None:
    report = factories.make_in_review()
    client.force_login(factories.signer_of(report.commune))

    response = getattr(client, method)(url_of(report, "withdraw"))

    assert response.status_code == 403
    assert "The report is now in the state “in review”" in response.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_step_of_somebody_else_says_who_can(client: Client, method: str) -> None:
    report = factories.make_submitted()
    client.force_login(factories.editor_of(report.commune))

    response = getattr(client, method)(url_of(report, "take_up"))

    assert response.status_code == 403
    assert "Only a reviewer of the province can do this." in response.content.decode()


def test_an_acceptance_cannot_be_undone_while_a_correction_is_open(client: Client) -> None:
    report = factories.make_accepted()
    lead = factories.make_lead()
    workflow.take_step(factories.official(report), "open_correction", by=lead, data=StepData(reason="Sửa"))
    client.force_login(lead)

    response = client.get(url_of(report, "undo_accept"))

    assert response.status_code == 403
    assert "A newer version of this report is already in work." in response.content.decode()


def test_a_stranger_finds_no_step_and_nobody_an_unknown_one(client: Client) -> None:
    report = factories.make_submitted()
    client.force_login(factories.reviewer_of(report.commune))
    assert client.get(url_of(report, "explode")).status_code == 404
    assert client.get(url_of(report, "open")).status_code == 404
    assert client.get(url_of(report, "extend")).status_code == 404

    client.force_login(factories.reviewer_of(factories.commune("Tân Thịnh")))
    assert client.get(url_of(report, "take_up")).status_code == 404
    assert client.post(url_of(report, "take_up")).status_code == 404


@pytest.mark.parametrize(("action", "page"), [("submit", "check"), ("return", "review"), ("accept", "review")])
def test_steps_with_a_page_of_their_own_lead_there(client: Client, action: str, page: str) -> None:
    report = factories.make_in_review()
    client.force_login(factories.reviewer_of(report.commune))

    response = client.post(url_of(report, action))

    assert response.headers["Location"] == reverse(f"reports:{page}", args=[report.pk])
    assert factories.working(report).state == State.IN_REVIEW


# Another reviewer


def holder_of(report: QuarterlyReport) -> User:
    holder = factories.working(report).holder
    assert holder is not None
    return holder


def test_a_report_is_handed_to_another_reviewer_with_a_reason(client: Client) -> None:
    report = factories.make_in_review()
    holder, other = holder_of(report), factories.reviewer_of(report.commune)
    factories.take_up(factories.make_submitted(quarter="2014-3"), other)
    factories.reviewer_of(factories.commune("Tân Thịnh"))
    client.force_login(holder)

    asked = client.get(url_of(report, "reassign"))
    done = client.post(url_of(report, "reassign"), {"to": other.pk, "reason": "Nghỉ phép"}, follow=True)

    assert "verdicts and items stay" in asked.content.decode()
    offered = asked.context["form"].fields["to"].choices
    assert offered == [("", "Choose a reviewer"), (str(other.pk), f"{other}, holds 1 report")]
    assert f"The report is handed over: {other} holds it now." in done.content.decode()
    assert factories.working(report).holder == other
    assert report.events.latest("pk").note == "Nghỉ phép"
    assert f"→ {other}" in client.get(reverse("reports:history", args=[report.pk])).content.decode()
    assert client.get(url_of(report, "reassign")).status_code == 403


@pytest.mark.parametrize(
    ("to", "reason", "field", "sentence"),
    [
        ("", "Nghỉ phép", "to", "Choose who takes the report over."),
        ("holder", "Nghỉ phép", "to", "Select a valid choice."),
        ("signer", "Nghỉ phép", "to", "Select a valid choice."),
        ("other", "  ", "reason", "Please say why."),
    ],
)
def test_a_wrong_hand_over_is_refused_beside_the_field_and_kept(
    client: Client, to: str, reason: str, field: str, sentence: str
) -> None:
    report = factories.make_in_review()
    holder = holder_of(report)
    people = {"holder": holder, "signer": factories.signer_of(report.commune)}
    people["other"] = factories.reviewer_of(report.commune)
    client.force_login(factories.make_lead())

    chosen = people[to].pk if to else ""
    response = client.post(url_of(report, "reassign"), {"to": chosen, "reason": reason})

    text = response.content.decode()
    assert sentence in str(response.context["form"].errors[field])
    assert sentence in text
    assert reason.strip() in text
    assert (f'<option value="{people["other"].pk}" selected>' in text) == (to == "other")
    assert factories.working(report).holder == holder


def test_where_nobody_else_reviews_the_province_there_is_nobody_to_take_over(client: Client) -> None:
    report = factories.make_in_review()
    client.force_login(holder_of(report))

    page = client.get(url_of(report, "reassign")).content.decode()

    assert "No other reviewer is assigned to this province today." in page
    assert "<textarea" not in page


def test_who_lost_the_province_between_page_and_button_does_not_take_over(client: Client) -> None:
    report = factories.make_in_review()
    other = factories.reviewer_of(report.commune)
    client.force_login(factories.make_lead())
    other.assignments.update(until="2015-01-09")

    response = client.post(url_of(report, "reassign"), {"to": other.pk, "reason": "Nghỉ phép"})

    assert response.status_code == 200
    assert factories.working(report).holder != other


# More time


def due_day(report: QuarterlyReport) -> str:
    return f"{deadline(QuarterlyReport.objects.with_due().select_related('period').get(pk=report.pk)).due_on}"


def test_lead_gives_more_time(client: Client) -> None:
    report = factories.make_report()
    client.force_login(factories.make_lead())

    url = reverse("reports:extend", args=[report.pk])
    response = client.post(url, {"new_due": "20/1/2015", "reason": "Bão lũ"}, follow=True)

    assert "The report is now due on 20/01/2015." in response.content.decode()
    assert due_day(report) == "2015-01-20"
    assert factories.reload(report).due_on.isoformat() == "2015-01-20"


@pytest.mark.parametrize(
    ("new_due", "reason", "field", "sentence"),
    [
        ("05/01/2015", "Bão", "new_due", "The new due date must be later than the present one, 05/01/2015."),
        ("08/01/2015", "Bão", "new_due", "This day is already over: today is 10/01/2015."),
        ("hôm qua", "Bão", "new_due", "This is not a date."),
        ("", "Bão", "new_due", "Enter a date."),
        ("20/01/2015", "", "reason", "Please say why."),
    ],
)
def test_a_wrong_extension_is_refused_beside_the_field_and_kept(
    client: Client, new_due: str, reason: str, field: str, sentence: str
) -> None:
    report = factories.make_report()
    client.force_login(factories.make_lead())

    url = reverse("reports:extend", args=[report.pk])
    response = client.post(url, {"new_due": new_due, "reason": reason})

    assert sentence in str(response.context["form"].errors[field])
    text = response.content.decode()
    assert sentence in text
    assert new_due in text
    assert reason in text
    assert due_day(report) == "2015-01-05"


def test_only_a_lead_gives_more_time_and_only_before_the_first_submission(client: Client) -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    url = reverse("reports:extend", args=[report.pk])

    client.force_login(signer)
    assert client.get(url).status_code == 403
    by_signer = client.post(url, {"new_due": "20/01/2015", "reason": "Bão"})
    factories.fill_in(report, signer)
    factories.submit(report, signer)
    client.force_login(factories.make_lead())
    too_late = client.get(url)

    assert by_signer.status_code == too_late.status_code == 403
    assert "Only a ministry lead can extend a deadline." in by_signer.content.decode()
    assert "has already been submitted" in too_late.content.decode()
    assert due_day(report) == "2015-01-05"
