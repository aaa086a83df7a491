"""Can administrators keep the reference data, quickly, and can nobody change what is history?"""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from communes.models import AreaAssignment, Commune, Duty, Membership, Programme, Province, Target, User
from criteria import editions
from criteria.loading import stored_parts
from criteria.models import (
    CriteriaSet,
    Criterion,
    CriterionGroup,
    Expectation,
    Indicator,
    PublishedSetError,
    Region,
    Threshold,
)
from reports import models as reports
from reports.models import Period, ReviewLimits
from tests import factories

pytestmark = pytest.mark.django_db

MODELS: list[type[Model]] = [
    Region,
    CriterionGroup,
    CriteriaSet,
    Criterion,
    Indicator,
    Threshold,
    Expectation,
    Province,
    Commune,
    Programme,
    Membership,
    Target,
    User,
    AreaAssignment,
    Period,
]
SET_PARTS: list[type[Model]] = [Criterion, Indicator, Threshold]


def page(model: type[Model], action: str, *args: object, **query: str) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}"
    return reverse(name, args=args, query=query or None)


@pytest.fixture
def administrator(client: Client) -> User:
    user = factories.make_administrator()
    client.force_login(user)
    return user


@pytest.fixture
def draft(administrator: User) -> CriteriaSet:
    """An edition in preparation."""
    return editions.make_edition(CriteriaSet.objects.get(code="2013"))


def said(client: Client, url: str, data: dict[str, Any]) -> str:
    """Post, follow the redirect, and answer the messages shown."""
    response = client.post(url, data, follow=True)
    assert response.status_code == 200
    return " ".join(str(message) for message in response.context["messages"])


def act(client: Client, action: str, *chosen: Model) -> str:
    data = {"action": action, "_selected_action": [each.pk for each in chosen]}
    return said(client, page(type(chosen[0]), "changelist"), data)


