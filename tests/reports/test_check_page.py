"""Check and sign: all gaps with their places, what differs, and a signature under exactly what was shown."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import User
from criteria.models import Expectation, Indicator
from ntm_tracker import clock
from reports import entry, evidence
from reports.models import CriterionVerdict, QuarterlyReport, ReviewItem, Section, State
from reports.workflow import missing_before_signing
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Queries = Callable[..., Any]


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report()


@pytest.fixture
def signer(report: QuarterlyReport, client: Client) -> User:
    """A signer of the commune's committee, signed in."""
    user = factories.signer_of(report.commune)
    client.force_login(user)
    return user


def url_of(report: QuarterlyReport) -> str:
    return reverse("reports:check", args=[report.pk])


def page(response: Any) -> str:
    assert response.status_code == 200
    return response.content.decode().replace("\xa0", " ")


def signature(report: QuarterlyReport, **fields: str) -> dict[str, str]:
    """What the browser sends with the page that was just shown."""
    shown = {
        "signer_name": "Vũ Đình Thắng",
        "signer_title": "Phó Trưởng ban",
        "letter_number": "05/BC-BCĐ",
        "letter_date": "10/01/2015",
        "read": "on",
        "revision": str(factories.working(report).revision),
        "shown_at": clock.now().isoformat(),
    }
    return shown | fields


def is_sent(report: QuarterlyReport) -> bool:
    return factories.working(report).state == State.SUBMITTED


def change(report: QuarterlyReport, by: User, code: str, number: str, **content: Any) -> None:
    """Somebody writes one value."""
    version = factories.working(report)
    indicator = Indicator.objects.get(code=code, criterion__criteria_set=report.period.criteria_set)
    row = version.values.filter(indicator=indicator).first()
    write = entry.Write(indicator, row.row_version if row else 0, {"value": Decimal(number)} | content)
    assert entry.save_rows(version, [write], [], by=by).written == 1


def claim(report: QuarterlyReport, by: User, number: int, claimed: str, reason: str) -> None:
    """Somebody writes one claim."""
    version = factories.working(report)
    row = version.verdicts.select_related("criterion").get(criterion__number=number)
    write = entry.Write(row.criterion, row.row_version, {"claimed": claimed, "claim_reason": reason})
    assert entry.save_rows(version, claims=[write], by=by).written == 1


def returned() -> QuarterlyReport:
    """A report that was returned with one item; the new draft is in work."""
    report = factories.make_in_review()
    assert report.working is not None
    assert report.working.holder is not None
    factories.give_back(report, report.working.holder, "Ghi rõ nguồn số liệu.")
    return factories.reload(report)


def test_an_empty_draft_lists_every_gap_with_its_exact_place(
    client: Client, report: QuarterlyReport, signer: User
) -> None:
    text = page(client.get(url_of(report)))

    summary = text[text.index("errsum") : text.index("</section>", text.index("errsum"))]
    links = re.findall(r'href="([^"]+)"', summary)
    gaps = missing_before_signing(factories.working(report))
    assert len(links) == len(gaps) > 60
    assert links[: -len(Section)] == [
        f"{reverse('reports:group', args=[report.pk, gap.group])}#{gap.anchor}" for gap in gaps[: -len(Section)]
    ]
    assert links[-len(Section) :] == [reverse("reports:section", args=[report.pk, code]) for code in Section.values]
    for code in ("I", "II", "III", "IV", "V"):
        group = client.get(reverse("reports:group", args=[report.pk, code])).content.decode()
        for gap in gaps:
            if gap.group == code:
                assert f'id="{gap.anchor}"' in group, gap
    assert "disabled" in text
    assert f"It cannot be signed yet: {len(gaps)} things are missing, see above." in text


