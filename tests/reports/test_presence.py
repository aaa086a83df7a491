"""Who else is writing: seen for some minutes, told to those who may read the report, and never a lock."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from ntm_tracker import clock
from reports.models import Presence
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_january")]


def test_two_editors_see_each_other_for_some_minutes() -> None:
    report = factories.make_report()
    lan, huy = Client(), Client()
    for client, name in ((lan, "Trần Thị Lan"), (huy, "Phạm Quang Huy")):
        user = factories.editor_of(report.commune)
        user.full_name = name
        user.save()
        client.force_login(user)
    address = reverse("reports:presence", args=[report.pk])

    alone = lan.post(address).json()
    together = huy.post(address).json()
    with clock.at(moment("2015-01-10") + timedelta(minutes=6)):
        again = huy.post(address).json()

    assert alone["others"] == ""
    assert "Trần Thị Lan" in together["others"]
    assert "Huy" not in together["others"]
    assert again["others"] == ""
    assert len(together["csrf"]) == 64
    assert Presence.objects.count() == 2


def test_those_who_only_read_are_told_but_not_seen() -> None:
    report = factories.make_report()
    writer, reader = Client(), Client()
    writer.force_login(factories.editor_of(report.commune))
    reader.force_login(factories.reviewer_of(report.commune))
    address = reverse("reports:presence", args=[report.pk])
    writer.post(address)

    assert "Nguyễn" in reader.post(address).json()["others"]
    assert writer.post(address).json()["others"] == ""


def test_whoever_sends_a_page_is_seen_without_a_script() -> None:
    report = factories.make_report()
    writer, reader = Client(), Client()
    writer.force_login(factories.editor_of(report.commune))
    reader.force_login(factories.editor_of(report.commune))

    writer.post(reverse("reports:group", args=[report.pk, "III"]), {"i10-value": "27", "i10-row_version": "0"})

    assert "Nguyễn" in reader.post(reverse("reports:presence", args=[report.pk])).json()["others"]


def test_a_name_is_written_as_text() -> None:
    report = factories.make_report()
    writer, reader = Client(), Client()
    user = factories.editor_of(report.commune)
    user.full_name = "<b>Lan</b>"
    user.save()
    writer.force_login(user)
    reader.force_login(factories.editor_of(report.commune))
    address = reverse("reports:presence", args=[report.pk])
    writer.post(address)

    assert "&lt;b&gt;Lan" in reader.post(address).json()["others"]


def test_asking_costs_few_queries(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    report = factories.make_report()
    client = Client()
    client.force_login(factories.editor_of(report.commune))
    client.post(reverse("reports:presence", args=[report.pk]))

    with django_assert_max_num_queries(10):
        client.post(reverse("reports:presence", args=[report.pk]))
