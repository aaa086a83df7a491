"""The pages where the committee writes: what is right is saved, what is not stays with what was typed."""

import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from communes.models import User
from ntm_tracker import clock
from reports import entry
from reports.models import CriterionVerdict, IndicatorValue, QuarterlyReport
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Queries = Callable[..., Any]


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
    """What a browser would send for the form with the id `rows`, if nothing was touched."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside = False
        self.data: dict[str, str] = {}
        self.select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if tag == "form":
            self.inside = found.get("id") == "rows"
        if not self.inside:
            return
        if tag == "select":
            self.select = name
            self.data[name] = ""
        elif tag == "option" and "selected" in found:
            self.data[self.select] = found.get("value") or ""
        elif tag == "input" and (found.get("type") != "radio" or "checked" in found):
            self.data[name] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def url_of(report: QuarterlyReport, code: str = "III") -> str:
    return reverse("reports:group", args=[report.pk, code])


def loaded(client: Client, report: QuarterlyReport, code: str = "III") -> dict[str, str]:
    """The fields of the page as a browser would send them back."""
    return Form(client.get(url_of(report, code)).content.decode()).data


def send(client: Client, report: QuarterlyReport, changes: dict[str, str], code: str = "III") -> Any:
    """Load the page, change some fields, send it."""
    return client.post(url_of(report, code), loaded(client, report, code) | changes)


def value(report: QuarterlyReport, code: str) -> IndicatorValue | None:
    return IndicatorValue.objects.filter(version=factories.working(report), indicator__code=code).first()


def stored(report: QuarterlyReport, code: str) -> IndicatorValue:
    row = value(report, code)
    assert row is not None
    return row


def claim(report: QuarterlyReport, number: int) -> CriterionVerdict | None:
    return CriterionVerdict.objects.filter(version=factories.working(report), criterion__number=number).first()


def page(response: Any) -> str:
    assert response.status_code == 200
    return response.content.decode().replace("\xa0", " ")


@pytest.mark.parametrize("code", ["I", "II", "III", "IV", "V"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_group_shows_its_rows_in_both_languages(
    client: Client, report: QuarterlyReport, editor: User, code: str, language: str
) -> None:
    client.cookies["django_language"] = language
    text = page(client.get(url_of(report, code)))

    numbers = {"I": [1], "II": range(2, 10), "III": range(10, 14), "IV": range(14, 18), "V": [18, 19]}[code]
    assert all(f'id="c{number}"' in text for number in numbers)


def test_what_is_typed_is_saved_and_counted(client: Client, report: QuarterlyReport, editor: User) -> None:
    response = send(client, report, {"i10-value": "22,5", "i11-value": "12.4", "c10-claimed": "met"})

    assert response.status_code == 302
    assert response.headers["Location"] == url_of(report)
    assert stored(report, "10").value == Decimal("22.5")
    assert stored(report, "11").value == Decimal("12.4")
    row = claim(report, 10)
    assert row is not None
    assert row.claimed == "met"
    assert "3 rows are saved." in page(client.get(url_of(report)))


def test_saving_leads_on_only_when_everything_was_right(client: Client, report: QuarterlyReport, editor: User) -> None:
    assert send(client, report, {"i10-value": "22,5", "next": "IV"}).headers["Location"] == url_of(report, "IV")
    assert send(client, report, {"next": "check"}).headers["Location"] == reverse("reports:check", args=[report.pk])
    assert send(client, report, {"next": "IX"}).headers["Location"] == url_of(report)

    text = page(send(client, report, {"i10-value": "abc", "next": "IV"}))

    assert 'value="abc"' in text


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("i11-value", "101", "A percentage lies between 0 and 100."),
        ("i11-value", "-1", "A percentage lies between 0 and 100."),
        ("i11-value", "mười", "is more than a number"),
        ("i11-value", "1,2,3", "cannot be read as a number"),
        ("i11-value", "1" * 30, "too large"),
        ("i11-value", "\x00", "cannot be read as a number"),
        ("i10-value", "12.345", "can be read in two ways. Which number do you mean?"),
        ("i10-value", "26345", "Enter a number from 0 million VND/person/year to 1,000 million VND/person/year."),
        ("i10-value", "-3", "Enter a number from 0"),
        ("i12-value", "0,95", "Is this 0.95 %, or 95 %?"),
        ("i13-value", "maybe", "Select a valid choice"),
        ("i11-absence_reason", "Chưa điều tra", "Choose why there is no value, or move this text to the note."),
        ("i11-note", "x" * 501, "at most 500 characters"),
        ("i11-absence", "unknown", "Select a valid choice"),
        ("i11-numerator", "5", "Give both numbers, or neither of them."),
        ("i11-row_version", "abc", "It is not known which state of this row you started from."),
        ("i11-row_version", "-1", "It is not known which state of this row you started from."),
        ("i11-row_version", "9" * 5000, "It is not known which state of this row you started from."),
        ("i11-row_version", "", "It is not known which state of this row you started from."),
        ("c11-claimed", "no_data", "Select a valid choice"),
        ("c11-claim_reason", "x" * 501, "at most 500 characters"),
        ("c11-row_version", "1.5", "It is not known which state of this row you started from."),
    ],
)
def test_a_wrong_row_is_not_saved_and_keeps_what_was_typed(
    client: Client, report: QuarterlyReport, editor: User, field: str, typed: str, sentence: str
) -> None:
    text = page(send(client, report, {"i13-value": "1", "c13-claimed": "met", field: typed}))

    assert sentence in text
    assert 'class="panel errsum' in text
    row = field.split("-")[0]
    assert value(report, row[1:]) is None if row[0] == "i" else claim(report, int(row[1:])) is None
    saved = {"i13": value(report, "13"), "c13": claim(report, 13)}
    assert all(found is not None for name, found in saved.items() if name != row)
    if not field.endswith("row_version") and typed not in ("maybe", "unknown", "no_data"):
        assert f'value="{typed}"' in text


def test_after_an_unknown_starting_point_was_pointed_out_saving_again_works(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    send(client, report, {"i11-value": "9", "c11-claimed": "met"})
    text = page(send(client, report, {"i11-value": "8", "i11-row_version": "abc", "c11-row_version": ""}))
    assert "Compare what you typed with what is stored now (9 %), then save again." in text

    assert client.post(url_of(report), Form(text).data).status_code == 302

    assert stored(report, "11").value == 8


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"numerator": "7", "denominator": "5"}, "The number counted cannot be larger than the total."),
        ({"numerator": "0", "denominator": "0"}, "The total cannot be zero."),
        ({"numerator": "-1", "denominator": "5"}, "Enter 0 or more."),
        ({"numerator": "1", "denominator": "8", "value": "14"}, "The two numbers give 12.5 %, not 14 %."),
        ({"numerator": "12.345", "denominator": "99999"}, "can be read in two ways"),
        ({"value": "5", "absence": "no_data", "absence_reason": "x"}, "There is a value"),
        ({"numerator": "1", "denominator": "8", "absence": "no_data"}, "There is a value"),
    ],
)
def test_fields_of_a_row_that_contradict_each_other_are_refused(
    client: Client, report: QuarterlyReport, editor: User, fields: dict[str, str], sentence: str
) -> None:
    typed = {f"i11-{name}": text for name, text in fields.items()}

    text = page(send(client, report, typed | {"i10-value": "20"}))

    assert sentence in text
    assert value(report, "11") is None
    assert stored(report, "10").value == 20
    after = Form(text).data
    assert {name: after[name] for name in typed} == typed


def test_a_percentage_is_computed_exactly_from_two_numbers_and_echoed(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    text = page(
        client.get(send(client, report, {"i12-numerator": "5234", "i12-denominator": "5702"}).headers["Location"])
    )

    row = stored(report, "12")
    assert (row.numerator, row.denominator) == (5234, 5702)
    assert row.value == Decimal("91.792354")
    assert "5,234 / 5,702" in text
    assert "91.79" in text
    # The same page sent again changes nothing.
    send(client, report, {})
    assert stored(report, "12").row_version == 1


def test_one_button_answers_an_ambiguous_number(client: Client, report: QuarterlyReport, editor: User) -> None:
    text = page(send(client, report, {"i10-value": "12.345"}))
    buttons = re.findall(r'name="i10-value"\s+value="([^"]+)">', text)

    assert len(buttons) == 2
    # The button stands behind the input, and the last value of a name counts.
    fields = Form(text).data
    client.post(url_of(report), {**fields, "i10-value": ["12.345", buttons[0]]})
    assert stored(report, "10").value == Decimal("12.345")


def test_the_ordinary_button_comes_first_so_that_enter_only_saves(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    text = page(send(client, report, {"i10-value": "12.345"}))

    first = re.findall(r"<button[^>]*>", text[text.index('id="rows"') :])[0]
    assert "name=" not in first


@pytest.mark.parametrize(("answer", "expected"), [("0,95 %", Decimal("0.95")), ("95", Decimal(95))])
def test_a_small_share_is_asked_about_once(
    client: Client, report: QuarterlyReport, editor: User, answer: str, expected: Decimal
) -> None:
    send(client, report, {"i12-value": answer})
    assert stored(report, "12").value == expected

    assert send(client, report, {"i10-value": "20"}).status_code == 302


def test_a_low_poverty_rate_is_believed(client: Client, report: QuarterlyReport, editor: User) -> None:
    assert send(client, report, {"i11-value": "0,95"}).status_code == 302
    assert stored(report, "11").value == Decimal("0.95")


def test_an_absence_is_kept_without_its_reason_and_named_as_missing(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    assert send(client, report, {"i11-absence": "no_data", "i13-value": "not_considered"}).status_code == 302

    assert stored(report, "11").absence == "no_data"
    assert stored(report, "13").absence == "not_considered"
    assert stored(report, "13").value is None
    text = page(client.get(url_of(report)))
    assert text.count("Please say why; without it the report cannot be signed.") == 2
    assert "missing: 11, your assessment" in text
    data = loaded(client, report)
    assert data["i13-value"] == "not_considered"
    assert data["i11-absence"] == "no_data"


def test_a_value_can_be_taken_back(client: Client, report: QuarterlyReport, editor: User) -> None:
    send(client, report, {"i10-value": "20", "i13-value": "1"})
    send(client, report, {"i10-value": "", "i13-value": "no_data", "i13-absence_reason": "Chưa rõ"})

    assert stored(report, "10").value is None
    assert stored(report, "13").value is None
    assert stored(report, "13").absence_reason == "Chưa rõ"


# Two people at once


def write(report: QuarterlyReport, by: User, code: str, row_version: int, number: str) -> None:
    version = factories.working(report)
    from criteria.models import Indicator

    indicator = Indicator.objects.get(code=code, criterion__criteria_set=report.period.criteria_set)
    saved = entry.save_rows(version, [entry.Write(indicator, row_version, {"value": Decimal(number)})], [], by=by)
    assert not saved.conflicts


@pytest.fixture
def colleague(report: QuarterlyReport) -> User:
    return factories.make_user("signer", report.commune.province, full_name="Phạm Quang Huy")  # type: ignore[arg-type]


def test_two_people_at_once_see_both_values_and_nothing_is_overwritten(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    write(report, colleague, "11", 0, "9")
    old = loaded(client, report)
    write(report, colleague, "11", 1, "8.5")

    text = page(client.post(url_of(report), old | {"i11-value": "7,5", "i10-value": "21"}))

    assert stored(report, "11").value == Decimal("8.5")
    assert stored(report, "10").value == 21
    assert "Phạm Quang Huy" in text
    assert "10/01/2015" in text
    assert "7.5 %" in text
    assert "8.5 %" in text
    assert text[text.index("Which one should stay?") :].count("Keep mine") == 1
    assert "two people wrote this row" in text
    # Saving again without choosing asks again.
    again = page(client.post(url_of(report), Form(text).data))
    assert "two people wrote this row" in again
    assert stored(report, "11").value == Decimal("8.5")


def test_keep_mine_writes_over_what_was_seen_and_only_that(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    write(report, colleague, "11", 0, "9")
    old = loaded(client, report)
    write(report, colleague, "11", 1, "8.5")
    text = page(client.post(url_of(report), old | {"i11-value": "7,5"}))
    fields = Form(text).data
    keep = re.search(r'name="i11-row_version"\s+value="(\d+)">Keep mine', text)
    assert keep is not None

    write(report, colleague, "11", 2, "8")
    mine = {**fields, "i11-row_version": [fields["i11-row_version"], keep[1]]}
    assert "two people wrote this row" in page(client.post(url_of(report), mine))
    assert stored(report, "11").value == 8

    mine["i11-row_version"] = "3"
    assert client.post(url_of(report), mine).status_code == 302
    assert stored(report, "11").value == Decimal("7.5")


def test_take_theirs_leaves_the_row_and_saves_the_others(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    old = loaded(client, report)
    write(report, colleague, "11", 0, "8.5")
    text = page(client.post(url_of(report), old | {"i11-value": "7,5"}))

    response = client.post(url_of(report), Form(text).data | {"take": "i11", "i10-value": "21"})

    assert response.status_code == 302
    assert stored(report, "11").value == Decimal("8.5")
    assert stored(report, "10").value == 21


def test_two_claims_at_once_can_be_settled_too(client: Client, report: QuarterlyReport, editor: User) -> None:
    old = loaded(client, report)
    send(client, report, {"c11-claimed": "met"})

    text = page(client.post(url_of(report), old | {"c11-claimed": "basic"}))

    keep = re.search(r'name="c11-row_version"\s+value="(\d+)">Keep mine', text)
    assert keep is not None
    # The hidden version stands before the button, so that the button's counts.
    assert text.index('name="c11-row_version"') < keep.start()
    client.post(url_of(report), Form(text).data | {"c11-row_version": keep[1]})
    row = claim(report, 11)
    assert row is not None
    assert row.claimed == "basic"


def test_an_untouched_row_that_somebody_else_changed_is_no_conflict(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    write(report, colleague, "11", 0, "9")
    old = loaded(client, report)
    write(report, colleague, "11", 1, "8.5")

    assert client.post(url_of(report), old | {"i10-value": "21"}).status_code == 302

    assert stored(report, "11").value == Decimal("8.5")


# What stands beside the fields


def test_threshold_last_value_and_gap_stand_beside_the_field(client: Client) -> None:
    with clock.at(moment("2014-10-05")):
        factories.make_accepted(quarter="2014-3", values={"11": {"value": Decimal("9.2")}})
    report = factories.make_report()
    client.force_login(factories.editor_of(report.commune))
    send(client, report, {"i11-value": "12,4", "c11-claimed": "basic"})

    text = page(client.get(url_of(report)))

    assert "≤ 10 %" in text
    assert "QĐ 491/QĐ-TTg, 16/04/2009" in text
    assert "<strong>9.2 %</strong> · quarter III/2014" in text
    assert "12.4 % &gt; 10 %, 2.4 points short" in text
    assert "missing: the reason for your assessment" in text


def test_the_reviewers_request_stands_above_its_criterion(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    assert report.working.holder is not None
    holder = report.working.holder
    from criteria.models import Criterion

    criterion = Criterion.objects.get(number=11, criteria_set=report.period.criteria_set)
    entry.raise_item(
        factories.working(report), text="Ghi rõ tổng số hộ.", kind="must_fix", criterion=criterion, by=holder
    )
    factories.give_back(report, holder)
    client.force_login(factories.editor_of(report.commune))

    text = page(client.get(url_of(report)))

    assert "Ghi rõ tổng số hộ." in text[text.index('id="c11"') : text.index('id="c12"')]


@pytest.mark.parametrize("code", ["II", "III"])
def test_a_group_takes_at_most_ten_queries(client: Client, code: str, django_assert_max_num_queries: Queries) -> None:
    with clock.at(moment("2014-10-05")):
        factories.make_accepted(quarter="2014-3")
    report = factories.make_in_review()
    assert report.working is not None
    assert report.working.holder is not None
    factories.give_back(report, report.working.holder)
    client.force_login(factories.editor_of(report.commune))

    with django_assert_max_num_queries(10):
        assert client.get(url_of(report, code)).status_code == 200


# Who and when


def test_others_get_in_as_far_as_it_is_theirs(client: Client, report: QuarterlyReport) -> None:
    client.force_login(factories.signer_of(factories.commune("Hải Đường")))
    assert client.get(url_of(report)).status_code == 404
    client.force_login(factories.reviewer_of(report.commune))
    refused = client.get(url_of(report))
    assert refused.status_code == 403
    assert "Only the editors and signers of the provincial committee" in refused.content.decode()
    assert client.post(url_of(report), {"i11-value": "5"}).status_code == 403


def test_unknown_groups_and_reports_are_not_found(client: Client, report: QuarterlyReport, editor: User) -> None:
    assert client.get(url_of(report, "VI")).status_code == 404
    assert client.get(reverse("reports:group", args=[10**30, "I"])).status_code == 404


def test_what_is_sent_can_no_longer_be_written(client: Client) -> None:
    report = factories.make_submitted()
    client.force_login(factories.editor_of(report.commune))

    refused = client.get(url_of(report))

    assert refused.status_code == 403
    assert "in the state “submitted”" in refused.content.decode()


def test_a_row_that_was_not_sent_is_left_alone(client: Client, report: QuarterlyReport, editor: User) -> None:
    send(client, report, {"i10-value": "20"})

    assert client.post(url_of(report), {"i11-value": "5", "i11-row_version": "0"}).status_code == 302

    assert stored(report, "10").value == 20
    assert stored(report, "11").value == 5


def test_the_pages_do_not_crash_in_vietnamese(client: Client, report: QuarterlyReport, editor: User) -> None:
    client.cookies["django_language"] = "vi"
    with translation.override("vi"):
        text = page(send(client, report, {"i10-value": "12.345", "i11-value": "x", "i12-value": "0,95"}))
        assert "errsum" in text


def test_a_percentage_from_before_gives_way_to_the_two_numbers(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    send(client, report, {"i12-value": "90,5"})

    assert send(client, report, {"i12-numerator": "1", "i12-denominator": "2"}).status_code == 302

    assert stored(report, "12").value == 50