def test_a_draft_with_gaps_is_not_sent_even_when_the_button_is_forced(
    client: Client, report: QuarterlyReport, signer: User
) -> None:
    text = page(client.post(url_of(report), signature(report, letter_number="07/BC-BCĐ")))

    assert not is_sent(report)
    assert "1.1" in text
    assert 'value="07/BC-BCĐ"' in text


def test_a_complete_report_is_signed_and_sent(client: Client, report: QuarterlyReport, signer: User) -> None:
    factories.fill_in(report, signer)
    assert "disabled" not in page(client.get(url_of(report)))

    response = client.post(url_of(report), signature(report))

    assert response.status_code == 302
    assert response.headers["Location"] == report.get_absolute_url()
    version = factories.working(report)
    assert version.state == State.SUBMITTED
    assert (version.signer_name, version.letter_number) == ("Vũ Đình Thắng", "05/BC-BCĐ")
    assert "Version 1 is signed and submitted." in page(client.get(response.headers["Location"]))


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("letter_date", "11/01/2015", "This day is still to come: today is 10/01/2015."),
        ("letter_date", "hôm nay", "This is not a date."),
        ("letter_date", "31/02/2015", "This is not a date."),
        ("letter_date", "", "Enter a date."),
        ("signer_name", "", "This field is required."),
        ("signer_name", "x" * 151, "at most 150 characters"),
        ("signer_title", "", "This field is required."),
        ("letter_number", "", "This field is required."),
        ("letter_number", "số", "has a number in it"),
        ("letter_number", "5" * 51, "at most 50 characters"),
        ("read", "", "Tick this box to sign: only what was read can be signed."),
    ],
)
def test_a_wrong_signature_is_refused_beside_its_field_and_keeps_the_rest(
    client: Client, report: QuarterlyReport, signer: User, field: str, typed: str, sentence: str
) -> None:
    factories.fill_in(report, signer)
    data = signature(report) | {field: typed}
    if field == "read":
        del data["read"]

    text = page(client.post(url_of(report), data))

    assert sentence in text
    assert not is_sent(report)
    for name in {"signer_name", "signer_title", "letter_number", "letter_date"}:
        assert not data[name] or f'value="{data[name]}"' in text


@pytest.mark.parametrize("revision", ["0", "abc", "", "-1", "9" * 5000])
def test_a_signature_under_something_else_is_refused(
    client: Client, report: QuarterlyReport, signer: User, revision: str
) -> None:
    factories.fill_in(report, signer)

    text = page(client.post(url_of(report), signature(report, revision=revision)))

    assert "The report was changed after this page was shown." in text
    assert not is_sent(report)


def test_what_changed_meanwhile_is_shown_and_asked_about_again(
    client: Client, report: QuarterlyReport, signer: User
) -> None:
    factories.fill_in(report, signer)
    data = signature(report, letter_number="09/BC-BCĐ")
    colleague = factories.make_user(full_name="Phạm Quang Huy")
    colleague.assignments.create(duty="editor", province=report.commune.province, since="2009-01-01")
    with clock.at(moment("2015-01-10", "10:05")):
        change(report, colleague, "11", "4.5")

        text = page(client.post(url_of(report), data))

    assert not is_sent(report)
    shown = text[text.index('id="meanwhile"') : text.index("grid side-r")]
    assert "11 Poor household rate" in shown
    assert "4.5 %" in shown
    assert "Phạm Quang Huy" in shown
    assert "1.1" not in shown
    assert 'value="09/BC-BCĐ"' in text
    # The box must be ticked again, and the revision is the new one.
    box = re.search(r'<input[^>]*name="read"[^>]*>', text)
    assert box is not None
    assert "checked" not in box[0]
    revisions = re.findall(r'name="revision"[^>]*value="(\d+)"', text)
    assert revisions[-1] == str(factories.working(report).revision)
    assert client.post(url_of(report), data | {"revision": revisions[-1]}).status_code == 302


def write_a_value(report: QuarterlyReport, by: User) -> None:
    change(report, by, "11", "4.5")


