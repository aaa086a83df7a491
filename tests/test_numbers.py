"""Are typed numbers and dates understood exactly, or asked about, and never silently wrong?"""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.http import QueryDict
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from ntm_tracker import clock
from ntm_tracker.fields import BoundNumber, DateField, NumberField
from ntm_tracker.numbers import Ambiguous, NotANumber, format_number, parse_number

LANGUAGES = ["vi", "en"]
both_languages = pytest.mark.parametrize("language", LANGUAGES)

storable = st.decimals(
    min_value=Decimal("-99999999999999.999999"), max_value=Decimal("99999999999999.999999"), places=6
)
three_decimals = st.decimals(min_value=-100000, max_value=100000, places=3)
numbers = storable | three_decimals | st.integers(min_value=-(10**14) + 1, max_value=10**14 - 1).map(Decimal)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Both languages in turn, active."""
    translation.activate(request.param)
    return str(request.param)


# Understood


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0"),
        ("7", "7"),
        ("007", "7"),
        ("2014", "2014"),
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        ("12,50", "12.5"),
        (",5", "0.5"),
        (".5", "0.5"),
        ("0.345", "0.345"),
        ("0,345", "0.345"),
        (".345", "0.345"),
        ("1234.567", "1234.567"),
        ("1234,567", "1234.567"),
        ("12.3450", "12.345"),
        ("12,3450", "12.345"),
        ("1.250,5", "1250.5"),
        ("1,250.5", "1250.5"),
        ("1.250,500", "1250.5"),
        ("1,250.500", "1250.5"),
        ("1.250.000", "1250000"),
        ("1,250,000", "1250000"),
        ("1.250.000,25", "1250000.25"),
        ("1 250", "1250"),
        ("1 250 000,5", "1250000.5"),
        ("1 250.500", "1250.5"),
        ("12 345", "12345"),
        ("1\N{NO-BREAK SPACE}250\N{NO-BREAK SPACE}000", "1250000"),
        ("1\N{NARROW NO-BREAK SPACE}250,5", "1250.5"),
        ("1\N{THIN SPACE}250,5", "1250.5"),
        ("  12,5\t\n", "12.5"),
        ("12,5%", "12.5"),
        ("12,5 %", "12.5"),
        (",5 %", "0.5"),
        ("12,5\N{NO-BREAK SPACE}%", "12.5"),
        ("１２，５", "12.5"),
        ("１．２５０，５％", "1250.5"),
        ("-3", "-3"),
        ("\N{MINUS SIGN}3,5", "-3.5"),
        ("\N{EN DASH}3", "-3"),
        ("- 3", "-3"),
        ("+3", "3"),
        ("-0,0", "0"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}12,5\N{ZERO WIDTH SPACE}", "12.5"),
        ("99999999999999,999999", "99999999999999.999999"),
        ("0,1234560000", "0.123456"),
    ],
)
def test_a_number_is_read_the_same_in_both_languages(text: str, expected: str, language: str) -> None:
    value = parse_number(text)

    assert value == Decimal(expected)
    assert not value.is_signed() or value < 0


def test_a_comma_is_the_decimal_mark_in_vietnamese_even_before_three_digits() -> None:
    assert parse_number("12,345") == Decimal("12.345")
    assert parse_number("-1,250") == Decimal("-1.25")


# Asked about


@pytest.mark.parametrize("text", ["12.345", "1.000", "-12.345", "123.456 %", " 12.345 ", "１２．３４５"])
def test_a_dot_before_three_digits_is_asked_about_in_both_languages(text: str, language: str) -> None:
    with pytest.raises(Ambiguous):
        parse_number(text)


@pytest.mark.parametrize("text", ["12,345", "1,000", "-12,345", "123,456 %"])
def test_a_comma_before_three_digits_is_asked_about_in_english(text: str, english: None) -> None:
    with pytest.raises(Ambiguous):
        parse_number(text)


@pytest.mark.parametrize(("sign", "minus"), [("", ""), ("+", ""), ("-", "-"), ("\N{MINUS SIGN}", "-")])
def test_the_two_readings_are_the_decimal_and_the_thousands(sign: str, minus: str, language: str) -> None:
    with pytest.raises(Ambiguous) as question:
        parse_number(f"{sign}12.345")

    decimal, thousands = question.value.readings
    assert decimal.value == Decimal(f"{minus}12.345")
    assert thousands.value == Decimal(f"{minus}12345")


def test_the_answers_look_different_to_a_vietnamese_reader() -> None:
    with pytest.raises(Ambiguous) as question:
        parse_number("12.345")

    decimal, thousands = question.value.readings
    assert (decimal.spelling, thousands.spelling) == ("12,345", "12 345")
    assert decimal.label.startswith("12,345 (12 ")
    assert thousands.label.startswith("12 345 (12 ")
    assert "12.345" in str(question.value)


def test_the_answers_look_different_to_an_english_reader(english: None) -> None:
    with pytest.raises(Ambiguous) as question:
        parse_number("12,345")

    decimal, thousands = question.value.readings
    assert decimal.spelling == "12.3450"
    assert decimal.label == "12.345 (12 point 345)"
    assert thousands.spelling == "12 345"
    assert thousands.label == "12 345 (12 thousand 345)"


@both_languages
@given(whole=st.integers(min_value=1, max_value=999), rest=st.integers(min_value=0, max_value=999))
def test_an_answer_is_never_asked_about_again_in_either_language(language: str, whole: int, rest: int) -> None:
    with translation.override(language):
        with pytest.raises(Ambiguous) as question:
            parse_number(f"{whole}.{rest:03}")

        for reading in question.value.readings:
            assert parse_number(reading.spelling) == reading.value


# Refused


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "-",
        "%",
        ",",
        "1.25.000",
        "1,25,000",
        "1.2345.678",
        "12.34,5",
        "1.250.5",
        "1,250,5",
        "1 250 5",
        "1.250,5.5",
        "1.250,500.000",
        "1.250 000",
        "1 2",
        "1 25",
        "12 3456",
        "1  250",
        "0.345.000",
        "0 345",
        "12.",
        "12,",
        "12..5",
        "12 ,5",
        "12, 5",
        "0,123 456",
        "--3",
        "3-",
        "(3)",
        "% 3",
        "3 %%",
        "1/2",
        "½",
        "10²",
        "1'250",
        "1\n250",
        "٣",
        "①",
        "12 km",
        "1e5",
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "mười",
        "l2",
        "1" * 5000,
    ],
)
def test_what_is_no_number_is_refused_with_a_sentence(text: str, language: str) -> None:
    with pytest.raises(NotANumber) as refusal:
        parse_number(text)

    sentence = str(refusal.value)
    assert sentence.endswith(".")
    assert "%(" not in sentence
    assert len(sentence) < 200


def test_letters_are_named_as_what_is_too_much(english: None) -> None:
    with pytest.raises(NotANumber, match="“12 km” is more than a number. Type digits only, for example 1250.5."):
        parse_number("12 km")


def test_wrong_groups_are_answered_with_the_way_to_write_it(english: None) -> None:
    with pytest.raises(NotANumber, match="“1.25.000” cannot be read as a number. Type it like 1250.5, without"):
        parse_number("1.25.000")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0,1234567", "too many decimals: at most 6"),
        ("100000000000000", "too large: at most 14 digits"),
        ("100.000.000.000.000,5", "too large: at most 14 digits"),
    ],
)
def test_more_digits_than_can_be_kept_are_refused_not_rounded(text: str, sentence: str, english: None) -> None:
    with pytest.raises(NotANumber, match=sentence):
        parse_number(text)


def test_a_narrower_column_keeps_fewer_digits() -> None:
    assert parse_number("99999999999999,9999", max_digits=18, decimal_places=4) == Decimal("99999999999999.9999")
    with pytest.raises(NotANumber):
        parse_number("0,12345", max_digits=18, decimal_places=4)
    with pytest.raises(NotANumber):
        parse_number("1000", max_digits=5, decimal_places=2)


# For everything that can be typed


def possible_readings(text: str) -> list[Decimal]:
    """The number that is read, or the two that are asked about."""
    try:
        return [parse_number(text)]
    except Ambiguous as question:
        return [reading.value for reading in question.readings]


def grouped(digits: str, mark: str) -> str:
    """1250000 in groups of three."""
    return f"{int(digits):,}".replace(",", mark)


@st.composite
def spellings(draw: st.DrawFn, language: str) -> tuple[str, Decimal]:
    """A way to write a number that people use, and the number they mean."""
    whole = str(draw(st.integers(min_value=0, max_value=10**14 - 1) | st.integers(0, 999_999)))
    rest = draw(st.text("0123456789", max_size=6) | st.sampled_from(["500", "000", "345"]))
    sign = draw(st.sampled_from(["", "-", "\N{MINUS SIGN}", "+"]))
    group, mark = draw(
        st.sampled_from([("", ","), ("", "."), (".", ","), (",", "."), (" ", ","), ("\N{NO-BREAK SPACE}", ",")])
    )
    if language == "vi" and group == "," and len(grouped(whole, ",")) < 8:
        assume(rest)  # one comma alone is the decimal mark for a Vietnamese reader, as on paper
    meant = Decimal(f"{sign.replace(chr(0x2212), '-')}{whole}.{rest or 0}")
    body = (grouped(whole, group) if group else whole) + (f"{mark}{rest}" if rest else "")
    around = draw(st.sampled_from(["{}", " {} ", "{}%", "{} %", "\N{NO-BREAK SPACE}{}"]))
    text = around.format(sign + body)
    if draw(st.booleans()):
        text = text.translate({ord("0") + digit: chr(0xFF10 + digit) for digit in range(10)})
    return text, meant


@both_languages
@given(data=st.data())
def test_every_usual_spelling_is_understood_exactly_or_asked_about(language: str, data: st.DataObject) -> None:
    with translation.override(language):
        text, meant = data.draw(spellings(language))
        assert meant in possible_readings(text)


@both_languages
@given(text=st.text("0123456789., -%\N{NO-BREAK SPACE}", max_size=16))
def test_whatever_is_typed_no_digit_is_lost_or_invented(language: str, text: str) -> None:
    with translation.override(language):
        try:
            value = parse_number(text)
        except (Ambiguous, NotANumber):
            return
        typed = "".join(character for character in text if character.isdigit())
        kept = f"{abs(value):f}".replace(".", "")

        assert kept.strip("0") == typed.strip("0")
        assert (value < 0) == ("-" in text and value != 0)


@both_languages
@given(text=st.text(max_size=80))
def test_whatever_is_typed_gets_a_number_a_question_or_a_sentence(language: str, text: str) -> None:
    with translation.override(language):
        try:
            answer = str(parse_number(text))
        except (Ambiguous, NotANumber) as question:
            answer = str(question)

        assert answer


# Written into an input


@pytest.mark.parametrize(
    ("value", "decimals", "vietnamese", "in_english"),
    [
        ("12.5", 0, "12,5", "12.5"),
        ("12.500000", 0, "12,5", "12.5"),
        ("12", 2, "12,00", "12.00"),
        ("26.345", 0, "26,345", "26.3450"),
        ("26.5", 3, "26,500", "26.5000"),
        ("26.345", 2, "26,345", "26.3450"),
        ("1234.567", 0, "1234,567", "1234.567"),
        ("0.345", 0, "0,345", "0.345"),
        ("-1250000", 0, "-1250000", "-1250000"),
        ("1E+3", 0, "1000", "1000"),
        ("1E-6", 0, "0,000001", "0.000001"),
        ("-0.0", 0, "0", "0"),
    ],
)
def test_a_number_is_written_as_the_reader_types_it(
    value: str, decimals: int, vietnamese: str, in_english: str
) -> None:
    assert format_number(Decimal(value), decimals) == vietnamese
    with translation.override("en"):
        assert format_number(Decimal(value), decimals) == in_english


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_what_is_not_finite_is_not_written(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        format_number(Decimal(value))


@both_languages
@given(value=numbers, decimals=st.integers(min_value=0, max_value=6))
def test_what_is_written_is_read_back_exactly(language: str, value: Decimal, decimals: int) -> None:
    with translation.override(language):
        assert parse_number(format_number(value, decimals)) == value


@both_languages
@given(value=numbers)
def test_a_number_written_before_the_language_was_switched_is_never_read_wrongly(language: str, value: Decimal) -> None:
    with translation.override(language):
        written = format_number(value)
    with translation.override("en" if language == "vi" else "vi"):
        assert possible_readings(written)[0] == value


# The field for a number


class ValueForm(forms.Form):
    """A percentage, a length that may be left out, and a change within limits."""

    share = NumberField(unit="%", min_value=0, max_value=100)
    length = NumberField(unit="km", min_value=0, required=False, max_digits=18, decimal_places=4)
    change = NumberField(min_value=-5, max_value=5, required=False)


def number_in(form: ValueForm, name: str) -> BoundNumber:
    bound = form[name]
    assert isinstance(bound, BoundNumber)
    return bound


def make_form(share: str = "50", length: str = "", change: str = "") -> ValueForm:
    return ValueForm({"share": share, "length": length, "change": change})


def test_the_field_understands_what_is_typed(language: str) -> None:
    form = make_form(share="99,5 %", length="1.250,5")

    assert form.is_valid()
    assert form.cleaned_data == {"share": Decimal("99.5"), "length": Decimal("1250.5"), "change": None}
    assert number_in(form, "length").understood == Decimal("1250.5")
    assert number_in(form, "change").understood is None


def test_what_was_understood_can_be_asked_before_the_form_is_judged() -> None:
    assert number_in(make_form(share="12,5"), "share").understood == Decimal("12.5")
    assert number_in(make_form(share="12.345"), "share").understood is None


@pytest.mark.parametrize("share", ["0", "100", "100,000"])
def test_the_limits_themselves_are_allowed(share: str) -> None:
    assert make_form(share=share).is_valid()


@pytest.mark.parametrize(
    ("values", "field", "code", "sentence"),
    [
        ({"share": ""}, "share", "required", "Enter a number."),
        ({"share": "  "}, "share", "required", "Enter a number."),
        ({"share": "100,5"}, "share", "max_value", "A percentage lies between 0 and 100."),
        ({"share": "-1"}, "share", "min_value", "A percentage lies between 0 and 100."),
        ({"length": "-0,5"}, "length", "min_value", "Enter 0\N{NO-BREAK SPACE}km or more."),
        ({"change": "5,5"}, "change", "max_value", "Enter a number from \N{MINUS SIGN}5 to 5."),
        (
            {"length": "0,12345"},
            "length",
            "invalid",
            "The number has too many decimals: at most 4 can be kept.",
        ),
        (
            {"length": "many %s"},
            "length",
            "invalid",
            "“many %s” is more than a number. Type digits only, for example 1250.5.",
        ),
        (
            {"share": "12.345"},
            "share",
            "ambiguous",
            "“12.345” can be read in two ways. Which number do you mean?",
        ),
        (
            {"share": "12.345 %"},
            "share",
            "ambiguous",
            "“12.345 %” can be read in two ways. Which number do you mean?",
        ),
    ],
)
def test_the_field_says_what_is_wrong(
    values: dict[str, str], field: str, code: str, sentence: str, english: None
) -> None:
    form = make_form(**values)

    assert form.errors == {field: [sentence]}
    assert form.has_error(field, code)
    assert number_in(form, field).understood is None


def test_only_an_upper_limit_is_named_with_its_unit(english: None) -> None:
    field = NumberField(max_value=Decimal("1250.5"), unit="km")

    with pytest.raises(forms.ValidationError) as refusal:
        field.clean("1251")

    assert refusal.value.messages == ["Enter 1,250.5\N{NO-BREAK SPACE}km or less."]


def test_the_two_readings_are_offered_beside_the_field() -> None:
    form = make_form(length="12.345")

    assert [reading.value for reading in number_in(form, "length").readings] == [Decimal("12.345"), Decimal("12345")]
    assert number_in(form, "share").readings == ()
    assert number_in(make_form(length="mười"), "length").readings == ()
    form.add_error("share", forms.ValidationError("%(why)s", params={"why": "Otherwise wrong."}))
    assert number_in(form, "share").readings == ()


@pytest.mark.parametrize("answer", [0, 1])
def test_a_button_with_the_name_of_the_input_answers_the_question(answer: int, language: str) -> None:
    reading = number_in(make_form(length="12.345"), "length").readings[answer]
    sent = QueryDict(mutable=True)
    sent.update({"share": "50", "length": "12.345"})
    sent.appendlist("length", reading.spelling)

    form = ValueForm(sent)

    assert form.is_valid()
    assert form.cleaned_data["length"] == reading.value


def test_the_input_shows_a_stored_number_as_the_reader_types_it() -> None:
    form = ValueForm(initial={"share": Decimal("26.345000"), "length": 3})

    assert 'value="26,345"' in str(form["share"])
    assert 'inputmode="decimal"' in str(form["share"])
    assert 'value="3"' in str(form["length"])
    assert number_in(form, "share").understood == Decimal("26.345")
    with translation.override("en"):
        assert 'value="26.3450"' in str(ValueForm(initial={"share": Decimal("26.345")})["share"])


def test_the_input_keeps_what_was_typed_when_it_is_refused() -> None:
    assert 'value="12.345"' in str(make_form(share="12.345")["share"])
    assert 'value="12 km"' in str(make_form(share="12 km")["share"])


@pytest.mark.parametrize(("typed", "changed"), [("12,5", []), ("12.50", []), ("12,6", ["share"])])
def test_a_number_written_another_way_has_not_changed(typed: str, changed: list[str]) -> None:
    form = ValueForm({"share": typed}, initial={"share": Decimal("12.500000")})

    assert form.changed_data == changed


# The field for a date


@pytest.fixture
def noon() -> datetime:
    """The clock's time in the tests of dates."""
    return datetime(2015, 1, 10, 12, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.mark.parametrize("text", ["10/01/2015", "10/1/2015", "2015-01-10", " 10/01/2015 "])
def test_a_date_is_read_day_first_in_both_languages(text: str, language: str) -> None:
    assert DateField().clean(text) == date(2015, 1, 10)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        ("31/02/2015", "invalid"),
        ("01/31/2015", "invalid"),
        ("10/01/15", "invalid"),
        ("10.01.2015", "invalid"),
        ("hôm nay", "invalid"),
        ("10/01/0015", "year"),
        ("11/01/2015", "future"),
    ],
)
def test_what_is_no_such_day_is_refused(text: str, code: str, noon: datetime, language: str) -> None:
    with clock.at(noon), pytest.raises(forms.ValidationError) as refusal:
        DateField(not_in_future=True).clean(text)

    assert refusal.value.code == code


