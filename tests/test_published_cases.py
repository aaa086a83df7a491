"""Two published results of real communes, entered and verified by way of the real pages.

The newspapers state verdicts without values, as reports often do: the committee claims them with "no data" and
the source as reason, the ministry verifies them with a reason, and the computed verdict beside stays "no data".
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Commune, Duty, Programme, Province
from criteria.catalogue import load_catalogue
from criteria.models import Region
from ntm_tracker import clock
from reports import entry as entry_
from reports.models import Period, QuarterlyReport
from reports.standing import standing
from tests import factories

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "cases"
VERDICTS = {"met": "met", "unmet": "not_met"}


def signed_in(user: Any) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(user)
    return client


def add_in_administration(case: dict[str, Any], province_code: str) -> Commune:
    """The administrator adds province and commune, and lets a programme of its own follow it."""
    admin = signed_in(factories.make_administrator())
    region = Region.objects.get(code=case["region"])
    page = admin.post(
        reverse("admin:communes_province_add"),
        {"code": province_code, "name": case["province"], "region": region.pk},
    )
    assert page.status_code == 302, page.content.decode()[:3000]
    province = Province.objects.get(code=province_code)
    page = admin.post(
        reverse("admin:communes_commune_add"),
        {
            "code_list": "case",
            "code": "00001",
            "name": case["commune"],
            "district": case["district"],
            "province": province.pk,
        },
    )
    assert page.status_code == 302, page.content.decode()[:3000]
    commune = Commune.objects.get(code_list="case")
    page = admin.post(
        reverse("admin:communes_programme_add"),
        {
            "code": "case",
            "name_vi": "Xã trong báo",
            "name_en": "A commune in the newspaper",
            "source": case["url"],
            "baseline_on": "31/12/2011",
            "memberships-TOTAL_FORMS": "1",
            "memberships-INITIAL_FORMS": "0",
            "memberships-0-commune": commune.pk,
            "memberships-0-since": "01/01/2011",
            "memberships-0-is_member": "on",
            "memberships-0-source": case["url"],
            "targets-TOTAL_FORMS": "0",
            "targets-INITIAL_FORMS": "0",
        },
    )
    assert page.status_code == 302, page.content.decode()[:3000]
    return commune


def write_and_submit(report: QuarterlyReport, case: dict[str, Any]) -> None:
    """The editor fills in the five groups, the signer signs."""
    editor = signed_in(factories.editor_of(report.commune))
    signer = signed_in(factories.signer_of(report.commune))
    claims = {item["criterion"]: VERDICTS[item["verdict"]] for item in case["items"]}
    catalogue = load_catalogue(report.period.criteria_set, report.commune.province.region)
    for group in catalogue.groups:
        data: dict[str, Any] = {}
        for criterion in group.criteria:
            number = criterion.criterion.number
            data |= {f"c{number}-row_version": 0, f"c{number}-claimed": claims[number], f"c{number}-claim_reason": ""}
            for entry in criterion.indicators:
                prefix = f"i{entry.indicator.code}"
                absent = {"value": "no_data"} if entry.indicator.is_yes_no else {"value": "", "absence": "no_data"}
                fields = {"row_version": 0, "absence_reason": case["url"][:500], "note": ""} | absent
                data |= {f"{prefix}-{name}": value for name, value in fields.items()}
        page = editor.post(reverse("reports:group", args=[report.pk, group.group.code]), data)
        assert page.status_code == 302, page.content.decode()
    version = factories.working(report)
    entry_.save_rows(version, lines=entry_.nothing_to_report(), by=factories.editor_of(report.commune))
    version = factories.working(report)
    page = signer.post(
        reverse("reports:check", args=[report.pk]),
        {
            "signer_name": "Người ký",
            "signer_title": "Trưởng ban",
            "letter_number": "12/BC-BCĐ",
            "letter_date": clock.today().strftime("%d/%m/%Y"),
            "read": "on",
            "revision": version.revision,
        },
    )
    assert page.status_code == 302, page.content.decode()


def verify_and_accept(report: QuarterlyReport, case: dict[str, Any]) -> None:
    """The reviewer takes the report up, verifies the stated verdicts with a reason, and accepts."""
    reviewer = signed_in(factories.reviewer_of(report.commune))
    page = reviewer.post(reverse("reports:step", args=[report.pk, "take_up"]))
    assert page.status_code == 302
    data: dict[str, Any] = {"do": "accept"}
    for row in factories.working(report).verdicts.select_related("criterion"):
        number = row.criterion.number
        stated = next(item for item in case["items"] if item["criterion"] == number)
        data |= {
            f"c{number}-row_version": row.row_version,
            f"c{number}-verified": VERDICTS[stated["verdict"]],
            f"c{number}-verified_reason": f"{case['url']} ({stated['basis']})"[:500],
            f"c{number}-fragile_reason": "",
        }
    page = reviewer.post(reverse("reports:review", args=[report.pk]), data)
    assert page.status_code == 302, page.content.decode()


@pytest.mark.parametrize(
    ("name", "province_code", "quarter", "met"),
    [("my-thuan-2014", "86", "2014-3", 16), ("minh-hoa-2013", "74", "2013-3", 11)],
)
def test_the_boards_show_what_the_newspaper_said(name: str, province_code: str, quarter: str, met: int) -> None:
    case = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    factories.reference()
    published = date.fromisoformat(case["date"])
    period: Period = factories.period(quarter)
    day = max(published, period.last_day) + timedelta(days=1)
    assert met == case["met_count_stated"]
    with clock.at(factories.moment(day.isoformat())):
        commune = add_in_administration(case, province_code)
        report = factories.make_report(commune, quarter)
        write_and_submit(report, case)
        verify_and_accept(report, case)

        [row] = standing(Programme.objects.get(code="case"), period, clock.today()).rows
        viewer = signed_in(factories.make_user(Duty.VIEWER))
        address = {"programme": "case", "quarter": period.code}
        overview = viewer.get(reverse("reports:overview"), address).content.decode()
        page = viewer.get(factories.official(report).get_absolute_url()).content.decode()

    assert row.commune.name == case["commune"]
    assert [cell.number for cell in row.cells if cell.shown == "met"] == [
        item["criterion"] for item in case["items"] if item["verdict"] == "met"
    ]
    assert sum(cell.shown == "met" for cell in row.cells) == met
    assert {cell.judged.computed for cell in row.cells if cell.judged} == {"no_data"}
    assert f"<b>{met}</b>" in overview
    assert case["commune"] in overview
    assert page.count("No data") >= 19
