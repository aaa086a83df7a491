"""Do the summary pages show what was published, and does a lead publish what the page showed?"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Commune, User
from ntm_tracker import clock
from reports import summaries, workflow
from reports.models import KeptPost, QuarterlyReport, Summary
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

from .test_summaries import accept_on, correct

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

LIST = "/summaries/"
ISSUE = "/summaries/pilot-11/2014-4/1/"
PUBLISH = "/summaries/pilot-11/2014-4/publish/"


@pytest.fixture
def lead() -> User:
    return factories.make_lead()


@pytest.fixture
def report() -> Iterator[QuarterlyReport]:
    """Thanh Chăn with a gain and a loss in quarter IV/2014, Gia Phố complete a quarter before."""
    accept_on("2014-10-04", "Thanh Chăn", "2014-3", verdicts={10: "not_met"})
    accept_on("2014-10-04", "Gia Phố", "2014-3")
    found = accept_on("2015-01-04", "Thanh Chăn", "2014-4", verdicts={12: "not_met", 7: "not_considered"})
    with clock.at(moment("2015-01-08", "15:00")):
        yield found


def publish(lead: User, note: str = "", quarter: str = "2014-4") -> Summary:
    return summaries.publish(factories.programme(), factories.period(quarter), note=note, by=lead)


def page(client: Client, user: User, address: str) -> str:
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def figures(html: str) -> str:
    """What an issue's page says between its head and the list of issues, what is only read aloud included."""
    part = html[html.index('aria-label="Counts"') : html.index("</main>")]
    part = re.split(r'<section[^<]*aria-labelledby="issues"', part)[0]
    return text(re.sub(r'<a[^>]*aria-label="([^"]*)"', r" \1 <a", part))


def digest(html: str) -> str:
    found = re.search(r'name="shown" value="(\w+)"', html)
    assert found
    return found[1]


def test_the_lead_publishes_what_the_page_shows(client: Client, report: QuarterlyReport, lead: User) -> None:
    html = page(client, lead, PUBLISH)
    assert "Publish: Summary of quarter IV/2014, issue 1" in text(html)
    assert "Without an accepted report, so the last known figures stand:" in text(html)
    assert "Gia Phố (by quarter III/2014)" in text(html)
    assert not Summary.objects.exists()

    response = client.post(PUBLISH, {"note": "Công bố lần đầu.", "shown": digest(html)}, follow=True)

    summary = Summary.objects.get()
    assert response.redirect_chain == [(ISSUE, 302)]
    assert (summary.issue, summary.note, summary.published_by, summary.published_at) == (
        *(1, "Công bố lần đầu.", lead),
        moment("2015-01-08", "15:00"),
    )
    shown = response.content.decode()
    assert "Summary of quarter IV/2014, issue 1 is published." in text(shown)
    assert "Published on 08/01/2015 15:00 by" in text(shown).replace("\xa0", " ")
    assert figures(shown) == figures(html), "the issue is what was shown"


def test_an_issue_shows_counts_matrix_gains_losses_reasons_and_who_is_missing(
    client: Client, report: QuarterlyReport, lead: User
) -> None:
    publish(lead)

    html = page(client, factories.make_viewer(), ISSUE)

    told = text(html)
    assert "0/11 complete" in told
    assert "Accepted reports: 1 of 11. Complete with the last known figures of the others: 1." in told
    assert "Target of 31/12/2014" in told
    assert "Not complete: 1; without figures for that quarter: 10." in told
    assert html.count('<td class="c') == 11 * 19
    assert 'aria-label="12 Labour: not met, regression"' in html
    assert 'aria-label="1 Planning: met (by quarter III/2014)"' in html
    assert "15–18 criteria 1 Thanh Chăn" in told
    assert "All criteria 1 Gia Phố (by quarter III/2014)" in told
    assert re.search(r"Against the report before Gained: 1 criteria. Lost: 1 criteria. .* Thanh Chăn 10 Income", told)
    assert "Not all of them: 1 lost" in told
    assert " style=" not in html
    assert 'href="/overview/?programme=pilot-11&amp;quarter=2014-4&amp;as_of=08%2F01%2F2015&amp;cell=' in html


