"""Do the criteria sets of the files arrive whole, and is a wrong file refused whole?"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django import DjangoAssertNumQueries

from criteria import rules
from criteria.editions import make_edition
from criteria.models import CriteriaSet, Criterion, CriterionGroup, Expectation, Indicator, Region, Threshold
from tests import factories
from tests.reference_files import Folder, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_nothing_loaded")]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_both_editions_arrive_whole_and_published() -> None:
    factories.reference()

    assert Region.objects.count() == 7
    assert list(CriterionGroup.objects.values_list("code", flat=True)) == ["I", "II", "III", "IV", "V"]
    assert set(CriteriaSet.objects.values_list("code", flat=True)) == {"2009", "2013"}
    for edition in CriteriaSet.objects.all():
        indicators = Indicator.objects.filter(criterion__criteria_set=edition)
        assert edition.is_published
        assert list(edition.criteria.values_list("number", flat=True)) == list(range(1, 20))
        assert indicators.filter(parent=None).count() == 39
        assert [sub.code for sub in indicators.exclude(parent=None)] == ["2.3a"]


def test_each_indicator_has_a_threshold_for_every_region_and_in_general() -> None:
    factories.reference()

    for indicator in Indicator.objects.filter(parent=None).prefetch_related("thresholds"):
        publications = {(each.applies_from_year, each.published_on) for each in indicator.thresholds.all()}
        assert indicator.thresholds.count() == 8 * len(publications), indicator


def test_the_two_editions_differ_where_the_decision_of_2013_changed_them() -> None:
    factories.reference()

    def names(code: str) -> dict[str, str]:
        found = Indicator.objects.filter(criterion__criteria_set__code=code)
        return {indicator.code: f"{indicator.name_vi} {indicator.kind}" for indicator in found}

    before, after = names("2009"), names("2013")
    assert {code for code in before if before[code] != after[code]} == {"7", "10", "12", "14.1", "15.1"}
    labour = Criterion.objects.filter(number=12).order_by("criteria_set__code")
    assert [criterion.name_en for criterion in labour] == ["Labour structure", "Labour with regular work"]


def test_the_letters_unsustainable_criteria_are_under_watch() -> None:
    factories.reference()

    watched = Criterion.objects.filter(sustainability_watch=True, criteria_set__code="2013")
    assert list(watched.values_list("number", flat=True)) == [10, 11, 16, 17]


def test_a_sub_condition_hangs_under_its_indicator_only_where_the_table_has_a_bracket() -> None:
    factories.reference()

    hardened = Indicator.objects.get(code="2.3a", criterion__criteria_set__code="2013")
    assert hardened.parent is not None
    assert hardened.parent.code == "2.3"
    carried = {(each.region and each.region.code, each.value) for each in hardened.thresholds.all()}
    assert carried == {("tdmn", 50), ("btb", 70), ("dhntb", 70), ("tn", 50), ("dbscl", 30)}


def test_an_empty_starting_year_is_the_year_of_publication() -> None:
    factories.reference()

    roads = Threshold.objects.filter(indicator__code="2.1", indicator__criterion__criteria_set__code="2013")
    assert set(roads.values_list("applies_from_year", "published_on")) == {(2009, date(2009, 4, 16))}


def test_units_come_in_both_languages_and_only_percentages_take_parts() -> None:
    factories.reference()

    income = Indicator.objects.get(code="10", criterion__criteria_set__code="2013")
    assert (income.unit_vi, income.unit_en) == ("triệu đồng/người/năm", "million VND/person/year")
    parts = set(Indicator.objects.filter(takes_parts=True).values_list("kind", flat=True))
    assert parts == {"percent"}
    assert not Indicator.objects.filter(kind="percent", takes_parts=False).exists()


@pytest.mark.parametrize(
    ("year", "judged_on", "level"),
    [(2013, date(2013, 7, 10), 24), (2013, date(2014, 4, 10), 27), (2014, date(2015, 1, 10), 30)],
    ids=["2013 judged in July 2013", "2013 judged in April 2014", "2014"],
)
def test_the_income_level_of_the_southeast_depends_on_the_day_of_judging(
    year: int, judged_on: date, level: int
) -> None:
    factories.reference()
    income = Indicator.objects.get(code="10", criterion__criteria_set__code="2013")

    found = rules.level_in_force(income.levels, region="dnb", year=year, judged_on=judged_on)

    assert found is not None
    assert found.value == level
    assert found.region == "dnb"


def test_loading_again_changes_nothing_says_so_and_asks_little(
    folder: Folder, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    folder.load()
    before = rows()
    stamps = list(CriteriaSet.objects.values_list("pk", "published_at"))

    with django_assert_max_num_queries(22):
        said = folder.load()

    assert said == "Nothing changed: everything in the files is there already.\n"
    assert rows() == before
    assert list(CriteriaSet.objects.values_list("pk", "published_at")) == stamps


def test_the_first_load_takes_few_queries(
    folder: Folder, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(60):
        folder.load()


INCOME = "21,14,24,15,19,20,27,23,high"
POOR = "percent,%,%,<=,QĐ 491/QĐ-TTg,2009-04-16,,6"

# Each row: the file, what is written there, what stands there instead, and the reason given.
WRONG = [
    ("indicators.csv", "general,tdmn,dbsh", "general,tdmn,north", "the column 'dbsh' is missing."),
    ("indicators.csv", "confidence,note_vi", "confidence,extra,note_vi", "unknown column 'extra'."),
    ("indicators.csv", ",50,100,70,70,70,100,50,high,,\n3,", ",,100,70,70,70,100,50,high,,\n3,", "missing threshold"),
    ("indicators.csv", '11,11,,"2009,2013"', '20,11,,"2009,2013"', "unknown criterion '20'"),
    ("indicators.csv", '11,11,,"2009,2013"', '11,11,,"2009,2014"', "unknown editions '2014'"),
    ("indicators.csv", '5,5,,"2009,2013"', '4,4.2,,"2009,2013"', "duplicate indicator: 4.2"),
    ("indicators.csv", "2014-03-18,2014,", "2014-03-18,2013,", "duplicate indicator: 10 with the same year and day"),
    ("indicators.csv", "2.3a,2.3,", "2.3a,2.9,", "unknown parent '2.9'"),
    ("indicators.csv", "2014-03-18,2013", "2014-18-03,2013", "published_on must be a date like 2013-02-20"),
    ("indicators.csv", "2014-03-18,2013", "20140318,2013", "published_on must be a date like 2013-02-20"),
    ("indicators.csv", "2014-03-18,2013", "2014-03-18,next", "applies_from_year must be a whole number"),
    ("indicators.csv", INCOME, "21,14,24,15,19,20,27a,23,high", "dnb must be a number"),
    ("indicators.csv", INCOME, '21,14,24,15,19,20,"27,0",23,high', "dnb must be a number"),
    ("indicators.csv", INCOME, "21,14,24,15,19,20,27,23,sure", "unknown confidence 'sure'"),
    ("indicators.csv", POOR, POOR.replace("<=", "="), "unknown comparator '='"),
    ("indicators.csv", POOR, POOR.replace("percent", "share"), "unknown kind"),
    ("indicators.csv", POOR, POOR.replace("percent", "yes_no"), "does not fit"),
    ("indicators.csv", POOR, POOR.replace(",,6", ",,106"), "general: 106"),
    ("criteria.csv", "\n19,", "\n18,", "duplicate number: 18."),
    ("criteria.csv", '19,"2009,2013",V', '19,"2009,2013",VI', "unknown group 'VI'"),
    ("criteria.csv", '19,"2009,2013",V', '0,"2009,2013",V', "number must be 1 or more."),
    ("criteria.csv", "An ninh,Security,no", "An ninh,Security,perhaps", "unknown sustainability_watch 'perhaps'"),
    ("criteria.csv", "An ninh,Security,no,", "An ninh,Security,no,2", "at_least must be 1 to 1, not 2."),
    ("criteria.csv", "An ninh,Security,no,", "An ninh,Security,no", "9 cells are needed, not 8."),
    ("criteria.csv", "An ninh,Security", f"An ninh,{'Security' * 9}", "short_en: "),
    ("regions.csv", "dnb,", "tn,", "duplicate code: tn."),
    ("regions.csv", "dnb,", ",", "code is empty."),
    ("regions.csv", "dnb,", "đ nb,", "code: "),
    ("groups.csv", "V,Hệ thống", "IV,Hệ thống", "duplicate code: IV."),
    ("sets.csv", "2013-02-20,19,39", "2013-02-20,19,40", "the edition 2013 has 39 indicators, not 40."),
    ("sets.csv", "2013-02-20,19,39", "2013-02-20,18,39", "the edition 2013 has 19 criteria, not 18."),
    ("sets.csv", "2013-02-20,19,39", "2013-02-30,19,39", "in_force_from must be a date"),
    ("sets.csv", "\n2013,", "\n2009,", "duplicate code: 2009."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "reason"), WRONG)
def test_a_wrong_file_is_refused_whole_with_file_line_and_reason(
    folder: Folder, name: str, old: str, new: str, reason: str
) -> None:
    line = folder.change(name, old, new)

    with pytest.raises(CommandError) as refusal:
        folder.load()

    assert str(refusal.value).startswith(f"{folder.file(name)}, line {line}: ")
    assert reason in str(refusal.value)
    assert str(refusal.value).endswith("Nothing was loaded.")
    assert rows() == 0


def test_a_criterion_without_an_indicator_is_refused(folder: Folder) -> None:
    lines = [line for line in folder.lines("indicators.csv") if not line.startswith("19,")]
    folder.file("indicators.csv").write_text("".join(lines), "utf-8")

    line = folder.line_of("criteria.csv", "An ninh")
    with pytest.raises(CommandError, match=f"criteria.csv, line {line}: criterion 19 has no indicator"):
        folder.load()

    assert rows() == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"code,name_vi,name_en,short_vi,short_en\ntn,T\xe2y,a,b,c\n", "line 2: the text is not UTF-8."),
        (b'code,name_vi,name_en,short_vi,short_en\ntn,"T,a,b,c\n', "line 2: this is not CSV"),
        (b"code,name_vi,name_en,short_vi,short_en\ntn,T\0,a,b,c\n", "line 2: the text holds a NUL character."),
        (b"", "line 1: the column 'code' is missing."),
    ],
)
def test_a_file_that_is_no_table_is_refused(folder: Folder, content: bytes, reason: str) -> None:
    folder.file("regions.csv").write_bytes(content)

    with pytest.raises(CommandError, match=reason):
        folder.load()


def test_a_file_that_is_not_there_is_named(folder: Folder) -> None:
    missing = folder.file("sets.csv")
    missing.unlink()

    with pytest.raises(CommandError, match=r"sets.csv: the file cannot be read\."):
        folder.load()


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("indicators.csv", "21,14,24,15,19,20,27,23", "21,14,24,15,19,20,28,23", "value is 28, in the database 27"),
        ("criteria.csv", "An ninh,Security", "An ninh,Safety", "short_en is Safety, in the database Security"),
        ("sets.csv", "National criteria for new rural communes, 2009", "Criteria", "another name_en than stored"),
        ("indicators.csv", "2014-03-18,2013", "2014-03-19,2013", "this is not in the database"),
    ],
)  # fmt: skip
def test_a_file_that_disagrees_with_a_published_set_is_refused(
    folder: Folder, name: str, old: str, new: str, reason: str
) -> None:
    folder.load()
    line = folder.change(name, old, new)

    with pytest.raises(CommandError) as refusal:
        folder.load(update=True)

    assert f"{name}, line {line}: {reason}" in str(refusal.value)
    assert "make a new edition" in str(refusal.value)
    level = Threshold.objects.get(
        indicator__code="10", region__code="dnb", applies_from_year=2013, published_on=date(2014, 3, 18)
    )
    assert level.value == Decimal(27)


def test_a_set_with_more_than_the_file_is_refused(folder: Folder) -> None:
    folder.load()
    (dropped,) = [line for line in folder.lines("indicators.csv") if "2014-03-18,2014," in line]
    folder.change("indicators.csv", dropped, "")

    with pytest.raises(CommandError, match="the database has more for criterion"):
        folder.load()


def test_a_further_edition_in_the_files_is_added_and_published(folder: Folder) -> None:
    folder.load()
    for name in ("criteria.csv", "indicators.csv"):
        lines = [
            line.replace('"2009,2013"', '"2009,2013,2020"')
            if '"2009,2013"' in line
            else line.replace(",2013,", ',"2013,2020",', 1)
            for line in folder.lines(name)
        ]
        folder.file(name).write_text("".join(lines), "utf-8")
    folder.append("sets.csv", "2020,Bộ tiêu chí 2020,Criteria of 2020,QĐ 1,2020-01-01,19,39")

    said = folder.load()

    assert said == "criteria set: 1 new\nexpectation: 36 new\n"
    assert CriteriaSet.objects.get(code="2020").is_published


def test_a_correction_by_an_administrator_is_kept_unless_told_otherwise(folder: Folder) -> None:
    folder.load()
    Region.objects.filter(code="dnb").update(short_vi="ĐNB")

    assert "region Đông Nam Bộ: short_vi" in folder.load()
    assert Region.objects.get(code="dnb").short_vi == "ĐNB"
    assert folder.load(update=True) == "region: 1 changed\n"
    assert Region.objects.get(code="dnb").short_vi == "Đông Nam Bộ"


def test_what_is_usual_is_loaded_for_every_edition_that_has_the_code() -> None:
    factories.reference()

    found = {
        (each.indicator.owner.code, each.indicator.code): each
        for each in Expectation.objects.select_related("indicator__criterion__criteria_set")
    }
    assert found["2013", "10"].usual_change == 3
    assert found["2009", "10"].usual_change == Decimal("0.2")
    assert found["2013", "11"].usual_change == found["2009", "11"].usual_change == 2
    assert found["2013", "13"].usual_change is None
    assert found["2013", "13"].evidence_vi == "Kết quả hoạt động của hợp tác xã, tổ hợp tác trong năm"
    assert ("2013", "18.2") not in found
    assert all(each.usual_change is None for each in found.values() if each.indicator.is_yes_no)


def test_what_is_usual_reaches_sets_that_are_there_already_and_leaves_them_as_they_are(folder: Folder) -> None:
    folder.load()
    published = CriteriaSet.objects.get(code="2013")
    edition = make_edition(published)
    Expectation.objects.all().delete()

    folder.load()

    for criteria_set in (published, edition):
        assert Expectation.objects.filter(indicator__criterion__criteria_set=criteria_set).count() == 36
    assert CriteriaSet.objects.get(code="2013").published_at == published.published_at


def test_what_an_administrator_made_usual_stays(folder: Folder) -> None:
    folder.load()
    Expectation.objects.filter(indicator__code="12").update(usual_change=8)

    said = folder.load()

    assert "expectation 12 " in said
    assert set(Expectation.objects.filter(indicator__code="12").values_list("usual_change", flat=True)) == {8}
    folder.load(update=True)
    assert set(Expectation.objects.filter(indicator__code="12").values_list("usual_change", flat=True)) == {5}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("\n12,,5,", "\n99,,5,", "unknown indicator '99'"),
        ("\n12,,5,", "\n12,,0,", "usual_change must be larger than 0."),
        ("\n12,,5,", "\n12,,five,", "usual_change must be a number"),
        ("\n12,,5,", "\n12,share,5,", "unknown kind 'share'"),
        ("\n12,,5,", "\n11,,5,", "duplicate indicator: 11."),
        (",Labour register of the commune", ",", "the evidence is named in one language only."),
    ],
)
def test_a_wrong_line_of_what_is_usual_is_refused(folder: Folder, old: str, new: str, reason: str) -> None:
    line = folder.change("expectations.csv", old, new)

    with pytest.raises(CommandError, match=rf"expectations.csv, line {line}: {re.escape(reason)}"):
        folder.load()
