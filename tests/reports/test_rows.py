"""One row saved on its own: what comes back, how little it is, and that nothing typed is lost on the way."""

import gzip
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import User
from criteria.models import Indicator
from ntm_tracker import clock
from ntm_tracker.compact import compact
from reports import entry
from reports.models import CriterionVerdict, IndicatorValue, QuarterlyReport, ValueChange, VerdictChange
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]


@pytest.fixture
def report() -> QuarterlyReport:
    """A draft of Hải Đường after a quarter that was accepted."""
    with clock.at(moment("2014-10-05")):
        before = {"11": {"numerator": Decimal(58), "denominator": Decimal(2070), "value": Decimal("2.801932")}}
        before |= {"12": {"value": Decimal("96.9")}, "10": {"value": Decimal("27")}, "13": {"value": Decimal(1)}}
        factories.make_accepted("Hải Đường", "2014-3", values=before)
    return factories.make_report("Hải Đường")


@pytest.fixture
def editor(report: QuarterlyReport, client: Client) -> User:
    user = factories.editor_of(report.commune)
    client.force_login(user)
    return user


@pytest.fixture
def colleague(report: QuarterlyReport) -> User:
    return factories.make_user("signer", report.commune.province, full_name="Phạm Quang Huy")  # type: ignore[arg-type]


def save(client: Client, report: QuarterlyReport, row: str, row_version: int = 0, /, **fields: str) -> Any:
    """What a script sends for one row."""
    return client.post(reverse("reports:row_save", args=[report.pk]), sent(row, row_version, **fields))


def sent(row: str, row_version: int = 0, /, **fields: str) -> dict[str, str]:
    typed = {f"{row}-{name}": text for name, text in fields.items()}
    return {"row": row, f"{row}-row_version": str(row_version)} | typed


def told(response: Any) -> dict[str, Any]:
    answer = json.loads(response.content)
    answer["slots"] = {name: html.replace("\xa0", " ") for name, html in answer.get("slots", {}).items()}
    return answer


def url_of(report: QuarterlyReport, code: str = "III") -> str:
    return reverse("reports:group", args=[report.pk, code])


def page(client: Client, report: QuarterlyReport, code: str = "III") -> str:
    return client.get(url_of(report, code)).content.decode().replace("\xa0", " ")


def stored(report: QuarterlyReport, code: str) -> IndicatorValue:
    return IndicatorValue.objects.get(version=factories.working(report), indicator__code=code)


def write(report: QuarterlyReport, by: User, code: str, row_version: int, number: str) -> None:
    indicator = Indicator.objects.get(code=code, criterion__criteria_set=report.period.criteria_set)
    content = {"value": Decimal(number)}
    saved = entry.save_rows(factories.working(report), [entry.Write(indicator, row_version, content)], by=by)
    assert not saved.conflicts


# What comes back


def test_a_saved_value_comes_back_judged_and_explained(client: Client, report: QuarterlyReport, editor: User) -> None:
    response = save(client, report, "i11", numerator="64", denominator="2070")
    answer = told(response)

    assert response.status_code == 200
    assert (answer["row"], answer["state"], answer["at"], answer["row_version"]) == ("i11", "saved", "10:00", 1)
    assert answer["slots"]["i11-echo"] == "Understood as 64 / 2,070 = <strong>3.09 %</strong>"
    assert "Not met</span>: 3.09 % &gt; 3 %, 0.09 points short" in answer["slots"]["i11-facts"]
    assert "criterion 11 is about to be lost. Why?" in answer["slots"]["i11-soft"]
    assert "Not met" in answer["slots"]["c11-computed"]
    assert "missing: your assessment" in answer["slots"]["c11-state"]
    assert stored(report, "11").numerator == 64


def test_the_answer_and_the_page_say_the_same(client: Client, report: QuarterlyReport, editor: User) -> None:
    slots = told(save(client, report, "i12", value="91,79"))["slots"]

    text = page(client, report)

    assert {"i12-echo", "i12-facts", "i12-dot", "i12-soft", "c12-state"} <= slots.keys()
    assert all(html in text for html in slots.values())


def test_only_what_looks_otherwise_comes_back(client: Client, report: QuarterlyReport, editor: User) -> None:
    save(client, report, "i12", value="97")

    slots = told(save(client, report, "i12", 1, value="97,5"))["slots"]

    assert slots.keys() == {"i12-echo", "i12-facts", "i12-dot"}


def test_a_value_that_changes_nothing_is_no_write(client: Client, report: QuarterlyReport, editor: User) -> None:
    save(client, report, "i12", value="97")

    answer = told(save(client, report, "i12", 1, value="97"))

    assert (answer["state"], answer["row_version"]) == ("unchanged", 1)
    assert stored(report, "12").row_version == 1