def inline(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """What the browser sends for an inline of the admin."""
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


# Every page answers, and quickly


@pytest.mark.parametrize("model", MODELS)
def test_lists_searches_and_forms_answer_an_administrator(
    client: Client, administrator: User, model: type[Model]
) -> None:
    factories.make_user(Duty.EDITOR, Province.objects.first())
    first = model._default_manager.first()
    assert first is not None

    assert client.get(page(model, "changelist")).status_code == 200
    assert client.get(page(model, "changelist", q="a")).status_code == 200
    assert client.get(page(model, "add")).status_code == 200
    assert client.get(page(model, "change", first.pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_lists_ask_the_database_as_often_for_few_rows_as_for_many(
    client: Client, administrator: User, model: type[Model]
) -> None:
    factories.make_user(Duty.EDITOR, Province.objects.first())

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert client.get(page(model, "changelist")).status_code == 200
        return len(counted)

    queries()
    before = queries()
    add_rows(model)

    assert queries() <= before
    assert before <= 16


def add_rows(model: type[Model]) -> None:
    """A few rows more, with parents of their own, so that a query for each would show."""
    region = Region.objects.create(code="new", position=9, name_vi="N", name_en="N", short_vi="N", short_en="N")
    base = CriteriaSet.objects.get(code="2013")
    for number in range(5):
        province = Province.objects.create(code=f"x{number}", name=f"Tỉnh {number}", region=region)
        place = Commune.objects.create(code=f"x{number}", name=f"Xã {number}", district="H", province=province)
        programme = Programme.objects.create(
            code=f"p{number}", name_vi="P", name_en="P", source="S", baseline_on=date(2011, 12, 31)
        )
        Membership.objects.create(programme=programme, commune=place, since=date(2012, 1, 1), source="S")
        Target.objects.create(
            programme=programme, due_on=date(2020, 1, 1), required=1, stated_on=date(2015, 1, 1), source="S"
        )
        factories.make_user(Duty.EDITOR, province)
        Period.objects.create(
            year=2020 + number,
            quarter=1,
            opens_on=date(2020, 1, 1),
            due_on=date(2020, 1, 2),
            freeze_on=date(2020, 1, 3),
            criteria_set=base,
        )
    if model in (CriteriaSet, Expectation, *SET_PARTS):
        editions.make_edition(base)


def test_the_page_of_an_indicator_reads_the_regions_once(client: Client, draft: CriteriaSet) -> None:
    income = Indicator.objects.get(criterion__criteria_set=draft, code="10")
    assert income.thresholds.count() == 40

    with CaptureQueriesContext(connection) as counted:
        client.get(page(Indicator, "change", income.pk))

    assert len(counted) <= 20


def test_only_staff_enter_and_report_values_are_not_there(client: Client) -> None:
    lead = factories.make_lead()
    client.force_login(lead)

    assert client.get(reverse("admin:index")).status_code == 302
    assert client.get(page(Region, "changelist"), follow=True).status_code == 403
    registered = set(admin.site._registry)
    assert registered & {getattr(reports, name) for name in reports.__all__} == {Period, ReviewLimits}


def test_staff_without_the_group_see_nothing(client: Client) -> None:
    factories.reference()
    client.force_login(factories.make_user(is_staff=True))

    assert client.get(page(Region, "changelist")).status_code == 403
    assert client.get(page(Period, "changelist")).status_code == 403


# Published criteria sets


@pytest.mark.parametrize("model", [CriteriaSet, *SET_PARTS])
def test_a_published_set_is_shown_with_the_reason_and_without_a_form(
    client: Client, administrator: User, model: type[Model], english: None
) -> None:
    obj = model._default_manager.first()
    assert obj is not None

    content = client.get(page(model, "change", obj.pk)).content.decode()

    assert "make a new edition" in content
    assert 'name="_save"' not in content
    assert 'name="name_vi"' not in content


@pytest.mark.parametrize("model", [CriteriaSet, *SET_PARTS])
def test_a_crafted_post_neither_changes_nor_deletes_a_part_of_a_published_set(
    client: Client, administrator: User, model: type[Model]
) -> None:
    obj = model._default_manager.first()
    assert obj is not None
    before = model._default_manager.filter(pk=obj.pk).values().get()
    data = dict.fromkeys(before, "9") | {"criterion": "1", "indicator": "1", "criteria_set": "1"}

    assert client.post(page(model, "change", obj.pk), data).status_code == 403
    assert client.post(page(model, "delete", obj.pk), {"post": "yes"}).status_code == 403
    client.post(page(model, "changelist"), {"action": "delete_selected", "_selected_action": [obj.pk], "post": "yes"})

    assert model._default_manager.filter(pk=obj.pk).values().get() == before


def test_nothing_is_added_to_a_published_set(client: Client, draft: CriteriaSet) -> None:
    published = CriteriaSet.objects.get(code="2013")
    data: dict[str, Any] = {"group": CriterionGroup.objects.get(code="V").pk, "number": 20}
    data |= {"name_vi": "A", "name_en": "A", "short_vi": "A", "short_en": "A"}

    refused = client.post(page(Criterion, "add"), data | {"criteria_set": published.pk})
    assert refused.status_code == 200
    assert "criteria_set" in refused.context["adminform"].form.errors
    assert published.criteria.count() == 19

    assert client.post(page(Criterion, "add"), data | {"criteria_set": draft.pk}).status_code == 302
    assert draft.criteria.count() == 20


def test_what_is_usual_for_an_indicator_changes_also_when_its_set_is_published(
    client: Client, administrator: User
) -> None:
    usual = Expectation.objects.get(indicator__code="12", indicator__criterion__criteria_set__code="2013")
    assert usual.indicator.owner.is_published
    data = {"usual_change": "8", "evidence_vi": "Sổ lao động", "evidence_en": "Labour register"}

    refused = client.post(page(Expectation, "change", usual.pk), data | {"usual_change": "0"})
    client.post(page(Expectation, "change", usual.pk), data)

    assert refused.context["errors"]
    usual.refresh_from_db()
    assert (usual.usual_change, usual.evidence) == (8, "Sổ lao động")


def test_a_part_in_preparation_cannot_be_moved_into_a_published_set(client: Client, draft: CriteriaSet) -> None:
    threshold = Threshold.objects.filter(indicator__criterion__criteria_set=draft, region=None, value=None).first()
    published = Indicator.objects.get(criterion__criteria_set__code="2013", code="1.1")
    assert threshold is not None
    data = {"indicator": published.pk, "comparator": "is_met", "published_on": "01/02/2015"}
    data |= {"applies_from_year": "2015", "decision": "QĐ 1", "confidence": "high"}

    refused = client.post(page(Threshold, "change", threshold.pk), data)

    assert "indicator" in refused.context["adminform"].form.errors


def test_thresholds_in_preparation_are_changed_on_the_page_of_their_indicator(
    client: Client, draft: CriteriaSet
) -> None:
    indicator = Indicator.objects.get(criterion__criteria_set=draft, code="4.2")
    general = indicator.thresholds.get(region=None)
    data = {"criterion": indicator.criterion_id, "code": "4.2", "position": 2, "kind": "percent"}
    data |= {"name_vi": "Điện", "name_en": "Power", "unit_vi": "%", "unit_en": "%"}
    row = {"id": general.pk, "indicator": indicator.pk, "region": "", "comparator": ">=", "value": "97"}
    row |= {"published_on": "16/04/2009", "applies_from_year": "2009", "decision": "QĐ", "confidence": "low"}

    response = client.post(page(Indicator, "change", indicator.pk), data | inline("thresholds", row, initial=1))

    assert response.status_code == 302
    general.refresh_from_db()
    assert general.value == 97


def test_two_new_thresholds_for_the_same_region_year_and_day_are_refused_in_the_form(
    client: Client, draft: CriteriaSet
) -> None:
    indicator = Indicator.objects.get(criterion__criteria_set=draft, code="4.2")
    data = {"criterion": indicator.criterion_id, "code": "4.2", "position": 2, "kind": "percent"}
    data |= {"name_vi": "Điện", "name_en": "Power", "unit_vi": "%", "unit_en": "%"}
    row = {"id": "", "indicator": indicator.pk, "region": "", "comparator": ">=", "value": "97"}
    row |= {"published_on": "16/04/2019", "applies_from_year": "2019", "decision": "QĐ", "confidence": "low"}

    response = client.post(page(Indicator, "change", indicator.pk), data | inline("thresholds", row, row))

    assert response.status_code == 200
    (thresholds,) = response.context["inline_admin_formsets"]
    assert thresholds.formset.non_form_errors()


# New editions


def test_a_new_edition_is_the_same_in_all_its_parts_and_not_published(draft: CriteriaSet) -> None:
    base = CriteriaSet.objects.get(code="2013")
    parts = stored_parts([base, draft])

    assert (draft.code, draft.based_on, draft.is_published) == ("2013-2", base, False)
    assert parts["2013-2"] == parts["2013"]
    assert Indicator.objects.filter(criterion__criteria_set=draft).count() == 40
    hardened = Indicator.objects.get(criterion__criteria_set=draft, code="2.3a")
    assert hardened.parent == Indicator.objects.get(criterion__criteria_set=draft, code="2.3")
    assert base.is_published


def test_the_action_makes_editions_with_codes_of_their_own(client: Client, administrator: User) -> None:
    base = CriteriaSet.objects.get(code="2013")

    assert "2013-2" in act(client, "new_edition", base)
    assert "2013-3" in act(client, "new_edition", base)
    assert "2013-2-2" in act(client, "new_edition", CriteriaSet.objects.get(code="2013-2"))


def test_a_complete_edition_can_be_published_once(client: Client, draft: CriteriaSet) -> None:
    assert "2013-2" in act(client, "publish", draft)

    draft.refresh_from_db()
    assert draft.is_published
    with pytest.raises(PublishedSetError):
        editions.publish(draft)


def _no_criterion(draft: CriteriaSet) -> None:
    draft.criteria.all().delete()


def _no_indicator(draft: CriteriaSet) -> None:
    Indicator.objects.filter(criterion__criteria_set=draft, code="19").delete()


def _no_general_and_one_region_missing(draft: CriteriaSet) -> None:
    thresholds = Threshold.objects.filter(indicator__criterion__criteria_set=draft, indicator__code="11")
    thresholds.filter(region=None).delete()
    thresholds.filter(region__code="dnb").delete()


def _no_threshold(draft: CriteriaSet) -> None:
    Threshold.objects.filter(indicator__criterion__criteria_set=draft, indicator__code="2.3a").delete()


def _comparator_of_another_kind(draft: CriteriaSet) -> None:
    thresholds = Threshold.objects.filter(indicator__criterion__criteria_set=draft, indicator__code="19")
    thresholds.update(comparator=">=", value=1)


def _needs_more_than_there_are(draft: CriteriaSet) -> None:
    draft.criteria.filter(number=18).update(at_least=5)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_no_criterion, "The criteria set has no criterion."),
        (_no_indicator, "Criterion 19 has no indicator."),
        (_no_general_and_one_region_missing, "Indicator 11 has no threshold for the region Southeast."),
        (_no_threshold, "Indicator 2.3a has no threshold."),
        (_comparator_of_another_kind, "Indicator 19 has a threshold whose comparator does not fit its kind."),
        (_needs_more_than_there_are, "Criterion 18 needs 5 of its indicators, but it has 4."),
    ],
)
def test_an_incomplete_edition_is_not_published(
    client: Client, draft: CriteriaSet, english: None, spoil: Callable[[CriteriaSet], None], reason: str
) -> None:
    spoil(draft)

    assert reason in act(client, "publish", draft)
    draft.refresh_from_db()
    assert not draft.is_published


