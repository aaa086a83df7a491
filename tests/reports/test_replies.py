"""Answers to the reviewer: all on one page, none lost to another, each round remembered."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import User
from ntm_tracker import clock
from reports import entry, workflow
from reports.items import read_items
from reports.models import QuarterlyReport, ReviewItem, ReviewReply
from reports.workflow import missing_before_signing
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]


def returned(*further: str) -> QuarterlyReport:
    """A report that was returned with one item, and with one for each further text."""
    report = factories.make_in_review()
    assert report.working is not None
    assert report.working.holder is not None
    for text in further:
        entry.raise_item(factories.working(report), text=text, kind="question", by=report.working.holder)
    factories.give_back(report, report.working.holder, "Ghi rõ nguồn số liệu.")
    return factories.reload(report)


def url_of(report: QuarterlyReport) -> str:
    return reverse("reports:replies", args=[report.pk])


def typed(item: ReviewItem, text: str, *, done: bool = False, reply_version: int | str | None = None) -> dict[str, str]:
    """What the browser sends of one item."""
    item.refresh_from_db()
    name = f"item{item.pk}"
    version = item.reply_version if reply_version is None else reply_version
    data = {f"{name}-reply": text, f"{name}-reply_version": str(version)}
    return data | ({f"{name}-done": "on"} if done else {})


def editor(report: QuarterlyReport, client: Client) -> User:
    """An editor of the committee, signed in."""
    user = factories.editor_of(report.commune)
    client.force_login(user)
    return user


def text_of(response: Any) -> str:
    return response.content.decode().replace("\xa0", " ")


def test_all_answers_are_saved_together_and_shown(client: Client) -> None:
    report = returned("Vì sao?")
    editor(report, client)
    question, must_fix = report.review_items.order_by("pk")

    data = typed(question, "Vì thế.", done=True) | typed(must_fix, "Theo Chi cục Thống kê.")
    response = client.post(url_of(report), data, follow=True)

    question.refresh_from_db()
    must_fix.refresh_from_db()
    assert (question.reply, question.done) == ("Vì thế.", True)
    assert (must_fix.reply, must_fix.done) == ("Theo Chi cục Thống kê.", False)
    assert response.redirect_chain == [(f"{report.get_absolute_url()}#items", 302)]
    text = text_of(response)
    assert "2 answers are saved." in text
    assert "Done: answered" in text
    assert "Answered, not yet done" in text


def test_the_items_come_before_everything_else_on_the_report_page(client: Client) -> None:
    report = returned()
    editor(report, client)

    text = text_of(client.get(report.get_absolute_url()))

    assert text.index('id="items"') < text.index('id="steps"')


def test_the_form_of_the_page_is_what_the_answers_are_read_from(client: Client) -> None:
    report = returned()
    editor(report, client)
    item = report.review_items.get()

    text = text_of(client.get(report.get_absolute_url()))

    assert all(f'name="{name}"' in text for name in [*typed(item, ""), f"item{item.pk}-done"])
    assert f'action="{url_of(report)}"' in text


def test_a_wrong_answer_is_kept_as_typed_and_the_others_are_saved(client: Client) -> None:
    report = returned("Vì sao?")
    editor(report, client)
    question, must_fix = report.review_items.order_by("pk")

    data = typed(question, "Dài " * 600) | typed(must_fix, "Đã ghi.", done=True)
    text = text_of(client.post(url_of(report), data))

    question.refresh_from_db()
    must_fix.refresh_from_db()
    assert (question.reply, must_fix.reply) == ("", "Đã ghi.")
    assert "at most 2000 characters" in text
    assert "Dài Dài Dài" in text
    assert f'href="#item{question.pk}"' in text
    assert "1 answer is not saved; see below." in text


def test_done_needs_an_answer(client: Client) -> None:
    report = returned()
    editor(report, client)
    item = report.review_items.get()

    text = text_of(client.post(url_of(report), typed(item, " ", done=True)))

    item.refresh_from_db()
    assert "Please write an answer." in text
    assert not item.done


@pytest.mark.parametrize(
    ("text", "done", "gap"),
    [
        ("", False, "Answer the reviewer"),
        ("Đã ghi.", False, "Say that it is done"),
        ("Đã ghi.", True, ""),
    ],
)
def test_an_item_waits_until_it_is_answered_and_done(client: Client, text: str, done: bool, gap: str) -> None:
    report = returned()
    editor(report, client)
    item = report.review_items.get()

    client.post(url_of(report), typed(item, text, done=done))

    gaps = missing_before_signing(factories.working(report))
    assert [found.sentence for found in gaps] == ([f"{gap}: “Ghi rõ nguồn số liệu.”"] if gap else [])
    assert [found.anchor for found in gaps] == ([f"item{item.pk}"] if gap else [])


# Two people at once


def test_two_answers_to_one_item_are_both_shown_and_none_is_lost(client: Client) -> None:
    report = returned()
    editor(report, client)
    item = report.review_items.get()
    mine = typed(item, "Theo xã.", done=True)
    colleague = factories.make_user(full_name="Phạm Quang Huy")
    colleague.assignments.create(duty="editor", province=report.commune.province, since="2009-01-01")
    entry.reply_to_item(factories.working(report), item, "Theo tỉnh.", by=colleague)

    text = text_of(client.post(url_of(report), mine))

    item.refresh_from_db()
    assert item.reply == "Theo tỉnh."
    assert "Phạm Quang Huy answered this at" in " ".join(text.split())
    assert "Theo tỉnh." in text
    assert "Theo xã." in text
    assert f'name="item{item.pk}-reply_version" value="{item.reply_version}"' in " ".join(text.split())
    # Whoever has seen the other answer can keep their own; the other stays in the history.
    client.post(url_of(report), typed(item, "Theo xã.", done=True))
    item.refresh_from_db()
    assert item.reply == "Theo xã."
    assert list(item.replies.values_list("text", flat=True)) == ["Theo tỉnh.", "Theo xã."]


def test_the_saved_answer_can_be_taken(client: Client) -> None:
    report = returned()
    editor(report, client)
    item = report.review_items.get()
    entry.reply_to_item(factories.working(report), item, "Theo tỉnh.", by=factories.editor_of(report.commune))

    response = client.post(url_of(report), typed(item, "Theo xã.", reply_version=0) | {"take": f"item{item.pk}"})

    item.refresh_from_db()
    assert response.status_code == 302
    assert item.reply == "Theo tỉnh."


def test_an_answer_nobody_touched_neither_conflicts_nor_undoes_another(client: Client) -> None:
    report = returned("Vì sao?")
    editor(report, client)
    question, must_fix = report.review_items.order_by("pk")
    page = typed(question, "") | typed(must_fix, "")
    entry.reply_to_item(factories.working(report), question, "Vì thế.", by=factories.editor_of(report.commune))

    response = client.post(url_of(report), page | typed(must_fix, "Đã ghi."))

    question.refresh_from_db()
    assert response.status_code == 302
    assert question.reply == "Vì thế."


@pytest.mark.parametrize("odd", ["", "abc", "-1", "99", "9" * 5000])
def test_an_odd_state_of_the_answer_overwrites_nothing(client: Client, odd: str) -> None:
    report = returned()
    editor(report, client)
    item = report.review_items.get()
    entry.reply_to_item(factories.working(report), item, "Theo tỉnh.", by=factories.editor_of(report.commune))

    text = text_of(client.post(url_of(report), typed(item, "Theo xã.", reply_version=odd)))

    item.refresh_from_db()
    assert item.reply == "Theo tỉnh."
    assert "Theo xã." in text


def test_nothing_is_written_when_nothing_was_changed(client: Client) -> None:
    report = returned()
    editor(report, client)
    item = report.review_items.get()
    entry.reply_to_item(factories.working(report), item, "Đã ghi.", by=factories.editor_of(report.commune))
    revision = factories.working(report).revision

    response = client.post(url_of(report), typed(item, "Đã ghi.", done=True), follow=True)

    assert "Nothing was changed." in text_of(response)
    assert factories.working(report).revision == revision
    assert ReviewReply.objects.count() == 1


# Rounds


def test_a_further_return_asks_again_and_keeps_the_earlier_answer(client: Client) -> None:
    report = returned()
    signer = factories.signer_of(report.commune)
    reviewer = factories.reviewer_of(report.commune)
    factories.answer(report, signer, "Trả lời vòng một.")
    factories.submit(report, signer)
    factories.give_back(report, reviewer, "Còn thiếu.")
    first = report.review_items.order_by("pk")[0]
    assert (first.reply, first.done) == ("", False)

    client.force_login(signer)
    text = text_of(client.get(report.get_absolute_url()))
    assert "Trả lời vòng một." in text
    assert "in version 2:" in text
    client.post(url_of(report), typed(first, "Trả lời vòng hai.", done=True))

    [item, _further] = read_items(report)
    assert [(answer.number, answer.text) for answer in item.answers] == [  # type: ignore[attr-defined]
        (2, "Trả lời vòng một."),
        (3, "Trả lời vòng hai."),
    ]


def test_of_the_answers_of_one_version_the_last_counts(client: Client) -> None:
    report = returned()
    user = editor(report, client)
    item = report.review_items.get()
    for text in ("Chưa rõ.", "Theo xã."):
        entry.reply_to_item(factories.working(report), item, text, by=user)

    [found] = read_items(report)

    assert [answer.text for answer in found.answers] == ["Theo xã."]  # type: ignore[attr-defined]


def test_items_come_with_all_their_answers_in_one_query(django_assert_num_queries: Any) -> None:
    report = returned("Vì sao?")
    signer = factories.signer_of(report.commune)
    for _round in range(2):
        factories.answer(report, signer)
        factories.submit(report, signer)
        factories.give_back(report, factories.reviewer_of(report.commune))

    with django_assert_num_queries(1):
        items = read_items(report, resolved_at__isnull=True)
        assert [str(answer.by) for item in items for answer in item.answers]  # type: ignore[attr-defined]

    assert len(items) == 4


# Who and when


def test_answering_is_refused_to_others_and_at_other_times(client: Client) -> None:
    report = returned()
    item = report.review_items.get()
    signer = factories.signer_of(report.commune)

    client.force_login(factories.reviewer_of(report.commune))
    by_reviewer = client.post(url_of(report), typed(item, "Đã ghi."))
    client.force_login(signer)
    client.post(url_of(report), typed(item, "Đã ghi.", done=True))
    factories.submit(report, signer)
    too_late = client.post(url_of(report), typed(item, "Sửa lại."))
    client.force_login(factories.signer_of(factories.commune("Tân Thịnh")))
    stranger = client.post(url_of(report), typed(item, "Đã ghi."))

    assert by_reviewer.status_code == too_late.status_code == 403
    assert "only by the committee, while the report is a draft" in text_of(too_late)
    assert stranger.status_code == 404


def test_an_item_of_another_report_is_left_alone(client: Client) -> None:
    report = returned()
    with clock.at(moment("2014-10-02")):
        other = factories.make_in_review(quarter="2014-3")
        assert other.working is not None
        assert other.working.holder is not None
        item = factories.give_back(other, other.working.holder)
    editor(report, client)

    client.post(url_of(report), typed(item, "Đã ghi.", done=True))

    item.refresh_from_db()
    assert item.reply == ""


def test_what_was_answered_can_be_withdrawn_with_the_report_and_changed() -> None:
    report = returned()
    signer = factories.signer_of(report.commune)
    item = report.review_items.get()
    factories.answer(report, signer, "Đã ghi.")
    factories.submit(report, signer)

    workflow.take_step(factories.working(report), "withdraw", by=signer)
    entry.reply_to_item(factories.working(report), item, "Đã ghi rõ hơn.", by=signer)

    item.refresh_from_db()
    assert (item.reply, item.done) == ("Đã ghi rõ hơn.", True)


def test_lines_that_were_typed_are_shown_as_lines(client: Client) -> None:
    report = factories.make_in_review()
    holder = factories.working(report).holder
    assert holder is not None
    factories.give_back(report, holder, "Ghi rõ nguồn.\nGửi kèm biên bản <bản gốc>.")
    editor(report, client)

    page = client.get(report.get_absolute_url()).content.decode()

    assert "Ghi rõ nguồn.<br>Gửi kèm biên bản &lt;bản gốc&gt;." in page