def test_an_issue_never_changes_and_leads_to_the_one_that_replaced_it(
    client: Client, report: QuarterlyReport, lead: User
) -> None:
    publish(lead)
    viewer = factories.make_viewer()
    before = page(client, viewer, ISSUE)
    with clock.at(moment("2015-01-12")):
        correct(report)
        Commune.objects.filter(pk=report.commune_id).update(name="Tên Mới")
        assert figures(page(client, viewer, ISSUE)) == figures(before)
        assert "replaced" not in page(client, viewer, ISSUE)
        publish(lead, "Xã đính chính <số liệu>.")

        after = page(client, viewer, ISSUE)
        assert figures(after) == figures(before)
        assert "This issue is replaced: Issue 2 of 12/01/2015" in text(after)
        second = page(client, viewer, "/summaries/pilot-11/2014-4/2/")

    assert "What changed since issue 1" in second
    assert "Xã đính chính &lt;số liệu&gt;." in second
    assert "12 Labour: not met → met" in text(second)
    assert "replaced" not in second
    assert f'href="{ISSUE}"' in second


def test_what_was_typed_stays_when_the_figures_have_moved(client: Client, report: QuarterlyReport, lead: User) -> None:
    publish(lead)
    correct(report)
    html = page(client, lead, PUBLISH)
    accept_on("2015-01-08", "Gia Phố", "2014-4")

    refused = client.post(PUBLISH, {"note": "Đã soát lại", "shown": digest(html)})

    again = refused.content.decode()
    assert "what is published must be what was shown" in text(again)
    assert "Đã soát lại</textarea>" in again
    assert "Gia Phố" in text(again[again.index('id="changed"') : again.index('name="shown"')])
    assert digest(again) != digest(html)
    assert Summary.objects.count() == 1
    assert client.post(PUBLISH, {"note": "Đã soát lại", "shown": digest(again)}).status_code == 302
    assert Summary.objects.count() == 2


def test_a_later_issue_needs_its_note_and_a_page_without_digest_publishes_nothing(
    client: Client, report: QuarterlyReport, lead: User
) -> None:
    client.force_login(lead)
    assert client.post(PUBLISH, {"note": "x"}).status_code == 200
    assert not Summary.objects.exists()
    publish(lead)
    html = page(client, lead, PUBLISH)
    assert "Nothing has changed since issue 1." in text(html)
    assert 'name="shown"' not in html
    correct(report)

    html = page(client, lead, PUBLISH)
    assert "4 changes since issue 1" in text(html)
    answer = client.post(PUBLISH, {"note": " ", "shown": digest(html)})

    assert "Please write what changed since the issue before." in text(answer.content.decode())
    assert Summary.objects.count() == 1


def test_a_correction_in_work_is_warned_of(client: Client, report: QuarterlyReport, lead: User) -> None:
    why = StepData(reason="Nhập nhầm.")
    workflow.take_step(factories.official(report), "open_correction", by=factories.signer_of(report.commune), data=why)

    html = page(client, lead, PUBLISH)

    assert "A correction is in work; the figures may change soon: Thanh Chăn." in text(html)


def test_the_list_tells_everybody_what_is_published_and_the_lead_what_is_not(
    client: Client, report: QuarterlyReport, lead: User
) -> None:
    viewer = factories.make_viewer()
    assert "Nothing is published yet" in page(client, viewer, LIST)
    publish(lead)
    correct(report)

    told = text(page(client, lead, LIST))
    assert "Quarter IV/2014 : the figures have moved since issue 1: 4 changes" in told
    assert "1 earlier quarter was never published" in told
    assert "Quarter III/2014 : not published yet; 2 of 11 reports are accepted" in told
    publish(lead, "Đính chính.")
    html = page(client, viewer, LIST)
    told = text(html)
    assert re.search(r"Quarter IV/2014, issue 2 0/11|Quarter IV/2014, issue 2 1/11", told)
    assert "Quarter IV/2014, issue 1 replaced by issue 2 0/11" in told
    assert "Đính chính." in told
    assert "Can be published now" not in told
    assert "publish/" not in html