def test_a_wrong_value_comes_back_with_its_error(client: Client, report: QuarterlyReport, editor: User) -> None:
    response = save(client, report, "i11", value="abc")

    assert response.status_code == 422
    assert "is more than a number" in told(response)["errors"]["i11-value"]


def test_an_ambiguous_value_comes_back_with_a_button_for_each_reading(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    answer = told(save(client, report, "i10", value="26.345"))

    assert "Which number do you mean?" in answer["errors"]["i10-value"]
    assert answer["slots"]["i10-ask"].count('name="i10-value"') == 2


def test_an_error_is_taken_back_with_everything_it_showed(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    save(client, report, "i10", value="26.345")

    response = client.post(reverse("reports:row_save", args=[report.pk]), sent("i10", value="27") | {"all": "1"})
    answer = told(response)

    assert answer["slots"]["i10-ask"] == ""
    assert "errors" not in answer


def test_no_value_needs_a_reason_beside_the_field_and_is_kept_without(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    answer = told(save(client, report, "i11", absence="not_considered"))
    assert answer["state"] == "saved"
    assert "Please say why" in answer["slots"]["i11-reason"]

    answer = told(save(client, report, "i11", 1, absence="not_considered", absence_reason="Xã không có hộ nghèo"))

    assert answer["slots"]["i11-reason"] == ""
    assert "Not considered</span>: Xã không có hộ nghèo" in answer["slots"]["i11-facts"]


def test_zero_no_data_and_not_considered_are_three_things(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    verdicts = []
    for number, fields in enumerate(({"value": "0"}, {"absence": "no_data"}, {"absence": "not_considered"})):
        save(client, report, "i12", number, **fields)
        verdicts.append((stored(report, "12").value, stored(report, "12").absence))

    assert verdicts == [(0, ""), (None, "no_data"), (None, "not_considered")]


def test_a_claim_that_differs_asks_for_its_reason(client: Client, report: QuarterlyReport, editor: User) -> None:
    save(client, report, "i11", value="3,5")

    answer = told(save(client, report, "c11", claimed="met"))

    assert "Why your assessment differs from the computed verdict" in answer["slots"]["c11-reason"]
    assert "Your assessment differs from it." in answer["slots"]["c11-computed"]
    assert "missing: the reason for your assessment" in answer["slots"]["c11-state"]


def test_a_soft_check_takes_an_explanation_and_is_no_error(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    answer = told(save(client, report, "i12", value="91,79"))
    assert "errors" not in answer
    assert 'name="i12-explanation"' in answer["slots"]["i12-soft"]

    answer = told(save(client, report, "i12", 1, value="91,79", explanation="Xưởng may tạm ngừng."))

    assert answer["state"] == "saved"
    assert "i12-soft" not in answer["slots"]
    assert stored(report, "12").explanation == "Xưởng may tạm ngừng."
    assert "Xưởng may tạm ngừng.</textarea>" in page(client, report)


@pytest.mark.parametrize("row", ["i99", "c20", "x1", ""])
def test_a_row_that_is_not_there_is_not_found(client: Client, report: QuarterlyReport, editor: User, row: str) -> None:
    assert save(client, report, row).status_code == 404


def test_a_report_that_was_sent_is_closed_with_a_sentence(
    client: Client, editor: User, report: QuarterlyReport
) -> None:
    sent = factories.make_submitted("Hải Đường", "2014-2")

    response = save(client, sent, "i11", value="5")

    assert response.status_code == 403
    assert told(response)["state"] == "closed"
    assert "in the state “submitted”" in told(response)["sentence"]


# How little it is


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_saved_row_is_at_most_a_kilobyte_over_the_line(
    client: Client, report: QuarterlyReport, editor: User, language: str
) -> None:
    client.cookies["django_language"] = language
    sizes = {}
    sends = [
        ("i11", {"numerator": "64", "denominator": "2070"}),  # a loss, with its question
        ("c11", {"claimed": "met"}),
        ("i12", {"value": "91,79"}),
        ("i10", {"value": "26.345"}),  # two readings
        ("i13", {"value": "0"}),
    ]
    for row, fields in sends:
        encodings = {"accept-encoding": "gzip, deflate, br, zstd"}
        url = reverse("reports:row_save", args=[report.pk])
        response = client.post(url, sent(row, **fields), headers=encodings)
        head = sum(len(f"{name}: {value}\r\n") for name, value in response.headers.items())
        sizes[row] = head + len(response.content) + len("HTTP/1.1 200 OK\r\n\r\n")

    assert max(sizes.values()) <= 1000, sizes


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
def test_the_pages_of_all_groups_stay_below_ten_kilobytes(
    client: Client, report: QuarterlyReport, editor: User, language: str, filled: bool
) -> None:
    client.cookies["django_language"] = language
    if filled:
        factories.fill_in(report, editor, values={"12": {"value": Decimal("91.79"), "explanation": "Mất việc." * 9}})

    sizes = {
        code: len(gzip.compress(client.get(url_of(report, code)).content, 6)) for code in ("I", "II", "III", "IV", "V")
    }

    assert max(sizes.values()) <= 9_500, sizes  # GZipMiddleware adds up to 100 bytes


def test_compacting_leaves_what_people_wrote() -> None:
    html = '<div>\n  <b>a</b>\n  <input value="x  y"\n     >\n</div> <textarea>\n one\n\n  two</textarea>\n'

    assert compact(html) == '<div> <b>a</b> <input value="x  y"> </div> <textarea>\n one\n\n  two</textarea>'
    assert compact(html, between_tags=True).startswith("<div><b>a</b><input")
    assert compact('<input value="one\r\n  two"\n>\n<p>\n  three</p>') == '<input value="one\r\n  two"> <p> three</p>'


# Two people at once


def test_a_conflict_shows_both_with_their_authors_times_and_verdicts(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    with clock.at(moment("2015-01-10", "09:29")):
        write(report, colleague, "11", 0, "3.5")

    response = save(client, report, "i11", value="2,8")
    clash = told(response)["slots"]["i11-clash"]

    assert response.status_code == 409
    assert told(response)["row_version"] == 0
    assert stored(report, "11").value == Decimal("3.5")
    assert "3.5 % &gt; 3 %" in told(response)["slots"]["i11-facts"]
    assert re.search(r"Yours, 10/01/2015 10:00.*2.8 %.*Met.*Phạm Quang Huy, 10/01/2015 09:29.*3.5 %.*Not met", clash)


def test_what_somebody_else_wrote_is_not_overwritten_by_the_next_save_either(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    write(report, colleague, "11", 0, "3.5")
    answer = told(save(client, report, "i11", value="2,8"))

    again = save(client, report, "i11", answer["row_version"], value="2,9")

    assert again.status_code == 409
    assert stored(report, "11").value == Decimal("3.5")


def test_keep_mine_keeps_every_field(client: Client, report: QuarterlyReport, editor: User, colleague: User) -> None:
    write(report, colleague, "11", 0, "3.5")
    mine = {"numerator": "64", "denominator": "2070", "note": "Theo rà soát", "explanation": "Hộ mới tách"}
    assert save(client, report, "i11", **mine).status_code == 409

    assert save(client, report, "i11", 1, **mine).status_code == 200

    row = stored(report, "11")
    assert (row.numerator, row.denominator, row.note, row.explanation) == (64, 2070, "Theo rà soát", "Hộ mới tách")
    assert [change.value for change in ValueChange.objects.filter(row=row)][0] == Decimal("3.5")


@pytest.mark.parametrize("by_script", [True, False])
def test_take_theirs_leaves_both_in_the_history(
    client: Client, report: QuarterlyReport, editor: User, colleague: User, by_script: bool
) -> None:
    write(report, colleague, "11", 0, "3.5")
    fields = {"row": "i11", "i11-row_version": "0", "i11-value": "2,8", "take": "i11"}

    client.post(reverse("reports:row_save", args=[report.pk]) if by_script else url_of(report), fields)

    row = stored(report, "11")
    assert row.value == Decimal("3.5")
    changes = ValueChange.objects.filter(row=row).order_by("row_version")
    assert [(change.value, change.by) for change in changes] == [
        (Decimal("3.5"), colleague),
        (Decimal("2.8"), editor),
        (Decimal("3.5"), editor),
    ]


def test_taking_their_claim_leaves_both_in_the_history(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    criterion = stored_claim_of(report, colleague)

    client.post(url_of(report), {"c11-row_version": "0", "c11-claimed": "met", "take": "c11"})

    row = CriterionVerdict.objects.get(version=factories.working(report), criterion=criterion)
    assert row.claimed == "basic"
    assert [change.claimed for change in VerdictChange.objects.filter(row=row)] == ["basic", "met", "basic"]


def stored_claim_of(report: QuarterlyReport, by: User) -> Any:
    """A claim that `by` has written on criterion 11; answers the criterion."""
    criterion = Indicator.objects.get(code="11", criterion__criteria_set=report.period.criteria_set).criterion
    entry.save_rows(factories.working(report), claims=[entry.Write(criterion, 0, {"claimed": "basic"})], by=by)
    return criterion


# Same as last quarter


def test_same_as_last_quarter_takes_the_row_over_and_says_so(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    response = client.post(url_of(report), {"i11-row_version": "0", "i11-note": "Đã rà lại", "same": "i11"})

    assert response.headers["Location"] == f"{url_of(report)}#i11"
    row = stored(report, "11")
    assert (row.numerator, row.denominator, row.note) == (58, 2070, "Đã rà lại")
    assert row.same_as is not None
    assert str(row.same_as.report.period) == "quarter III/2014"
    assert ValueChange.objects.get(row=row).same_as == row.same_as
    text = page(client, report)
    assert f"same as quarter III/2014, clicked by {editor}, 10/01/2015 10:00" in text
    assert 'name="same" value="i11"' not in text
    assert 'name="same" value="i12"' in text


def test_the_mark_stays_while_the_row_does_and_goes_with_it(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    client.post(url_of(report), {"i11-row_version": "0", "same": "i11"})

    client.post(url_of(report), {"i11-row_version": "1", "i11-numerator": "58", "i11-denominator": "2070"})
    assert stored(report, "11").same_as is not None

    client.post(url_of(report), {"i11-row_version": "1", "i11-numerator": "59", "i11-denominator": "2070"})
    assert stored(report, "11").same_as is None


def test_nothing_is_taken_over_unasked(client: Client, report: QuarterlyReport, editor: User) -> None:
    text = page(client, report)

    client.post(url_of(report), {"i11-row_version": "0", "i11-value": ""})

    assert 'value="58"' not in text
    assert not IndicatorValue.objects.filter(version=factories.working(report)).exists()


def test_for_a_criterion_only_rows_that_are_empty_are_taken_over(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    rows = {f"i2.{number}-row_version": "0" for number in range(1, 5)}

    client.post(url_of(report, "II"), rows | {"i2.2-value": "71", "same": "c2", "c2-row_version": "0"})

    assert stored(report, "2.2").value == 71
    assert stored(report, "2.2").same_as is None
    assert stored(report, "2.1").same_as is not None
    assert not CriterionVerdict.objects.filter(version=factories.working(report)).exists()


def test_same_as_last_quarter_meets_a_conflict_like_any_write(
    client: Client, report: QuarterlyReport, editor: User, colleague: User
) -> None:
    write(report, colleague, "11", 0, "3.5")

    text = client.post(url_of(report), {"i11-row_version": "0", "same": "i11"}).content.decode()

    assert "Which one should stay?" in text
    assert 'value="58"' in text
    assert stored(report, "11").value == Decimal("3.5")


def test_without_an_accepted_quarter_nothing_is_offered(client: Client) -> None:
    report = factories.make_report("Thanh Chăn")
    client.force_login(factories.editor_of(report.commune))

    assert 'name="same"' not in page(client, report)


# Rows that explain themselves


def test_every_row_says_what_was_what_must_be_and_why(client: Client, report: QuarterlyReport, editor: User) -> None:
    save(client, report, "i13", value="0")

    text = page(client, report)
    income, poverty, school = (text[text.index(f'id="i{code}"') :] for code in ("10", "11", "13"))

    assert "<strong>27 million VND/person/year</strong> · quarter III/2014" in income
    assert "By the value accepted last: 27 ≥ 26, 1 million VND/person/year to spare" in income
    assert "(58/2,070)" in poverty
    assert "Nothing is entered yet." in poverty
    assert "Not met</span>: the answer is no" in school
    assert 'role="img"><title>Threshold ≤ 3 %; accepted last 2.8 %</title>' in poverty
    assert "Counted (households)" in poverty


def test_what_is_settled_is_folded_and_what_waits_is_open(
    client: Client, report: QuarterlyReport, editor: User
) -> None:
    numbers = {"10": "27", "11": "2.5", "12": "91.79"}
    factories.fill_in(report, editor, values={code: {"value": Decimal(text)} for code, text in numbers.items()})

    text = page(client, report)

    folds = dict(re.findall(r'id="(c1[0-3])"[^>]*> ?<details ?(open)?>', text))
    assert folds == {"c10": "", "c11": "", "c12": "open", "c13": ""}


# Sent while somebody typed


def test_what_was_typed_into_a_report_that_was_sent_is_shown_to_be_copied(client: Client) -> None:
    report = factories.make_submitted("Hải Đường", "2014-4", values={"11": {"value": Decimal("2.5")}})
    client.force_login(factories.editor_of(report.commune))
    typed = {"i11-value": "2,7", "i11-note": "Theo rà soát mới", "i13-value": "1", "c11-claimed": "basic"}

    response = client.post(
        url_of(report), {"i11-row_version": "1", "i13-row_version": "1", "c11-row_version": "1"} | typed
    )
    text = response.content.decode()

    assert response.status_code == 403
    assert "in the state “submitted”" in text
    assert "<strong>2,7</strong>" in text
    assert "<strong>Theo rà soát mới</strong>" in text
    assert "<strong>Basically met</strong>" in text
    assert "13 Has a cooperative" not in text
