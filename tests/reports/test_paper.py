"""The report on paper: blank to fill in by hand, or with everything a version says."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from communes.models import User
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import QuarterlyReport, Section, Source
from reports.sections import FORMS
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_january")]

Queries = Callable[..., Any]


def paper(client: Client, user: User, report: QuarterlyReport, form: str = "filled", **query: str) -> str:
    client.force_login(user)
    response = client.get(reverse("reports:paper", args=[report.pk]), {"form": form} | query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split()).replace("&#x27;", "'")


def status(client: Client, user: User, report: QuarterlyReport, **query: str) -> int:
    client.force_login(user)
    return client.get(reverse("reports:paper", args=[report.pk]), query).status_code


def in_english(client: Client) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"


def test_the_blank_form_has_every_indicator_with_its_threshold_and_room_to_answer(client: Client) -> None:
    in_english(client)
    report = factories.make_report("Hải Đường")

    text = paper(client, factories.editor_of(report.commune), report, "blank")

    assert "1.1 " in text
    assert "19 " in text
    assert "≥ 26 million" in text
    assert text.count("</span> Basically met") == 19
    assert text.count("</span> No data") == 39
    assert text.count('class="dots"') > 20


def test_the_blank_form_keeps_silent_about_what_is_written_already(client: Client) -> None:
    in_english(client)
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    factories.write_line(report, "Tập huấn 40 người", by=editor)
    factories.fill_in(report, editor, values={"10": {"value": Decimal("20.5"), "note": "Ghi chú riêng"}})
    entry.save_rows(
        factories.working(report),
        resources=[entry.Write(entry.ResourceOf(Source.CREDIT), 0, {"planned": Decimal(777)})],
        by=editor,
    )

    text = paper(client, editor, report, "blank")

    for written in ("Tập huấn 40 người", "20.5", "Ghi chú riêng", "777"):
        assert written not in text
    assert paper(client, editor, report).count("Tập huấn 40 người") == 1


def test_the_filled_form_has_everything_the_version_says(client: Client) -> None:
    in_english(client)
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    factories.write_line(
        report,
        "Kế hoạch năm 2015",
        editor,
        Section.STEERING,
        kind="document",
        number="12/KH-UBND",
        day=date(2014, 12, 8),
    )
    factories.write_line(
        report, "Hồ sơ còn thiếu", editor, Section.INSPECTIONS, kind="province", body="VPĐP tỉnh", day=date(2014, 12, 9)
    )
    resources = [
        entry.Write(entry.ResourceOf(Source.PROVINCE), 0, {"planned": Decimal("1200")}),
        entry.Write(entry.ResourceOf(Source.CREDIT), 0, {"planned": Decimal("300.5")}),
        entry.Write(entry.ResourceOf(Source.PEOPLE_LAND), 0, {"planned": Decimal("2800")}),
    ]
    entry.save_rows(factories.working(report), resources=resources, by=editor)
    factories.fill_in(
        report,
        editor,
        verdicts={10: "not_met"},
        claims={11: "basic"},
        values={"12": {"value": Decimal(96), "numerator": Decimal(2304), "denominator": Decimal(2400)}},
    )

    text = paper(client, editor, report)

    assert "Kế hoạch năm 2015 <span>(Document number: 12/KH-UBND; Date: 08/12/2014)" in text
    assert "<td>VPĐP tỉnh</td>" in text
    assert "96 % <br> (2,304 / 2,400)" in text
    assert "Met: 17/19; Basically met: 1/19; Not met: 1/19." in text
    assert "<strong>Basically met</strong> <br> (computed: met)" in text
    assert "Theo kết quả rà soát của xã" in text
    assert "1,500.5" in text
    assert "4,300.5" not in text
    assert text.count("Nothing to report this quarter.") == len(FORMS) - 3


def test_a_section_nobody_wrote_says_so(client: Client) -> None:
    in_english(client)
    report = factories.make_report()

    assert "Nothing is written here yet." in paper(client, factories.editor_of(report.commune), report)


def test_the_head_and_the_signature_are_those_of_an_official_report(client: Client) -> None:
    report = factories.make_submitted("Hải Đường")

    text = paper(client, factories.signer_of(report.commune), report)

    assert "Cộng hòa xã hội chủ nghĩa Việt Nam" in text
    assert "Ủy ban nhân dân tỉnh Nam Định" in text
    assert "Số: 05/BC-BCĐ" in text
    assert "Nam Định, ngày 10 tháng 01 năm 2015" in text
    assert "KT. Trưởng ban" in text
    assert "Vũ Đình Thắng" in text


def test_months_but_january_and_february_carry_no_zero(client: Client) -> None:
    with clock.at(moment("2014-07-05")):
        report = factories.make_submitted("Tân Thông Hội", "2014-2")

        text = paper(client, factories.signer_of(report.commune), report)

    assert "Hồ Chí Minh, ngày 05 tháng 7 năm 2014" in text
    assert "Ủy ban nhân dân thành phố Hồ Chí Minh" in text


def test_a_draft_is_called_one_and_leaves_number_date_and_signature_open(client: Client) -> None:
    in_english(client)
    report = factories.make_report()

    text = paper(client, factories.editor_of(report.commune), report)

    assert "Draft (version 1), not signed" in text
    assert "………/BC-BCĐ" in text
    assert "day …… month …… year ………" in text
    assert "(signature, full name, stamp)" in text


def test_the_quarter_accepted_last_stands_beside_this_one(client: Client) -> None:
    in_english(client)
    with clock.at(moment("2014-10-02")):
        factories.make_accepted(quarter="2014-3", values={"10": {"value": Decimal("31.25")}}, claims={10: "met"})
    report = factories.make_report()

    for form in ("blank", "filled"):
        text = paper(client, factories.editor_of(report.commune), report, form)
        assert "Result of quarter III/2014" in text
        assert "31.25" in text


@override_settings(DEMO_TODAY=date(2015, 1, 10))
def test_a_demonstration_says_so_on_every_sheet(client: Client) -> None:
    report = factories.make_report()

    assert '<p class="watermark" aria-hidden="true">Số liệu minh họa</p>' in paper(
        client, factories.editor_of(report.commune), report
    )


def test_a_real_site_has_no_such_mark(client: Client) -> None:
    report = factories.make_report()

    assert "watermark" not in paper(client, factories.editor_of(report.commune), report)


def test_an_official_version_can_be_printed_by_everybody_and_a_draft_only_by_its_own(client: Client) -> None:
    draft = factories.make_report()
    with clock.at(moment("2014-10-02")):
        accepted = factories.make_accepted(quarter="2014-3")
    editor, viewer = factories.editor_of(draft.commune), factories.make_viewer()
    stranger = factories.signer_of(factories.commune("Tân Thịnh"))

    assert [status(client, user, draft) for user in (editor, viewer, stranger)] == [200, 404, 404]
    assert [status(client, user, accepted) for user in (editor, viewer, stranger)] == [200, 200, 200]


def test_an_outsider_gets_the_version_in_force_while_a_correction_is_written(client: Client) -> None:
    in_english(client)
    report = factories.make_accepted()
    signer, viewer = factories.signer_of(report.commune), factories.make_viewer()
    reason = StepData(reason="Công bố lại thu nhập")
    workflow.take_step(factories.official(report), "open_correction", by=signer, data=reason)

    assert "Version 1, sent on" in paper(client, viewer, report)
    assert "Draft (version 2)" in paper(client, signer, report)
    assert "Version 1, sent on" in paper(client, signer, report, version="1")
    assert status(client, viewer, report, version="2") == 404
    assert status(client, signer, report, version="9") == status(client, signer, report, version="x") == 404


@pytest.mark.parametrize("form", ["blank", "filled"])
def test_the_paper_takes_few_queries(client: Client, django_assert_num_queries: Queries, form: str) -> None:
    with clock.at(moment("2014-10-02")):
        factories.make_accepted(quarter="2014-3")
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    factories.fill_in(report, editor)
    client.force_login(editor)

    with django_assert_num_queries(9):
        client.get(reverse("reports:paper", args=[report.pk]), {"form": form})