def test_boards_name_the_issue_of_their_figures(client: Client, report: QuarterlyReport, lead: User) -> None:
    boards = [reverse("reports:overview"), reverse("communes:list"), report.commune.get_absolute_url()]
    viewer = factories.make_viewer()

    def line(address: str) -> str:
        html = page(client, viewer, address)
        assert (ISSUE in html) == ("issue 1" in html)
        found = re.search(r"(This quarter is not published yet|Published:|Changed since)[^.]*\.", text(html))
        assert found
        return found[0]

    assert {line(board) for board in boards} == {"This quarter is not published yet."}
    publish(lead)
    assert {line(board) for board in boards} == {"Published: issue 1 of quarter IV/2014 , 08/01/2015."}
    with clock.at(moment("2015-01-12")):
        correct(report)
        assert {line(board) for board in boards} == {"Changed since issue 1 of quarter IV/2014 , 08/01/2015."}
        assert {line(f"{board}?as_of=11/01/2015") for board in boards} == {
            "Published: issue 1 of quarter IV/2014 , 08/01/2015."
        }
        other = factories.commune("Gia Phố").get_absolute_url()
        assert line(other).startswith("Published:"), "nothing changed there"
        assert line(f"{boards[0]}?quarter=2014-3") == "This quarter is not published yet."


def test_an_official_version_names_the_newest_issue_that_stands_on_it(
    client: Client, report: QuarterlyReport, lead: User
) -> None:
    viewer, first = factories.make_viewer(), factories.official(report)
    assert "Published in:" not in page(client, viewer, first.get_absolute_url())
    publish(lead)
    accept_on("2015-01-08", "Gia Phố", "2014-4")
    publish(lead, "Thêm một xã.")
    correct(report)
    publish(lead, "Đính chính.")

    for version, issue in ((first, 2), (factories.official(report), 3)):
        html = page(client, viewer, version.get_absolute_url())
        assert f"Published in: issue {issue} of quarter IV/2014" in text(html)
        assert f'href="/summaries/pilot-11/2014-4/{issue}/"' in html


def test_an_issue_comes_as_a_file_for_excel(client: Client, report: QuarterlyReport, lead: User) -> None:
    publish(lead)
    client.force_login(factories.make_viewer())

    response = client.get(f"{ISSUE}file/")

    assert response["Content-Disposition"] == 'attachment; filename="tong-hop-2014-4-lan-1.csv"'
    assert response.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[0] == ["Summary of quarter IV/2014, issue 1"]
    assert rows[2] == ["As known on 08/01/2015"]
    cells = [row for row in rows if len(row) == 8][1:]
    assert len(cells) == 11 * 19
    lost = next(row for row in cells if row[1] == "Thanh Chăn" and row[3] == "12")
    assert [lost[0], lost[2], *lost[5:]] == ["Điện Biên", "official", "not met", "regression", ""]
    assert {row[5] for row in cells if row[2] == "never reported"} == {"not reported"}


def test_what_is_not_there_is_not_found(client: Client, report: QuarterlyReport, lead: User) -> None:
    publish(lead)
    client.force_login(lead)
    for address in (
        "pilot-11/2014-4/2/",
        "pilot-11/2014-3/1/",
        "none/2014-4/1/",
        "pilot-11/x/1/",
        "pilot-11/2014-4/99/file/",
        "pilot-11/2013-1/publish/",
        "none/2014-4/publish/",
        "pilot-11/x/publish/",
    ):
        assert client.get(f"/summaries/{address}").status_code == 404, address


def test_a_note_sent_while_signed_out_is_kept(client: Client, report: QuarterlyReport, lead: User) -> None:
    html = page(client, lead, PUBLISH)
    writer = re.search(r'name="writer" value="([^"]+)"', html)
    assert writer
    client.logout()

    client.post(PUBLISH, {"note": "Công bố lần đầu.", "shown": digest(html), "writer": writer[1]})

    assert "C%C3%B4ng" in KeptPost.objects.get(user=lead).body
    assert not Summary.objects.exists()
    assert PUBLISH in page(client, lead, "/")


def test_the_pages_take_the_same_queries_with_more_quarters(
    client: Client, report: QuarterlyReport, lead: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(lead)

    def counts() -> list[int]:
        found = []
        for address in (LIST, PUBLISH, ISSUE):
            with django_assert_max_num_queries(10) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    publish(lead)
    few = counts()
    publish(lead, quarter="2014-3")
    accept_on("2013-10-04", "Hải Đường", "2013-3", verdicts={10: "not_met"})
    publish(lead, quarter="2013-3")

    assert counts() == few == [10, 10, 6]
