"""Which duty does somebody hold today, and where?"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from communes.models import AreaAssignment, Commune, Duty, User
from communes.permissions import has_duty, is_committee, is_lead, is_ministry
from ntm_tracker import clock
from tests import factories
from tests.factories import moment

pytestmark = pytest.mark.django_db

TODAY = date(2015, 1, 3)


@pytest.fixture(autouse=True)
def _early_in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-03")):
        yield


@pytest.mark.parametrize(
    ("duty", "committee", "ministry", "lead"),
    [
        (None, False, False, False),
        (Duty.EDITOR, True, False, False),
        (Duty.SIGNER, True, False, False),
        (Duty.REVIEWER, False, True, False),
        (Duty.LEAD, False, True, True),
        (Duty.CENTRAL, False, False, False),
        (Duty.VIEWER, False, False, False),
    ],
)
def test_each_duty_belongs_to_one_side(duty: Duty | None, committee: bool, ministry: bool, lead: bool) -> None:
    commune = factories.commune("Thanh Chăn")
    user = factories.make_user(duty, commune.province if duty else None)

    assert (is_committee(user, commune), is_ministry(user, commune), is_lead(user)) == (committee, ministry, lead)


def test_being_staff_or_superuser_gives_no_duty() -> None:
    commune = factories.commune("Thanh Chăn")
    user = factories.make_user(is_staff=True, is_superuser=True)

    assert not any(has_duty(user, duty) or has_duty(user, duty, commune=commune) for duty in Duty)


def test_a_duty_reaches_the_communes_of_its_province_only() -> None:
    here, elsewhere = factories.commune("Thanh Chăn"), factories.commune("Hải Đường")
    user = factories.signer_of(here)

    assert has_duty(user, Duty.SIGNER, commune=here)
    assert not has_duty(user, Duty.SIGNER, commune=elsewhere)
    assert has_duty(user, Duty.SIGNER)
    assert not has_duty(user, Duty.EDITOR, commune=here)


def test_a_duty_without_province_reaches_everywhere() -> None:
    user = factories.make_user(Duty.REVIEWER)

    assert all(has_duty(user, Duty.REVIEWER, commune=commune) for commune in communes())


def communes() -> list[Commune]:
    factories.reference()
    return list(Commune.objects.all())


def test_limited_to_communes_it_reaches_only_those() -> None:
    here = factories.commune("Thanh Chăn")
    neighbour = Commune.objects.create(code="99999", name="Thanh Hưng", district="Điện Biên", province=here.province)
    user = factories.editor_of(here)
    user.assignments.get().communes.set([here])

    assert has_duty(user, Duty.EDITOR, commune=here)
    assert not has_duty(user, Duty.EDITOR, commune=neighbour)


def test_a_named_commune_of_another_province_is_not_reached() -> None:
    here, elsewhere = factories.commune("Thanh Chăn"), factories.commune("Hải Đường")
    user = factories.editor_of(here)
    user.assignments.get().communes.set([elsewhere])

    assert not has_duty(user, Duty.EDITOR, commune=elsewhere)
    assert not has_duty(user, Duty.EDITOR, commune=here)


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (TODAY, None, True),
        (TODAY, TODAY, True),
        (date(2009, 1, 1), TODAY, True),
        (date(2009, 1, 1), TODAY - timedelta(days=1), False),
        (TODAY + timedelta(days=1), None, False),
    ],
)
def test_first_and_last_day_are_included(since: date, until: date | None, holds: bool) -> None:
    commune = factories.commune("Thanh Chăn")
    user = factories.make_user()
    assignment = AreaAssignment.objects.create(
        user=user, duty=Duty.SIGNER, province=commune.province, since=since, until=until
    )

    assert has_duty(user, Duty.SIGNER, commune=commune) == holds
    assert assignment.holds_on(TODAY) == holds
    assert AreaAssignment.objects.on(TODAY).exists() == holds


def test_a_day_ends_at_midnight_in_viet_nam() -> None:
    commune = factories.commune("Thanh Chăn")
    user = factories.signer_of(commune)
    user.assignments.update(until=TODAY)

    with clock.at(moment("2015-01-03", "23:59:59")):
        assert has_duty(User.objects.get(pk=user.pk), Duty.SIGNER)
    with clock.at(moment("2015-01-04", "00:00")):
        assert not has_duty(User.objects.get(pk=user.pk), Duty.SIGNER)


def test_asking_often_costs_one_query(django_assert_num_queries: Any) -> None:
    commune = factories.commune("Thanh Chăn")
    user = User.objects.get(pk=factories.signer_of(commune).pk)

    with django_assert_num_queries(1):
        for _time in range(3):
            assert is_committee(user, commune)
            assert not is_ministry(user, commune)


@pytest.mark.parametrize("duty", [Duty.EDITOR, Duty.SIGNER])
def test_a_committee_duty_needs_a_province(duty: Duty) -> None:
    user = factories.make_user()

    with pytest.raises(IntegrityError, match="committee_duty_has_a_province"), transaction.atomic():
        AreaAssignment.objects.create(user=user, duty=duty, since=TODAY)


def test_an_assignment_cannot_end_before_it_begins() -> None:
    user = factories.make_user()

    with pytest.raises(IntegrityError, match="assignment_ends_after_it_begins"), transaction.atomic():
        AreaAssignment.objects.create(user=user, duty=Duty.VIEWER, since=TODAY, until=TODAY - timedelta(days=1))


def test_memberships_are_never_rewritten() -> None:
    membership = factories.programme().memberships.all()[0]
    membership.is_member = False

    with pytest.raises(ValidationError):
        membership.save()
    with pytest.raises(ValidationError):
        membership.delete()
    membership.refresh_from_db()
    assert membership.is_member