def test_a_region_may_lean_on_the_general_threshold(draft: CriteriaSet) -> None:
    Threshold.objects.filter(indicator__criterion__criteria_set=draft, region__code="dnb").delete()

    assert list(editions.gaps(draft)) == []


def test_an_edition_in_preparation_can_be_deleted_with_its_parts(client: Client, draft: CriteriaSet) -> None:
    with CaptureQueriesContext(connection) as counted:
        response = client.post(page(CriteriaSet, "delete", draft.pk), {"post": "yes"})

    assert response.status_code == 302
    assert not CriteriaSet.objects.filter(pk=draft.pk).exists()
    assert Threshold.objects.filter(indicator__criterion__criteria_set__code="2013").exists()
    assert len(counted) < 60


def test_drop_down_lists_offer_only_what_is_in_preparation(client: Client, draft: CriteriaSet) -> None:
    query = {"term": "4.2", "app_label": "criteria", "model_name": "threshold", "field_name": "indicator"}

    found = client.get(reverse("admin:autocomplete"), query).json()["results"]

    expected = Indicator.objects.filter(criterion__criteria_set=draft, code__in=["4.2", "14.2"])
    assert {each["id"] for each in found} == {str(indicator.pk) for indicator in expected}


# History


@pytest.mark.parametrize("model", [Membership, Target])
def test_statements_about_the_programme_are_never_changed_or_deleted(
    client: Client, administrator: User, model: type[Model]
) -> None:
    obj = model._default_manager.first()
    assert obj is not None
    before = list(model._default_manager.values())

    assert client.post(page(model, "change", obj.pk), {"required": "1", "source": "x"}).status_code == 403
    assert client.post(page(model, "delete", obj.pk), {"post": "yes"}).status_code == 403
    client.post(page(model, "changelist"), {"action": "delete_selected", "_selected_action": [obj.pk], "post": "yes"})

    assert list(model._default_manager.values()) == before