def write_an_explanation(report: QuarterlyReport, by: User) -> None:
    change(report, by, "11", "9.5", explanation="Do bão số 3")


def write_a_claim(report: QuarterlyReport, by: User) -> None:
    claim(report, by, 10, "basic", "Thiếu hồ sơ")


def add_a_line(report: QuarterlyReport, by: User) -> None:
    factories.write_line(report, "Dòng mới", by)


def take_out_a_line(report: QuarterlyReport, by: User) -> None:
    write = factories.a_line("Dòng cũ", row_version=1, removed=True)
    assert entry.save_rows(factories.working(report), lines=[write], by=by).written == 1


def write_resources(report: QuarterlyReport, by: User) -> None:
    factories.write_resource(report, by, mobilised=Decimal(750))


def add_a_paper(report: QuarterlyReport, by: User) -> None:
    factories.add_paper(report, by, "11", content=OTHER_PAPER)


def take_off_a_paper(report: QuarterlyReport, by: User) -> None:
    version = factories.working(report)
    [link] = evidence.links_of(version)
    evidence.unlink(version, link, by=by)


def answer_an_item(report: QuarterlyReport, by: User) -> None:
    factories.answer(report, by, "Trả lời khác")


OTHER_PAPER = factories.PDF.replace(b"1 0 obj", b"2 0 obj")
CHANGES: list[tuple[Callable[[QuarterlyReport, User], None], str]] = [
    (write_a_value, "9.5 % → becomes 4.5 %"),
    (write_an_explanation, "– → becomes Do bão số 3"),
    (write_a_claim, "10 Income: Claimed: met → becomes Claimed: basically met · Thiếu hồ sơ"),
    (add_a_line, "Main results: – → becomes Dòng mới"),
    (take_out_a_line, "Dòng cũ → becomes removed"),
    (write_resources, "becomes Mobilised this quarter: 750 million dong"),
    (add_a_paper, "Evidence of 11 Poor household rate: – → becomes"),
    (take_off_a_paper, "Evidence of 11 Poor household rate:"),
    (
        answer_an_item,
        "Answer to “Ghi rõ nguồn số liệu.”: Đã bổ sung. (Done: fixed) → becomes Trả lời khác (Done: fixed)",
    ),
]


@pytest.mark.parametrize(("write", "said"), CHANGES, ids=[write.__name__ for write, _said in CHANGES])
def test_whatever_is_changed_meanwhile_is_shown_and_nothing_is_sent(
    client: Client, write: Callable[[QuarterlyReport, User], None], said: str
) -> None:
    report = returned()
    signer = factories.signer_of(report.commune)
    client.force_login(signer)
    factories.write_line(report, "Dòng cũ", signer)
    factories.add_paper(report, signer, "11")
    factories.answer(report, signer)
    data = signature(report, letter_number="09/BC-BCĐ")
    colleague = factories.make_user(full_name="Phạm Quang Huy")
    colleague.assignments.create(duty="editor", province=report.commune.province, since="2009-01-01")
    with clock.at(moment("2015-01-10", "10:05")):
        write(report, colleague)

        text = page(client.post(url_of(report), data))

    assert not is_sent(report)
    assert "The report was changed after this page was shown." in text
    shown = text[text.index('id="meanwhile"') : text.index("grid side-r")]
    shown = " ".join(re.sub("<[^>]+>", " ", shown).split()).replace(" :", ":")
    assert said in shown
    assert shown.count("Phạm Quang Huy, 10/01/2015 10:05") == 1
    assert 'value="09/BC-BCĐ"' in text


