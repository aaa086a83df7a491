"""Urging committees on: what is proposed, who may, what is kept, the letter on paper."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Duty, User
from ntm_tracker import clock
from reports import workflow
from reports.models import QuarterlyReport, ReportEvent
from reports.urging import proposal
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

MANY = "/compliance/urge/"


def url_of(report: QuarterlyReport) -> str:
    return reverse("reports:urge", args=[report.pk])


def urges(report: QuarterlyReport) -> list[str]:
    return list(report.events.filter(action="urge").order_by("pk").values_list("note", flat=True))


def proposed(report: QuarterlyReport) -> str:
    return proposal(QuarterlyReport.objects.in_work().get(pk=report.pk), clock.today())


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_proposal_names_the_report_its_day_and_what_is_missing(client: Client) -> None:
    report = factories.make_report("Định Hòa")
    factories.write_line(report, "Tập huấn 40 người", by=factories.editor_of(report.commune))

    said = proposed(report)

    for part in ("Định Hòa", "Gò Quao", "Kiên Giang", "05/01/2015", "10/01/2015"):
        assert part in said
    # The letter is Vietnamese, also for who reads the page in English.
    assert "quý IV/2014" in said
    assert re.findall(r"\d+", said.split("10/01/2015", 1)[1])[:1] == ["5"]
    assert {"0", "19", "1", "8"} <= set(re.findall(r"\d+", said))


def test_the_proposal_knows_a_returned_report_by_its_own_day(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    assert report.working.holder is not None
    factories.give_back(report, report.working.holder)

    before = proposed(report)
    with clock.at(moment("2015-01-19")):
        late = proposed(report)
        factories.answer(report, factories.editor_of(report.commune))
        answered = proposed(report)

    assert "17/01/2015" in before
    assert "10/01/2015" not in before
    assert "05/01/2015" not in late
    assert re.findall(r"\d+", late.split("19/01/2015", 1)[1])[:2] == ["2", "1"]  # 2 days late, 1 request
    assert re.findall(r"\d+", answered.split("19/01/2015", 1)[1]) == ["2"]


def test_the_proposal_before_the_due_day_and_after_a_withdrawal(client: Client) -> None:
    with clock.at(moment("2015-01-02")):
        report = factories.make_report()
        early = proposed(report)
        signer = factories.signer_of(report.commune)
        factories.fill_in(report, signer)
        factories.submit(report, signer)
    workflow.take_step(factories.working(report), "withdraw", by=signer)

    assert "05/01/2015" in early
    assert "02/01/2015" not in early
    assert "02/01/2015" in proposed(report)
    assert "05/01/2015" not in proposed(report)


def test_reviewer_urges_with_a_text_that_is_kept_and_shown(client: Client) -> None:
    report = factories.make_report()
    reviewer = factories.reviewer_of(report.commune)
    client.force_login(reviewer)

    asked = client.get(url_of(report))
    assert asked.context["form"].initial["text"] == proposed(report)
    assert urges(report) == []
    response = client.post(url_of(report), {"text": "  Đề nghị gửi ngay. "}, follow=True)

    assert response.redirect_chain == [(report.get_absolute_url(), 302)]
    assert urges(report) == ["Đề nghị gửi ngay."]
    event = report.events.get(action="urge")
    assert (event.by, event.at) == (reviewer, moment("2015-01-10"))
    assert "Đề nghị gửi ngay." in text(response)
    assert reverse("reports:urge_paper", args=[report.pk, event.pk]) in response.content.decode()
    assert "Urged so far Urged · version 1 10/01/2015" in text(client.get(url_of(report)))


def test_a_letter_without_text_is_not_sent(client: Client) -> None:
    report = factories.make_report()
    client.force_login(factories.make_lead())

    response = client.post(url_of(report), {"text": "  "})

    assert response.status_code == 200
    assert "Please write what the committee should do." in response.content.decode()
    assert urges(report) == []


def test_what_does_not_wait_for_the_committee_cannot_be_urged(client: Client) -> None:
    report = factories.make_submitted()
    lead = factories.make_lead()
    client.force_login(lead)

    shown, sent = client.get(url_of(report)), client.post(url_of(report), {"text": "Gửi đi."})

    assert (shown.status_code, sent.status_code) == (403, 403)
    assert "This report does not wait for the committee, so there is nothing to urge." in shown.content.decode()
    assert url_of(report) not in client.get(report.get_absolute_url()).content.decode()
    with pytest.raises(workflow.NotAllowed):
        workflow.urge(report, text="Gửi đi.", by=lead)
    assert urges(report) == []


def test_only_the_ministry_is_offered_to_urge(client: Client) -> None:
    report = factories.make_report()
    offered = {}
    for name, user in {
        "reviewer": factories.reviewer_of(report.commune),
        "lead": factories.make_lead(),
        "signer": factories.signer_of(report.commune),
        "central": factories.central_member_of(report.commune),
    }.items():
        client.force_login(user)
        offered[name] = url_of(report) in client.get(report.get_absolute_url()).content.decode()

    assert offered == {"reviewer": True, "lead": True, "signer": False, "central": False}


def test_the_letter_is_laid_out_with_text_and_signer_for_both_sides(client: Client) -> None:
    report = factories.make_report("Định Hòa")
    other = factories.make_report("Gia Phố")
    reviewer = factories.make_user(
        Duty.REVIEWER, report.commune.province, full_name="Phạm Thu Trang", position="Chuyên viên chính"
    )
    event = workflow.urge(report, text="Dòng một.\nDòng hai.", by=reviewer)
    opened = report.events.get(action="open")
    client.force_login(factories.editor_of(report.commune))

    page = client.get(reverse("reports:urge_paper", args=[report.pk, event.pk]))

    assert "<p>Dòng một.<br>Dòng hai.</p>" in page.content.decode()
    shown = text(page)
    assert "Re: urging the report of quarter IV/2014 of Định Hòa commune" in shown
    assert "Chuyên viên chính (sent in the system, 10/01/2015 10:00) Phạm Thu Trang" in shown
    assert "No.: ………" in shown
    for pk, number in ((other.pk, event.pk), (report.pk, opened.pk), (report.pk, 10**8)):
        assert client.get(reverse("reports:urge_paper", args=[pk, number])).status_code == 404


@pytest.fixture
def two() -> list[QuarterlyReport]:
    """Two reports that are overdue."""
    return [factories.make_report("Định Hòa"), factories.make_report("Gia Phố")]


def test_several_are_urged_with_a_text_of_its_own_each(client: Client, two: list[QuarterlyReport]) -> None:
    client.force_login(factories.make_lead())
    keys = [report.pk for report in two]

    asked = client.get(MANY, {"report": keys})
    forms = {report.pk: form.initial["text"] for report, form in asked.context["forms"]}
    before = ReportEvent.objects.filter(action="urge").count()
    response = client.post(MANY, {"report": keys} | {f"{pk}-text": said for pk, said in forms.items()}, follow=True)

    assert before == 0
    assert [urges(report) for report in two] == [[forms[report.pk]] for report in two]
    assert "Định Hòa" in forms[two[0].pk]
    assert "Gia Phố" in forms[two[1].pk]
    assert response.redirect_chain == [(reverse("reports:compliance"), 302)]
    assert "Urged for 2 reports." in text(response)


def test_one_empty_text_sends_none_and_loses_nothing(client: Client, two: list[QuarterlyReport]) -> None:
    client.force_login(factories.make_lead())
    first, second = two

    page = client.post(MANY, {"report": [first.pk, second.pk], f"{first.pk}-text": "Gửi đi.", f"{second.pk}-text": ""})

    assert page.status_code == 200
    assert "Gửi đi." in page.content.decode()
    assert page.content.decode().count("Please write what the committee should do.") == 1
    assert urges(first) == urges(second) == []


def test_what_was_sent_meanwhile_is_left_out_and_said(client: Client, two: list[QuarterlyReport]) -> None:
    first, second = two
    signer = factories.signer_of(second.commune)
    factories.fill_in(second, signer)
    factories.submit(second, signer)
    client.force_login(factories.make_lead())

    asked = client.get(MANY, {"report": [first.pk, second.pk]})
    texts = {f"{report.pk}-text": "Gửi đi." for report in two}
    response = client.post(MANY, {"report": [first.pk, second.pk]} | texts, follow=True)

    assert "Gia Phố, quarter IV/2014: it does not wait for the committee" in text(asked)
    assert (len(urges(first)), len(urges(second))) == (1, 0)
    assert "Urged for 1 report." in text(response)
    assert "1 report does not wait for its committee any more and was left out." in text(response)


def test_several_are_urged_only_where_each_may_be(client: Client, two: list[QuarterlyReport]) -> None:
    first, second = two
    both = {"report": [first.pk, second.pk]}

    def answers(user: User, data: dict[str, Any]) -> list[int]:
        client.force_login(user)
        sent = data | {f"{report.pk}-text": "Gửi đi." for report in two}
        return [client.get(MANY, data).status_code, client.post(MANY, sent).status_code]

    reviewer = factories.reviewer_of(first.commune)
    following = factories.make_user(Duty.REVIEWER, first.commune.province)
    following.assignments.create(duty=Duty.CENTRAL, province=second.commune.province, since="2009-01-01")
    assert answers(reviewer, both) == [404, 404]  # the second lies outside their provinces
    assert answers(following, both) == [403, 403]  # seen as a central member, but not reviewed
    assert answers(factories.make_lead(), {"report": [first.pk, "x", "²", "9" * 30]}) == [200, 302]
    assert answers(factories.make_lead(), {"report": list(range(1, 52))}) == [403, 403]
    assert len(urges(first)) == 1
    assert urges(second) == []


def test_the_page_of_several_takes_the_same_queries_for_one_and_two(
    client: Client, two: list[QuarterlyReport], django_assert_num_queries: Any
) -> None:
    client.force_login(factories.make_lead())

    for keys in ([two[0].pk], [report.pk for report in two]):
        with django_assert_num_queries(5):  # session, user, duties, reports, what is known of them
            client.get(MANY, {"report": keys})


def test_every_extension_stands_on_the_report_with_who_and_why(client: Client) -> None:
    report = factories.make_report()
    lead = factories.make_lead()
    workflow.extend_deadline(report, new_due=date(2015, 1, 20), reason="Mưa lũ", by=lead)
    workflow.extend_deadline(report, new_due=date(2015, 1, 25), reason="Đường bị sạt", by=lead)
    client.force_login(factories.editor_of(report.commune))

    shown = text(client.get(report.get_absolute_url()))

    assert f"Extended from 05/01/2015 to 20/01/2015 by {lead} on 10/01/2015: “Mưa lũ”" in shown
    assert f"Extended from 20/01/2015 to 25/01/2015 by {lead} on 10/01/2015: “Đường bị sạt”" in shown