def test_a_target_and_a_membership_are_added_on_the_page_of_the_programme(client: Client, administrator: User) -> None:
    programme = factories.programme()
    commune = factories.commune("Định Hòa")
    data = {"name_vi": programme.name_vi, "name_en": programme.name_en, "source": "S", "baseline_on": "31/12/2011"}
    new_target = {"programme": programme.pk, "due_on": "31/12/2015", "required": "11"}
    new_target |= {"stated_on": "10/01/2015", "source": "Công văn"}
    stop = {"programme": programme.pk, "commune": commune.pk, "since": "01/01/2014", "source": "Công văn"}

    response = client.post(
        page(Programme, "change", programme.pk),
        data | inline("targets", new_target) | inline("memberships", stop),
    )

    assert response.status_code == 302
    assert programme.targets.count() == 3
    assert Commune.objects.members(programme, date(2013, 12, 31)).count() == 11
    assert Commune.objects.members(programme, date(2014, 12, 31)).count() == 10


@pytest.mark.parametrize(
    "find",
    [
        lambda: Region.objects.first(),
        lambda: CriterionGroup.objects.first(),
        lambda: Province.objects.first(),
        lambda: Commune.objects.first(),
        lambda: Programme.objects.first(),
        lambda: factories.make_report().period,
    ],
    ids=["region", "group", "province", "commune", "programme", "period"],
)
def test_what_history_hangs_on_is_not_deleted(client: Client, administrator: User, find: Callable[[], Model]) -> None:
    obj = find()

    response = client.post(page(type(obj), "delete", obj.pk), {"post": "yes"})

    assert response.status_code in (200, 403)
    assert type(obj)._default_manager.filter(pk=obj.pk).exists()