def test_a_threshold_published_meanwhile_asks_again(client: Client) -> None:
    with clock.at(moment("2014-03-17")):
        report = factories.make_report(quarter="2013-4")
        signer = factories.signer_of(report.commune)
        client.force_login(signer)
        factories.fill_in(report, signer)
        shown = page(client.get(url_of(report)))
        names = ("revision", "judged_by", "shown_at")
        hidden = {name: re.findall(rf'name="{name}"[^>]*value="([^"]+)"', shown)[-1] for name in names}
    data = signature(report, letter_date="17/03/2014") | hidden
    with clock.at(moment("2014-03-18")):  # the income level of 2013 is published on this day
        text = page(client.post(url_of(report), data))
        assert "A threshold was published after this page was shown" in text
        assert not is_sent(report)

        again = re.findall(r'name="judged_by"[^>]*value="([^"]+)"', text)[-1]
        factories.fill_in(report, signer)
        revision = str(factories.working(report).revision)
        client.post(url_of(report), data | {"judged_by": again, "revision": revision})

    assert is_sent(report)


def test_a_report_sent_by_somebody_else_meanwhile_is_a_refusal_with_the_reason(
    client: Client, report: QuarterlyReport, signer: User
) -> None:
    factories.fill_in(report, signer)
    data = signature(report)
    factories.submit(report, factories.signer_of(report.commune))

    response = client.post(url_of(report), data)

    assert response.status_code == 403
    assert "in the state “submitted”" in response.content.decode()


# After a return


def answers(item: ReviewItem, text: str, *, done: bool = True) -> dict[str, str]:
    """What the browser sends of one item."""
    item.refresh_from_db()
    name = f"item{item.pk}"
    data = {f"{name}-reply": text, f"{name}-reply_version": str(item.reply_version)}
    return data | ({f"{name}-done": "on"} if done else {})


def test_open_items_come_first_and_block_until_they_are_answered_and_done(client: Client) -> None:
    report = returned()
    client.force_login(factories.signer_of(report.commune))
    item = report.review_items.get()

    text = page(client.get(url_of(report)))

    assert "Answer the reviewer: “Ghi rõ nguồn số liệu.”" in text
    assert f'href="#item{item.pk}"' in text
    assert text.index(f'id="item{item.pk}"') < text.index('id="changes"') < text.index('id="all"')
    assert "disabled" in text
    response = client.post(url_of(report), answers(item, "Đã ghi.") | {"do": "answer"})
    assert response.headers["Location"] == f"{url_of(report)}#items"
    text = page(client.get(url_of(report)))
    assert "Đã ghi." in text
    assert "disabled" not in text


def test_saving_the_answers_keeps_what_was_typed_for_the_signature(client: Client) -> None:
    report = returned()
    client.force_login(factories.signer_of(report.commune))
    item = report.review_items.get()

    data = signature(report, letter_number="11/BC-BCĐ", signer_name="Trần Văn An") | answers(item, "Đã ghi.")
    text = page(client.post(url_of(report), data | {"do": "answer"}))

    item.refresh_from_db()
    assert item.reply == "Đã ghi."
    assert 'value="11/BC-BCĐ"' in text
    assert 'value="Trần Văn An"' in text
    assert not is_sent(report)


def test_an_answer_typed_beside_the_signature_is_saved_and_read_again_before_it_is_sent(client: Client) -> None:
    report = returned()
    signer = factories.signer_of(report.commune)
    client.force_login(signer)
    item = report.review_items.get()
    factories.answer(report, signer, "Đã ghi.")

    data = signature(report) | answers(item, "Đã ghi rõ hơn.")
    text = page(client.post(url_of(report), data))

    item.refresh_from_db()
    assert item.reply == "Đã ghi rõ hơn."
    assert not is_sent(report)
    assert client.post(url_of(report), signature(report) | answers(item, "Đã ghi rõ hơn.")).status_code == 302
    assert "Đã ghi rõ hơn." in text


def test_an_editor_answers_on_the_page_too(client: Client) -> None:
    report = returned()
    client.force_login(factories.editor_of(report.commune))
    item = report.review_items.get()

    client.post(url_of(report), answers(item, "Đã ghi.") | {"do": "answer"})

    item.refresh_from_db()
    assert item.is_answered


# What differs from the version sent before


