"""The pages of the other sections: lines and resources are kept as typed, by the whole page and row by row."""

import gzip
import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import User
from ntm_tracker import clock
from reports import entry
from reports.models import QuarterlyReport, ResourceEntry, Section, SectionLine, SectionLineChange, Source
from reports.sections import filled_sections
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

NOTHING = "Nothing to report this quarter"
CLEARED = "The section has content, so it no longer says that there is nothing to report."


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report()


@pytest.fixture
def editor(report: QuarterlyReport, client: Client) -> User:
    """An editor of the commune's committee, signed in."""
    user = factories.editor_of(report.commune)
    client.force_login(user)
    return user


class Form(HTMLParser):
    """What a browser would send for the form with the id `rows`, if nothing was touched and no button pressed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside = False
        self.data: dict[str, str] = {}
        self.field = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if tag == "form":
            self.inside = found.get("id") == "rows"
        if not self.inside:
            return
        if tag in ("select", "textarea"):
            self.field = name
            self.data[name] = ""
        elif tag == "option" and "selected" in found:
            self.data[self.field] = found.get("value") or ""
        elif tag == "input" and (found.get("type") not in ("radio", "checkbox") or "checked" in found):
            self.data[name] = found.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.inside and self.lasttag == "textarea" and self.field:
            self.data[self.field] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "textarea":
            self.data[self.field] = self.data[self.field].lstrip("\n")
            self.field = ""


def url_of(report: QuarterlyReport, section: str = Section.DIFFICULTIES) -> str:
    return reverse("reports:section", args=[report.pk, section])


def loaded(client: Client, report: QuarterlyReport, section: str = Section.DIFFICULTIES) -> dict[str, str]:
    """The fields of the page as a browser would send them back."""
    return Form(client.get(url_of(report, section)).content.decode()).data


def new_prefix(fields: dict[str, str]) -> str:
    """The prefix of the first empty line of the page."""
    return next(name.removesuffix("-section") for name in fields if name.endswith("-section"))


def line_in(fields: dict[str, str], **typed: str) -> dict[str, str]:
    """The fields of the page with this typed into its first empty line."""
    prefix = new_prefix(fields)
    return fields | {f"{prefix}-{name}": text for name, text in typed.items()}


DROUGHT = {"text": "Hạn kéo dài", "kind": "objective", "detail": "Ba tháng không mưa"}


def lines(report: QuarterlyReport, section: str = Section.DIFFICULTIES) -> list[SectionLine]:
    return list(SectionLine.objects.filter(version=factories.working(report), section=section).order_by("pk"))


def write(report: QuarterlyReport, by: User, text: str = "Hạn kéo dài", key: str = "abcdef0123456789") -> SectionLine:
    """A line of difficulties that stands in the report."""
    factories.write_line(report, text, by, Section.DIFFICULTIES, key=key, kind="objective", detail="Ba tháng không mưa")
    return SectionLine.objects.get(version=factories.working(report), key=key)


def change(line: SectionLine, by: User, **content: Any) -> None:
    """Somebody writes the line."""
    line.refresh_from_db()
    whole = {name: getattr(line, name) for name in entry.EMPTY_LINE} | content
    target = entry.LineOf(Section(line.section), line.key)
    version = factories.working(line.version.report)
    assert entry.save_rows(version, lines=[entry.Write(target, line.row_version, whole)], by=by).written == 1


def save(client: Client, report: QuarterlyReport, prefix: str, **fields: str) -> Any:
    """One row, as the script sends it."""
    data = {"row": prefix} | {f"{prefix}-{name}": text for name, text in fields.items()}
    return client.post(reverse("reports:row_save", args=[report.pk]), data)


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode().replace("\xa0", " "))


# The pages


@pytest.mark.parametrize("section", Section.values)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_section_has_its_page(
    client: Client, report: QuarterlyReport, editor: User, section: str, language: str
) -> None:
    client.cookies["django_language"] = language

    response = client.get(url_of(report, section))

    assert response.status_code == 200
    assert f"<h1>{Section(section).label}</h1>" in response.content.decode() or language == "vi"
    assert f'name="lnothing-{section}-nothing"' in response.content.decode()


@pytest.mark.parametrize("section", Section.values)
def test_a_full_page_takes_ten_queries_and_ten_kilobytes(
    client: Client,
    report: QuarterlyReport,
    editor: User,
    section: str,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    for n in range(8):
        factories.write_line(report, f"Một việc dài dòng thứ {n}", editor, Section(section), key=f"{n}" * 12)
    by_source = [
        entry.Write(entry.ResourceOf(source), 0, {"planned": Decimal(1200), "cumulative": Decimal(n * 97)})
        for n, source in enumerate(Source)
    ]
    entry.save_rows(factories.working(report), resources=by_source, by=editor)

    with django_assert_max_num_queries(10):
        page = client.get(url_of(report, section))

    assert len(gzip.compress(page.content)) <= 10_000


def test_what_is_typed_into_an_empty_line_becomes_a_line(client: Client, report: QuarterlyReport, editor: User) -> None:
    response = client.post(url_of(report), line_in(loaded(client, report), **DROUGHT, criterion="10"))

    (line,) = lines(report)
    assert response.status_code == 302
    assert (line.text, line.kind, line.detail, line.updated_by) == (*DROUGHT.values(), editor)
    assert line.criterion is not None
    assert line.criterion.number == 10


def test_empty_lines_are_not_kept(client: Client, report: QuarterlyReport, editor: User) -> None:
    client.post(url_of(report), loaded(client, report))

    assert lines(report) == []


def test_the_same_request_twice_makes_one_line(client: Client, report: QuarterlyReport, editor: User) -> None:
    fields = line_in(loaded(client, report), **DROUGHT)

    client.post(url_of(report), fields)
    again = client.post(url_of(report), fields)

    assert again.status_code == 302
    assert len(lines(report)) == 1


def test_an_empty_line_has_the_same_key_after_a_reload_but_another_for_somebody_else(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    first = new_prefix(loaded(client, report))

    assert new_prefix(loaded(client, report)) == first
    client.force_login(factories.editor_of(report.commune))
    assert new_prefix(loaded(client, report)) != first


def test_more_lines_are_offered_after_what_was_typed_is_saved(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    fields = loaded(client, report)
    before = sum(name.endswith("-section") for name in fields)

    response = client.post(url_of(report), line_in(fields, **DROUGHT) | {"do": "more"}, follow=True)

    assert len(lines(report)) == 1
    assert sum(name.endswith("-section") for name in Form(response.content.decode()).data) > before


def test_a_line_without_what_it_needs_stays_as_typed_and_the_others_are_saved(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    stored = write(report, editor)
    fields = line_in(loaded(client, report), text="Thiếu vốn đối ứng")

    response = client.post(url_of(report), fields | {f"l{stored.key}-detail": "Bốn tháng không mưa"})

    stored.refresh_from_db()
    assert stored.detail == "Bốn tháng không mưa"
    assert len(lines(report)) == 1
    page = text_of(response)
    assert "Thiếu vốn đối ứng" in page
    assert "Choose whether the cause is objective or subjective." in page
    assert "Say where the difficulty comes from." in page


@pytest.mark.parametrize(
    ("section", "field", "typed", "sentence"),
    [
        (Section.INSPECTIONS, "day", "11/01/2015", "This day is still to come: today is 10/01/2015."),
        (Section.INSPECTIONS, "day", "31/11/2014", "This is not a date."),
        (Section.INSPECTIONS, "until", "20/01/2051", "This day is too far away."),
        (Section.STEERING, "day", "11/01/2015", "This day is still to come"),
        (Section.STEERING, "quantity", "1.250", "can be read in two ways"),
        (Section.STEERING, "quantity", "40", "Say what is counted"),
        (Section.IMPACT, "quantity_before", "-3", "Enter 0 or more."),
    ],
)
def test_what_cannot_be_right_is_said_beside_the_field(
    client: Client, report: QuarterlyReport, editor: User, section: Section, field: str, typed: str, sentence: str
) -> None:
    fields = line_in(loaded(client, report, section), text="Một việc", **{field: typed})

    page = text_of(client.post(url_of(report, section), fields))

    assert sentence in page
    assert f'value="{typed}"' in page
    assert lines(report, section) == []


def test_a_day_to_come_may_be_the_day_by_which_something_is_done(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    fields = line_in(loaded(client, report, Section.TASKS), text="Sửa trạm bơm", body="UBND xã", until="31/3/2015")

    client.post(url_of(report, Section.TASKS), fields)

    (line,) = lines(report, Section.TASKS)
    assert f"{line.until:%d/%m/%Y}" == "31/03/2015"


def test_an_inspection_outside_the_quarter_is_kept_and_questioned(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    fields = line_in(
        loaded(client, report, Section.INSPECTIONS), kind="province", body="Sở", text="Kiểm tra", day="30/09/2014"
    )

    page = text_of(client.post(url_of(report, Section.INSPECTIONS), fields, follow=True))

    assert len(lines(report, Section.INSPECTIONS)) == 1
    assert "30/09/2014 is outside the quarter (01/10/2014 to 31/12/2014)." in page


# Nothing to report


def test_nothing_to_report_completes_a_section_and_can_be_taken_back(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    tick = f"l{SectionLine.nothing_key(Section.DIFFICULTIES)}-nothing"

    client.post(url_of(report), loaded(client, report) | {tick: "1"})
    assert Section.DIFFICULTIES in filled_sections(factories.working(report))

    fields = loaded(client, report)
    assert fields.pop(tick) == "1"
    client.post(url_of(report), fields)
    assert Section.DIFFICULTIES not in filled_sections(factories.working(report))


def test_a_line_takes_the_word_back_that_there_is_nothing(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    entry.save_rows(factories.working(report), lines=entry.nothing_to_report(Section.DIFFICULTIES), by=editor)

    response = client.post(url_of(report), line_in(loaded(client, report), **DROUGHT), follow=True)

    assert CLEARED in text_of(response)
    assert f"l{SectionLine.nothing_key(Section.DIFFICULTIES)}-nothing" not in Form(response.content.decode()).data
    assert {line.text for line in lines(report) if not line.removed} == {"Hạn kéo dài"}


# Removed and brought back


def test_a_removed_line_stays_in_the_history_and_comes_back_as_it_was(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    line = write(report, editor)

    client.post(url_of(report), loaded(client, report) | {f"l{line.key}-removed": "1"})
    line.refresh_from_db()
    assert line.removed
    page = client.get(url_of(report))
    assert f"l{line.key}-text" not in Form(page.content.decode()).data
    assert "Hạn kéo dài" in text_of(page)

    client.post(url_of(report), loaded(client, report) | {"restore": f"{line.key}:{line.row_version}"})
    line.refresh_from_db()
    assert (line.removed, line.text, line.detail) == (False, "Hạn kéo dài", "Ba tháng không mưa")
    assert [change.removed for change in SectionLineChange.objects.filter(row=line)] == [False, True, False]


def test_a_line_that_goes_away_need_not_be_right(client: Client, report: QuarterlyReport, editor: User) -> None:
    line = write(report, editor)

    client.post(url_of(report), loaded(client, report) | {f"l{line.key}-removed": "1", f"l{line.key}-text": ""})

    line.refresh_from_db()
    assert (line.removed, line.text) == (True, "Hạn kéo dài")


# Two people


def test_a_stale_line_changes_nothing_and_shows_both_texts(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    line, other = write(report, editor), factories.editor_of(report.commune)
    fields = loaded(client, report)
    change(line, other, text="Hạn và mặn")

    page = text_of(client.post(url_of(report), fields | {f"l{line.key}-text": "Hạn rất nặng"}))

    line.refresh_from_db()
    assert line.text == "Hạn và mặn"
    assert str(other) in page
    assert "Hạn rất nặng" in page
    assert "What the difficulty is: Hạn và mặn" in page

    mine = fields | {f"l{line.key}-text": "Hạn rất nặng", f"l{line.key}-row_version": str(line.row_version)}
    client.post(url_of(report), mine)
    line.refresh_from_db()
    assert line.text == "Hạn rất nặng"


def test_taking_theirs_keeps_mine_in_the_history(client: Client, report: QuarterlyReport, editor: User) -> None:
    line, other = write(report, editor), factories.editor_of(report.commune)
    fields = loaded(client, report)
    change(line, other, text="Hạn và mặn")

    client.post(url_of(report), fields | {f"l{line.key}-text": "Hạn rất nặng", "take": f"l{line.key}"})

    line.refresh_from_db()
    assert line.text == "Hạn và mặn"
    assert "Hạn rất nặng" in SectionLineChange.objects.filter(row=line).values_list("text", flat=True)


def test_a_line_nobody_touched_never_conflicts(client: Client, report: QuarterlyReport, editor: User) -> None:
    line, other = write(report, editor), factories.editor_of(report.commune)
    fields = loaded(client, report)
    change(line, other, text="Hạn và mặn")

    response = client.post(url_of(report), line_in(fields, **DROUGHT))

    assert response.status_code == 302
    assert [each.text for each in lines(report)] == ["Hạn và mặn", "Hạn kéo dài"]


def test_a_line_somebody_removed_meanwhile_is_not_brought_back_silently(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    line = write(report, editor)
    fields = loaded(client, report)
    change(line, factories.editor_of(report.commune), removed=True)

    page = text_of(client.post(url_of(report), fields | {f"l{line.key}-text": "Hạn rất nặng"}))

    line.refresh_from_db()
    assert line.removed
    assert "Hạn rất nặng" in page
    assert "removed" in page


def test_a_line_of_another_section_is_not_written_here(client: Client, report: QuarterlyReport, editor: User) -> None:
    line = write(report, editor)
    forged = {f"l{line.key}-row_version": "1", f"l{line.key}-text": "Đổi", f"l{line.key}-body": "Xã"}

    client.post(url_of(report, Section.TASKS), loaded(client, report, Section.TASKS) | forged)

    line.refresh_from_db()
    assert (line.text, line.section) == ("Hạn kéo dài", Section.DIFFICULTIES)


def test_a_page_sent_after_the_report_shows_what_was_typed(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    fields = line_in(loaded(client, report), **DROUGHT)
    factories.fill_in(report, editor)
    factories.submit(report, factories.signer_of(report.commune))

    response = client.post(url_of(report), fields)

    assert response.status_code == 403
    assert "Ba tháng không mưa" in text_of(response)
    assert not any(line.text for line in lines(report))


# Resources


def amounts(report: QuarterlyReport, source: str) -> ResourceEntry:
    return ResourceEntry.objects.get(version=factories.working(report), source=source)


def test_amounts_are_kept_and_summed_without_land(client: Client, report: QuarterlyReport, editor: User) -> None:
    fields = loaded(client, report, Section.RESOURCES) | {
        "rprovince-planned": "1 250,5",
        "rpeople_cash-planned": "300",
        "rpeople_land-planned": "5000",
        "rpeople_land-note": "Đất vườn",
    }

    page = text_of(client.post(url_of(report, Section.RESOURCES), fields, follow=True))

    assert amounts(report, "province").planned == Decimal("1250.5")
    assert amounts(report, "people_land").note == "Đất vườn"
    assert ResourceEntry.objects.count() == 3
    sums = re.findall(r'<th scope="row">([^<]+)</th> ?<td[^>]*>([^<]*)</td>', page)
    assert sums == [
        ("State budget together", "1,250.5"),
        ("People together, without land", "300"),
        ("All money together", "1,550.5"),
    ]


def test_amounts_that_contradict_one_another_are_kept_and_questioned(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    fields = loaded(client, report, Section.RESOURCES) | {
        "rcredit-mobilised": "500",
        "rcredit-cumulative": "400",
        "rcredit-disbursed": "450",
    }

    page = text_of(client.post(url_of(report, Section.RESOURCES), fields, follow=True))

    assert amounts(report, "credit").cumulative == Decimal(400)
    assert "500 million dong this quarter is more than 400 million dong since the start of the year." in page
    assert "450 million dong disbursed is more than the 400 million dong mobilised" in page
    assert "field-error" not in page


def accepted_quarter(quarter: str, cumulative: int) -> User:
    """An accepted report with an amount of the province; returns who wrote it."""
    report = factories.make_report(quarter=quarter)
    editor = factories.editor_of(report.commune)
    content = {"cumulative": Decimal(cumulative)}
    write = entry.Write(entry.ResourceOf(Source.PROVINCE), 0, content)
    entry.save_rows(factories.working(report), resources=[write], by=editor)
    factories.fill_in(report, editor)
    factories.submit(report, factories.signer_of(report.commune))
    reviewer = factories.reviewer_of(report.commune)
    factories.take_up(report, reviewer)
    factories.accept(report, reviewer)
    return editor


@pytest.mark.parametrize(("quarter", "is_shown"), [("2014-3", True), ("2013-4", False)])
def test_what_was_accepted_last_in_the_year_stands_beside_and_is_not_undercut_silently(
    client: Client, quarter: str, is_shown: bool
) -> None:
    client.force_login(accepted_quarter(quarter, 900))
    report = factories.make_report()

    fields = loaded(client, report, Section.RESOURCES) | {"rprovince-cumulative": "800"}
    page = text_of(client.post(url_of(report, Section.RESOURCES), fields, follow=True))

    assert (": 900 accepted" in page) is is_shown
    assert ("is less than the 900 million dong accepted for quarter III/2014." in page) is is_shown


def test_amounts_in_dong_instead_of_million_are_refused(client: Client, report: QuarterlyReport, editor: User) -> None:
    fields = loaded(client, report, Section.RESOURCES) | {"rprovince-planned": "1250000000"}

    page = text_of(client.post(url_of(report, Section.RESOURCES), fields))

    assert "Enter a number from 0 million dong to 1,000,000 million dong." in page
    assert "1250000000" in page
    assert not ResourceEntry.objects.exists()


def test_two_people_on_one_source_see_both_amounts(client: Client, report: QuarterlyReport, editor: User) -> None:
    fields = loaded(client, report, Section.RESOURCES)
    other = factories.editor_of(report.commune)
    write = entry.Write(entry.ResourceOf(Source.CREDIT), 0, {"planned": Decimal(70)})
    entry.save_rows(factories.working(report), resources=[write], by=other)

    page = text_of(client.post(url_of(report, Section.RESOURCES), fields | {"rcredit-planned": "80"}))

    assert amounts(report, "credit").planned == Decimal(70)
    assert "Planned for the year: 80 million dong" in page
    assert "Planned for the year: 70 million dong" in page


# Row by row


def test_a_new_line_is_saved_on_its_own_and_can_then_be_removed(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    prefix = new_prefix(loaded(client, report))

    first = save(client, report, prefix, row_version="0", section="difficulties", **DROUGHT)
    assert (first.status_code, first.json()["row_version"]) == (200, 1)
    assert f'name="{prefix}-removed"' in first.json()["slots"][f"{prefix}-remove"]
    assert "progress" in first.json()["slots"]

    gone = save(client, report, prefix, row_version="1", removed="1", **DROUGHT)
    assert gone.json()["row_version"] == 2
    assert "is removed" in gone.json()["slots"][f"{prefix}-said"]
    assert lines(report)[0].removed

    back = save(client, report, prefix, row_version="2", **DROUGHT)
    assert back.json()["state"] == "saved"
    assert not lines(report)[0].removed


def test_an_empty_line_sent_on_its_own_leaves_nothing(client: Client, report: QuarterlyReport, editor: User) -> None:
    prefix = new_prefix(loaded(client, report))

    answer = save(client, report, prefix, row_version="0", section="difficulties", text=" ", kind="")

    assert answer.json()["state"] == "unchanged"
    assert lines(report) == []


def test_a_line_begun_on_its_own_is_told_what_is_missing(client: Client, report: QuarterlyReport, editor: User) -> None:
    prefix = new_prefix(loaded(client, report))

    answer = save(client, report, prefix, row_version="0", section="difficulties", text="Thiếu vốn")

    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {f"{prefix}-kind", f"{prefix}-detail"}
    assert lines(report) == []


def test_a_stale_row_sent_on_its_own_is_a_conflict_and_stays_one(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    line, other = write(report, editor), factories.editor_of(report.commune)
    change(line, other, text="Hạn và mặn")
    mine = DROUGHT | {"text": "Hạn rất nặng"}

    for _ in range(2):
        answer = save(client, report, f"l{line.key}", row_version="1", **mine)
        assert answer.status_code == 409
        # Who goes on from here must not overwrite the other text unasked.
        assert answer.json()["row_version"] == 1
        assert "Hạn và mặn" in answer.json()["slots"][f"l{line.key}-clash"]
    line.refresh_from_db()
    assert line.text == "Hạn và mặn"


def test_an_amount_sent_on_its_own_brings_the_sums_within_a_kilobyte(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    loaded(client, report, Section.RESOURCES)

    answer = save(client, report, "rprovince", row_version="0", planned="12500", mobilised="3000")

    assert answer.json()["state"] == "saved"
    assert "12,500" in answer.json()["slots"]["sums"]
    assert "12,500 million dong" in answer.json()["slots"]["rprovince-echo"].replace("\xa0", " ")
    assert len(gzip.compress(answer.content)) <= 1000


def test_the_tick_on_its_own_counts_only_while_there_is_nothing(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    prefix = f"l{SectionLine.nothing_key(Section.DIFFICULTIES)}"
    first = save(client, report, prefix, row_version="0", nothing="1")
    assert first.json()["state"] == "saved"
    assert Section.DIFFICULTIES in filled_sections(factories.working(report))

    line = save(client, report, new_prefix(loaded(client, report)), row_version="0", section="difficulties", **DROUGHT)
    assert line.json()["sentence"] == CLEARED
    assert "checked" not in line.json()["slots"]["nothing"]

    again = save(client, report, prefix, row_version="2", nothing="1")
    assert again.json()["sentence"] == CLEARED
    assert "checked" not in again.json()["slots"]["nothing"]


@pytest.mark.parametrize("row", ["lzz", "l" + "a" * 40, "rmoon", "lnothing-weather", "l"])
def test_a_row_that_cannot_be_is_not_found(client: Client, report: QuarterlyReport, editor: User, row: str) -> None:
    answer = save(client, report, row, row_version="0", section="difficulties", **DROUGHT)

    assert answer.status_code == 404
    assert not SectionLine.objects.exists()


def test_who_wrote_lines_and_amounts_is_in_the_history(client: Client, report: QuarterlyReport, editor: User) -> None:
    line = write(report, editor)
    with clock.at(moment("2015-01-10", "11:00")):
        change(line, editor, text="Hạn và mặn")
    with clock.at(moment("2015-01-10", "12:00")):
        change(line, editor, removed=True)
        content = {"planned": Decimal(70), "note": "Ước tính"}
        credit = entry.Write(entry.ResourceOf(Source.CREDIT), 0, content)
        entry.save_rows(factories.working(report), resources=[credit], by=editor)

    page = text_of(client.get(reverse("reports:history", args=[report.pk])))

    assert '>Hạn kéo dài</td> <td data-l="After">Hạn và mặn</td>' in page
    assert '<td data-l="After">removed</td>' in page
    assert "Resources: Credit" in page
    assert "Planned for the year: 70 million dong · Note: Ước tính" in page