@pytest.mark.parametrize("model", MODELS)
def test_no_list_offers_to_delete_many_at_once(client: Client, administrator: User, model: type[Model]) -> None:
    assert b"delete_selected" not in client.get(page(model, "changelist")).content


def test_a_commune_of_ones_own_is_added_found_and_deleted(client: Client, administrator: User) -> None:
    province = Province.objects.get(code="84")
    data = {"code_list": "2015", "code": "29430", "name": "Mỹ Thuận", "district": "Bình Tân", "province": province.pk}

    assert client.post(page(Commune, "add"), data).status_code == 302
    again = client.post(page(Commune, "add"), data)
    assert again.status_code == 200
    assert again.context["adminform"].form.errors
    assert b"29430" in client.get(page(Commune, "changelist", q="29430")).content

    commune = Commune.objects.get(code="29430")
    assert client.post(page(Commune, "delete", commune.pk), {"post": "yes"}).status_code == 302
    assert not Commune.objects.filter(code="29430").exists()


# Periods


PERIOD = {"year": "2015", "quarter": "1", "opens_on": "15/03/2015", "due_on": "05/04/2015", "freeze_on": "30/06/2015"}


def period_data(**changed: str) -> dict[str, str]:
    newest = CriteriaSet.objects.get(code="2013")
    return PERIOD | {"criteria_set": str(newest.pk)} | changed


def test_the_form_for_a_new_period_suggests_the_next_quarter(client: Client, administrator: User) -> None:
    form = client.get(page(Period, "add")).context["adminform"].form

    assert form.initial["year"] == 2015
    assert form.initial["quarter"] == 1
    assert (form.initial["opens_on"], form.initial["due_on"]) == (date(2015, 3, 15), date(2015, 4, 5))
    assert form.initial["freeze_on"] == date(2015, 6, 30)
    assert client.post(page(Period, "add"), period_data()).status_code == 302
    assert Period.objects.filter(year=2015, quarter=1).exists()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"year": "2014", "quarter": "4"}, "This quarter already exists."),
        ({"due_on": "05/04/2014"}, "A period opens, then falls due, then freezes, in this order."),
        ({"quarter": "5"}, "5"),
        ({"due_on": "31/02/2015"}, "date"),
    ],
)
def test_a_period_that_cannot_be_is_refused_in_the_form(
    client: Client, administrator: User, english: None, changed: dict[str, str], reason: str
) -> None:
    response = client.post(page(Period, "add"), period_data(**changed))

    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert reason in str(errors)


def test_a_period_is_not_judged_by_an_edition_in_preparation(client: Client, draft: CriteriaSet) -> None:
    response = client.post(page(Period, "add"), period_data(criteria_set=str(draft.pk)))

    assert "criteria_set" in response.context["adminform"].form.errors


def test_opening_a_period_creates_the_duty_of_every_member_commune(client: Client, administrator: User) -> None:
    period = factories.period("2014-4")

    assert "11" in act(client, "open_period", period)

    period.refresh_from_db()
    assert period.opened_at is not None
    assert period.reports.count() == 11
    act(client, "open_period", period)
    assert period.reports.count() == 11