def changes_table(text: str) -> str:
    table = text[text.index('id="changes"') : text.index("</section>", text.index('id="changes"'))]
    return " ".join(re.sub("<[^>]+>", " ", table).split())


def test_only_what_differs_from_the_version_sent_is_listed(client: Client) -> None:
    with clock.at(moment("2014-10-05")):
        factories.make_accepted(quarter="2014-3", values={"12": {"value": Decimal(99)}})
    report = returned()
    editor = factories.signer_of(report.commune)
    client.force_login(editor)
    assert "Nothing has changed." in page(client.get(url_of(report)))

    change(report, editor, "11", "12.4")
    text = page(client.get(url_of(report)))

    table = text[text.index('id="changes"') : text.index("</section>", text.index('id="changes"'))]
    assert table.count("<tr>") == 2
    assert "9.5 %" in table
    assert "12.4 %" in table
    assert "+2.9" in table
    assert f"{reverse('reports:group', args=[report.pk, 'III'])}#i11" in table
    assert "1 indicator has changed, 39 are the same." in changes_table(text)


def test_every_kind_of_change_is_listed_with_both_sides(client: Client) -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    for text in ("Giữ nguyên", "Sẽ sửa", "Sẽ bỏ"):
        factories.write_line(report, text, signer)
    factories.write_resource(report, signer, planned=Decimal(1200))
    factories.fill_in(report, signer)
    factories.submit(report, signer)
    factories.give_back(report, factories.reviewer_of(report.commune))
    client.force_login(signer)

    change(report, signer, "11", "9.5", note="Theo rà soát", explanation="Do bão")
    claim(report, signer, 10, "basic", "Thiếu hồ sơ")
    version = factories.working(report)
    changed = [
        factories.a_line("Đã sửa", row_version=1, key="Sẽ sửa"),
        factories.a_line("Sẽ bỏ", row_version=1, removed=True),
        factories.a_line("Mới thêm"),
    ]
    entry.save_rows(version, lines=changed, by=signer)
    factories.write_resource(report, signer, row_version=1, planned=Decimal(1500))

    table = changes_table(page(client.get(url_of(report))))

    for said in (
        "Note: Theo rà soát · Explanation: Do bão",
        "10 Income: your assessment Met Basically met · Reason: Thiếu hồ sơ",
        "Main results Sẽ sửa Đã sửa",
        "Main results taken out Sẽ bỏ –",
        "Main results added – Mới thêm",
        "Resources: Provincial budget Planned for the year: 1,200 million dong "
        "Planned for the year: 1,500 million dong",
        "0 indicators have changed, 40 are the same.",
    ):
        assert said in table
    assert "Giữ nguyên" not in table


