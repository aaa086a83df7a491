"""Is a name found however it is spelt?"""

import pytest
from django.test import Client
from django.urls import reverse

from communes.names import fold
from tests import factories


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Thanh Chăn", "Thanh Chấn"),
        ("Thanh Chăn", "thanh chan"),
        ("Định Hòa", "Đinh Hoà"),
        ("Định Hòa", "  dinh   hoa "),
        ("Thụy Hương", "Thuỵ Hương"),
        ("Mỹ Long Nam", "MỸ LONG NAM"),
    ],
)
def test_spellings_of_one_name_are_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_different_names_stay_different() -> None:
    assert len({fold(name) for name in ("Tân Hội", "Tân Lập", "Tân Thịnh", "Tam Phước", "Thanh Chăn")}) == 5


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["Thanh Chăn", "Thanh Chấn", "thanh chan", "chan"])
def test_the_administration_finds_a_commune_however_it_is_spelt(client: Client, term: str) -> None:
    client.force_login(factories.make_administrator())

    page = client.get(reverse("admin:communes_commune_changelist"), {"q": term}).content.decode()

    assert "Thanh Chăn" in page
    assert "Hải Đường" not in page