def test_an_opened_period_keeps_its_dates_but_for_the_freeze(client: Client, administrator: User) -> None:
    period = factories.make_report().period

    changed = client.post(page(Period, "change", period.pk), period_data(due_on="01/02/2015", freeze_on="30/04/2015"))
    too_early = client.post(page(Period, "change", period.pk), {"freeze_on": "01/01/2015"})

    period.refresh_from_db()
    assert changed.status_code == 302
    assert (period.year, period.due_on, period.freeze_on) == (2014, date(2015, 1, 5), date(2015, 4, 30))
    assert "freeze_on" in too_early.context["adminform"].form.errors


# People


def test_an_account_is_made_with_its_person_and_area(client: Client, administrator: User) -> None:
    province = Province.objects.get(code="36")
    data = {"username": "hai", "usable_password": "true", "full_name": "Trần Hải", "email": "hai@example.org"}
    data |= {"password1": "mot-mat-khau-dai", "password2": "mot-mat-khau-dai", "body": "BCĐ Nam Định"}
    area = {"duty": "signer", "province": province.pk, "since": "01/01/2015"}

    response = client.post(page(User, "add"), data | inline("assignments", area))

    assert response.status_code == 302
    user = User.objects.get(username="hai")
    assert (user.full_name, user.body) == ("Trần Hải", "BCĐ Nam Định")
    assert user.check_password("mot-mat-khau-dai")
    assert [(each.duty, each.province) for each in user.assignments.all()] == [("signer", province)]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"duty": "signer"}, "A committee editor or signer needs a province."),
        ({"until": "01/01/2012"}, "The assignment cannot end before it begins."),
        ({"province": "36", "communes": "Thanh Chăn"}, "These communes do not all lie in the province chosen above."),
    ],
)
def test_an_assignment_that_cannot_be_is_refused_in_the_form(
    client: Client, administrator: User, english: None, changed: dict[str, str], reason: str
) -> None:
    data: dict[str, Any] = {"user": administrator.pk, "duty": "viewer", "since": "01/01/2013"} | changed
    if "province" in data:
        data["province"] = Province.objects.get(code=data["province"]).pk
    if "communes" in data:
        data["communes"] = [Commune.objects.get(name=data["communes"]).pk]

    response = client.post(page(AreaAssignment, "add"), data)

    assert response.status_code == 200
    assert reason in str(response.context["adminform"].form.errors)


def test_an_administrator_makes_nobody_a_superuser_and_changes_none(client: Client, administrator: User) -> None:
    colleague = factories.make_user(username="colleague")
    owner = factories.make_user(username="owner", is_superuser=True)
    data = {"username": "colleague", "full_name": "C", "is_active": "on", "is_superuser": "on"}
    data |= inline("assignments")

    assert client.post(page(User, "change", colleague.pk), data).status_code == 302
    colleague.refresh_from_db()
    assert (colleague.full_name, colleague.is_superuser) == ("C", False)
    assert client.post(page(User, "change", owner.pk), data).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[owner.pk])
    assert client.post(password, {"password1": "x", "password2": "x"}).status_code == 403


def test_an_account_that_was_used_is_deactivated_and_not_deleted(client: Client, administrator: User) -> None:
    unused = factories.make_user()

    assert client.post(page(User, "delete", administrator.pk), {"post": "yes"}).status_code == 403
    assert client.post(page(User, "delete", unused.pk), {"post": "yes"}).status_code == 302
    assert list(User.objects.all()) == [administrator]


# The guards of the models stand behind the pages


def test_the_models_refuse_what_the_pages_do_not_offer(draft: CriteriaSet) -> None:
    threshold = Threshold.objects.filter(indicator__criterion__criteria_set__code="2013").first()
    target = Target.objects.first()
    assert threshold is not None
    assert target is not None

    with pytest.raises(PublishedSetError):
        threshold.save()
    with pytest.raises(PublishedSetError):
        CriteriaSet.objects.get(code="2013").delete()
    with pytest.raises(ValidationError):
        target.delete()