def test_an_item_on_an_indicator_asks_for_it_and_for_the_assessment_only(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    holder = report.working.holder
    assert holder is not None
    indicator = Indicator.objects.get(code="15.1", criterion__criteria_set=report.period.criteria_set)
    entry.raise_item(factories.working(report), text="Nguồn?", kind="must_fix", indicator=indicator, by=holder)
    factories.give_back(report, holder)
    signer = factories.signer_of(report.commune)
    client.force_login(signer)

    change(report, signer, "15.1", "71")
    claim(report, signer, 15, "basic", "Thiếu hồ sơ")
    assert "Nothing outside what was asked." in changes_table(page(client.get(url_of(report))))

    change(report, signer, "15.2", "0")
    assert "Outside what was asked: 15." in changes_table(page(client.get(url_of(report))))


def test_a_newer_paper_stands_beside_the_one_it_replaces(client: Client) -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    client.force_login(signer)
    factories.fill_in(report, signer)
    old = factories.add_paper(report, signer, "11", title="Bản cũ").evidence
    factories.submit(report, signer)
    factories.give_back(report, factories.reviewer_of(report.commune))
    metadata = {"title": "Bản mới", "kind": "survey", "document_number": "", "document_date": None, "valid_until": None}
    checked = evidence.check(factories.paper(OTHER_PAPER, "moi.pdf"))
    evidence.replace(factories.working(report), old, checked, metadata, by=signer)

    table = changes_table(page(client.get(url_of(report))))

    assert "Evidence of 11 Poor household rate Bản cũ Bản mới" in table


def test_what_lies_outside_what_was_asked_is_named(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    holder = report.working.holder
    assert holder is not None
    criterion = CriterionVerdict.objects.get(version=report.working, criterion__number=11).criterion
    entry.raise_item(factories.working(report), text="Nguồn?", kind="must_fix", criterion=criterion, by=holder)
    factories.give_back(report, holder)
    signer = factories.signer_of(report.commune)
    client.force_login(signer)

    change(report, signer, "11", "9.4")
    assert "Nothing outside what was asked." in changes_table(page(client.get(url_of(report))))

    change(report, signer, "12", "95.5")
    factories.write_line(report, "Khó khăn mới", signer, Section.DIFFICULTIES, kind="objective", detail="Do bão")
    text = changes_table(page(client.get(url_of(report))))

    assert "Outside what was asked: 12, Difficulties and causes." in text


def test_disagreements_and_sums_are_on_the_page(client: Client, report: QuarterlyReport, signer: User) -> None:
    factories.fill_in(report, signer, verdicts={10: "not_met"}, claims={10: "basic"})

    text = page(client.get(url_of(report)))

    table = text[text.index('id="disputed"') : text.index("</section>", text.index('id="disputed"'))]
    assert table.count("<tr>") == 2
    assert "Theo kết quả rà soát của xã" in table
    sums = " ".join(re.sub("<[^>]+>", " ", text[text.index('id="all"') : text.index('id="gI"')]).split())
    assert "Met 18 18" in sums
    assert "Basically met 1 0" in sums
    assert "Not met 0 1" in sums


def test_everything_that_is_signed_is_on_the_page(client: Client, report: QuarterlyReport, signer: User) -> None:
    values: dict[str, dict[str, Any]] = {
        "11": {
            "value": Decimal("12.5"),
            "numerator": Decimal(1),
            "denominator": Decimal(8),
            "note": "Ghi chú 11",
            "explanation": "Giải trình 11",
        },
        "10": {"absence": "no_data", "absence_reason": "Lý do 10"},
    }
    factories.fill_in(report, signer, values=values, claims={11: "not_met", 10: "met"})
    factories.write_line(report, "Thuyết minh của xã", signer)
    factories.write_line(report, "Thiếu vốn", signer, Section.DIFFICULTIES, kind="objective", detail="Bão số 3")
    factories.write_resource(report, signer, planned=Decimal(1200), note="Vốn lồng ghép")
    factories.add_paper(report, signer, "11")

    text = page(client.get(url_of(report)))

    values_said = ("Ghi chú 11", "Giải trình 11", "Lý do 10", "1 / 8", "Theo kết quả rà soát của xã")
    others_said = ("Thuyết minh của xã", "Thiếu vốn", "Bão số 3", "1,200", "Vốn lồng ghép")
    for said in (*values_said, *others_said, str(report.evidence.get())):
        assert said in text
    assert all(f'id="s{number}"' in text for number in range(1, 20))
    assert all(f'id="section-{code}"' in text for code in Section.values)


def test_what_was_taken_over_from_the_last_quarter_is_marked(client: Client) -> None:
    with clock.at(moment("2014-10-05")):
        accepted = factories.make_accepted(quarter="2014-3").in_force
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    client.force_login(signer)
    change(report, signer, "11", "9.5", same_as=accepted)

    assert page(client.get(url_of(report))).count("Said to be the same as in quarter III/2014") == 1


def test_the_parts_are_listed_with_what_they_hold_and_what_is_left(
    client: Client, report: QuarterlyReport, signer: User
) -> None:
    change(report, signer, "11", "9.5")
    factories.write_line(report, "Thuyết minh của xã", signer)
    factories.write_resource(report, signer, cumulative=Decimal(1200))

    text = page(client.get(url_of(report)))

    table = " ".join(re.sub("<[^>]+>", " ", text[text.index('id="all"') : text.index('id="gI"')]).split())
    assert "I. Planning 3 indicators 4 places left" in table
    assert "III. Economy and organisation of production 4 indicators 7 places left" in table
    assert "Main results 1 line Complete" in table
    assert "Resources 1 source, together 1,200 million dong since the start of the year Complete" in table
    assert "Impact 0 lines 1 place left" in table


def points(text: str) -> str:
    shown = text[text.index('id="points"') : text.index("</section>", text.index('id="points"'))]
    return " ".join(re.sub("<[^>]+>", " ", shown).split())


def test_soft_checks_and_missing_papers_are_shown_and_do_not_block(client: Client) -> None:
    with clock.at(moment("2014-10-05")):
        factories.make_accepted(quarter="2014-3")
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    client.force_login(signer)
    Expectation.objects.update_or_create(
        indicator=Indicator.objects.get(code="11", criterion__criteria_set=report.period.criteria_set),
        defaults={"evidence_en": "Decision on the poor households"},
    )
    factories.fill_in(report, signer, verdicts={11: "not_met"})

    text = page(client.get(url_of(report)))

    assert "not explained Met in quarter III/2014, not met now: criterion 11 is about to be lost." in points(text)
    assert "Decision on the poor households" in points(text)
    assert f"{reverse('reports:evidence_add', args=[report.pk])}?indicator=11" in text
    assert f"{reverse('reports:group', args=[report.pk, 'III'])}#i11" in text
    assert "disabled" not in text

    row = factories.working(report).values.get(indicator__code="11")
    change(report, signer, "11", str(row.value), explanation="Hộ nghèo tăng do bão")
    factories.add_paper(report, signer, "11")
    text = points(page(client.get(url_of(report))))

    assert "explained Met in quarter III/2014" in text
    assert "not explained Met" not in text
    assert "“Hộ nghèo tăng do bão”" in text
    assert "Decision on the poor households" not in text


# Who, and how much it costs


def test_an_editor_reads_who_can_sign_and_cannot_do_it(client: Client, report: QuarterlyReport) -> None:
    editor = factories.editor_of(report.commune)
    factories.fill_in(report, editor)
    client.force_login(editor)

    text = page(client.get(url_of(report)))

    assert "Only a signer of the provincial committee can sign this report." in text
    assert 'name="letter_number"' not in text
    refused = client.post(url_of(report), signature(report))
    assert refused.status_code == 403
    assert "Only a signer of the provincial committee can do this." in refused.content.decode()
    assert not is_sent(report)
    assert client.post(url_of(report), {}).status_code == 403


def test_others_do_not_get_the_page(client: Client, report: QuarterlyReport) -> None:
    client.force_login(factories.signer_of(factories.commune("Hải Đường")))
    assert client.get(url_of(report)).status_code == 404
    client.force_login(factories.reviewer_of(report.commune))
    assert client.get(url_of(report)).status_code == 403


def test_the_page_takes_at_most_ten_queries(client: Client, django_assert_max_num_queries: Queries) -> None:
    with clock.at(moment("2014-10-05")):
        factories.make_accepted(quarter="2014-3")
    report = returned()
    for user in (factories.signer_of(report.commune), factories.editor_of(report.commune)):
        client.force_login(user)
        with django_assert_max_num_queries(10):
            assert client.get(url_of(report)).status_code == 200


def test_the_page_does_not_crash_in_vietnamese(client: Client, report: QuarterlyReport, signer: User) -> None:
    client.cookies["django_language"] = "vi"
    assert client.get(url_of(report)).status_code == 200
    assert client.post(url_of(report), {}).status_code == 200