def test_today_is_not_in_the_future_and_tomorrow_is_named_so(noon: datetime, english: None) -> None:
    field = DateField(not_in_future=True)

    with clock.at(noon):
        assert field.clean("10/01/2015") == date(2015, 1, 10)
        with pytest.raises(forms.ValidationError) as refusal:
            field.clean("11/01/2015")

    assert refusal.value.messages == ["This day is still to come: today is 10/01/2015."]


def test_today_is_the_day_in_viet_nam() -> None:
    early_there = datetime(2015, 1, 10, 0, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))

    with clock.at(early_there.astimezone(ZoneInfo("UTC"))):
        assert DateField(not_in_future=True).clean("10/01/2015") == date(2015, 1, 10)


def test_a_day_to_come_is_allowed_where_nothing_else_is_asked(noon: datetime) -> None:
    with clock.at(noon):
        assert DateField().clean("31/12/2015") == date(2015, 12, 31)


def test_the_input_shows_a_stored_day_as_it_is_typed(language: str) -> None:
    class DayForm(forms.Form):
        signed_on = DateField(required=False)

    assert 'value="10/01/2015"' in str(DayForm(initial={"signed_on": date(2015, 1, 10)})["signed_on"])
    assert 'value="31/02/2015"' in str(DayForm({"signed_on": "31/02/2015"})["signed_on"])
    assert DayForm({"signed_on": ""}).is_valid()
    assert not DayForm({"signed_on": "10/1/2015"}, initial={"signed_on": date(2015, 1, 10)}).has_changed()
