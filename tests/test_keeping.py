"""Is anything lost that somebody sends while signed out? And is it ever saved under another name?"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse

from communes.models import Duty, User
from ntm_tracker import clock, keeping
from reports.models import IndicatorValue, KeptPost, QuarterlyReport
from tests import factories
from tests.factories import PASSWORD, moment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_january() -> Iterator[None]:
    with clock.at(moment("2015-01-10")):
        yield


@pytest.fixture
def report() -> QuarterlyReport:
    return factories.make_report()


@pytest.fixture
def lan(report: QuarterlyReport) -> User:
    """An editor of the report's committee."""
    return factories.make_user(Duty.EDITOR, report.commune.province, username="lan")


def income(writer: User | None, value: str = "27", **more: str) -> dict[str, str]:
    """What the page of group III sends when its writer typed an income."""
    fields = {"i10-value": value, "i10-row_version": "0"} | more
    return fields | ({"writer": keeping.sign_writer(writer)} if writer else {})


def group(report: QuarterlyReport) -> str:
    return reverse("reports:group", args=[report.pk, "III"])


def sign_in(client: Client, user: User, **more: str) -> Any:
    return client.post(reverse("login"), {"username": user.username, "password": PASSWORD} | more)


def stored(report: QuarterlyReport) -> list[str]:
    """The incomes that are saved."""
    return [str(row.value.normalize()) for row in IndicatorValue.objects.filter(indicator__code="10") if row.value]


# A page sent without a session


def test_a_page_sent_without_a_session_is_kept_and_the_sign_in_page_says_so(
    client: Client, report: QuarterlyReport, lan: User, english: None
) -> None:
    answer = client.post(group(report), income(lan), follow=True)

    kept = KeptPost.objects.get()
    assert (kept.user, kept.path) == (lan, group(report))
    assert "writer" not in kept.body
    assert answer.request["PATH_INFO"] == reverse("login")
    assert "what you typed is kept" in answer.text
    assert stored(report) == []


def test_what_was_kept_is_saved_when_its_writer_signs_in_in_any_browser(
    client: Client, report: QuarterlyReport, lan: User
) -> None:
    client.post(group(report), income(lan))

    answer = sign_in(Client(), lan)

    assert answer["Location"] == group(report)
    assert stored(report) == ["27"]
    assert not KeptPost.objects.exists()


def test_what_is_wrong_in_it_is_shown_with_what_was_typed(client: Client, report: QuarterlyReport, lan: User) -> None:
    client.post(group(report), income(lan, "hai mươi bảy", **{"i11-value": "5", "i11-row_version": "0"}))

    page = sign_in(client, lan)

    assert page.status_code == 200
    assert 'value="hai mươi bảy"' in page.text
    assert f'action="{group(report)}"' in page.text
    assert IndicatorValue.objects.get(indicator__code="11").value == 5


def test_a_row_that_somebody_else_wrote_meanwhile_is_a_conflict_with_what_was_typed(
    client: Client, report: QuarterlyReport, lan: User
) -> None:
    client.post(group(report), income(lan))
    other = Client()
    other.force_login(factories.editor_of(report.commune))
    other.post(group(report), income(None, "22"))

    page = sign_in(client, lan)

    assert stored(report) == ["22"]
    assert 'class="conflict"' in page.text
    assert 'value="27"' in page.text


def test_another_user_who_signs_in_sees_nothing_of_it(client: Client, report: QuarterlyReport, lan: User) -> None:
    client.post(group(report), income(lan))
    minh = factories.editor_of(report.commune)

    sign_in(client, minh)
    page = client.get(reverse("reports:work"))

    kept = KeptPost.objects.get()
    assert stored(report) == []
    assert reverse("reports:kept", args=[kept.pk]) not in page.text
    assert client.get(reverse("reports:kept", args=[kept.pk])).status_code == 404
    assert client.post(reverse("reports:kept", args=[kept.pk])).status_code == 404
    assert kept.user == lan


def test_what_can_no_longer_be_saved_stays_readable_for_its_writer(
    client: Client, report: QuarterlyReport, lan: User
) -> None:
    client.post(group(report), income(lan, **{"i10-note": "Theo điều tra tháng 12"}))
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)
    factories.submit(report, signer)

    page = client.get(sign_in(client, lan)["Location"])

    assert "Theo điều tra tháng 12" in page.text
    assert KeptPost.objects.filter(user=lan).exists()


def test_others_are_offered_on_my_work_and_sent_by_their_button(
    client: Client, report: QuarterlyReport, lan: User
) -> None:
    client.post(reverse("reports:group", args=[report.pk, "II"]), income(lan))
    with clock.at(moment("2015-01-10", "11:00")):
        client.post(group(report), income(lan))
    sign_in(client, lan)
    first = KeptPost.objects.get()
    address = reverse("reports:kept", args=[first.pk])

    assert address in client.get(reverse("reports:work")).text
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 302
    assert not KeptPost.objects.exists()


def test_what_is_offered_can_be_thrown_away(client: Client, report: QuarterlyReport, lan: User) -> None:
    client.post(group(report), income(lan))
    client.force_login(lan)

    client.post(reverse("reports:kept", args=[KeptPost.objects.get().pk]), {"drop": "1"})

    assert not KeptPost.objects.exists()
    assert stored(report) == []


def test_two_pages_from_two_windows_are_both_kept_and_the_same_one_once(
    client: Client, report: QuarterlyReport, lan: User
) -> None:
    for value in ("27", "28", "27"):
        client.post(group(report), income(lan, value))

    assert KeptPost.objects.count() == 2


# What is not kept


@pytest.mark.parametrize("writer", ["", "1", "1:abc:def", "stale", "of another kind", "nobody's"])
def test_nothing_is_kept_without_a_credible_writer(
    client: Client, report: QuarterlyReport, lan: User, writer: str
) -> None:
    made_up = {
        "of another kind": signing.TimestampSigner(salt="else").sign(str(lan.pk)),
        "nobody's": keeping.sign_writer(User(pk=999_999)),
    }
    sent = income(None) | {"writer": made_up.get(writer, writer)}
    if writer == "stale":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.core.signing.time.time", lambda: 1_000_000_000)
            sent |= {"writer": keeping.sign_writer(lan)}

    answer = client.post(group(report), sent)

    assert answer["Location"].startswith(reverse("login"))
    assert not KeptPost.objects.exists()


@pytest.mark.parametrize("name", ["password_change", "login", "logout", "set_language", "admin:communes_user_add"])
def test_no_password_is_ever_kept(client: Client, report: QuarterlyReport, lan: User, name: str) -> None:
    client.post(reverse(name), income(lan, **{"old_password": "x", "password": "x"}))

    assert not KeptPost.objects.exists()


def test_a_signature_is_kept_but_given_only_by_its_writers_own_click(
    client: Client, report: QuarterlyReport, lan: User
) -> None:
    signer = factories.signer_of(report.commune)
    version = factories.fill_in(report, signer)
    signature = {"signer_title": "Phó Trưởng ban", "letter_number": "05/BC-BCĐ", "writer": keeping.sign_writer(signer)}
    client.post(reverse("reports:check", args=[report.pk]), signature | {"revision": str(version.revision)})

    answer = sign_in(client, signer)
    page = client.get(answer["Location"])

    assert answer["Location"] == reverse("reports:kept", args=[KeptPost.objects.get().pk])
    assert "05/BC-BCĐ" in page.text
    assert factories.working(report).state == "draft"


def test_the_oldest_make_room_and_those_of_last_month_go(client: Client, report: QuarterlyReport, lan: User) -> None:
    for n in range(keeping.MOST_KEPT + 3):
        with clock.at(moment("2015-01-09") + timedelta(minutes=n)):
            client.post(group(report), income(lan, str(n)))
    assert KeptPost.objects.count() == keeping.MOST_KEPT
    assert not KeptPost.objects.filter(body__contains="i10-value=2&").exists()

    with clock.at(moment("2015-02-12")):
        client.post(group(report), income(lan, "99"))

    assert KeptPost.objects.count() == 1


def test_a_page_that_is_too_large_is_not_kept(
    client: Client, report: QuarterlyReport, lan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "LARGEST", 100)

    client.post(group(report), income(lan, **{"i10-note": "dài " * 30}))

    assert not KeptPost.objects.exists()


# Scripts


def test_a_script_without_a_session_is_answered_401_and_never_led_elsewhere(
    client: Client, report: QuarterlyReport, lan: User, english: None
) -> None:
    answer = client.post(group(report), income(lan), headers={"accept": "application/json"})

    assert answer.status_code == 401
    assert answer.json()["state"] == "signed-out"
    assert "sign in again" in answer.json()["sentence"]
    assert not KeptPost.objects.exists()


def test_a_script_with_a_token_from_before_the_last_sign_in_gets_the_new_one(
    report: QuarterlyReport, lan: User
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(lan)
    address = reverse("reports:presence", args=[report.pk])
    old = {"writer": keeping.sign_writer(lan), "csrfmiddlewaretoken": "a" * 64}

    refused = strict.post(address, old, headers={"accept": "application/json"})
    taken = strict.post(
        address, old | {"csrfmiddlewaretoken": refused.json()["csrf"]}, headers={"accept": "application/json"}
    )

    assert (refused.status_code, refused.json()["state"]) == (403, "token")
    assert taken.status_code == 200


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("signed", [True, False])
def test_a_script_of_somebody_elses_page_counts_as_signed_out(
    report: QuarterlyReport, lan: User, strict: bool, signed: bool
) -> None:
    client = Client(enforce_csrf_checks=strict)
    client.force_login(factories.editor_of(report.commune))
    sent = income(lan) if signed else income(None) | {"by": str(lan.pk)}

    answer = client.post(group(report), sent, headers={"accept": "application/json"})

    assert answer.status_code == 401
    assert "csrf" not in answer.json()


# Pages from before the last sign-in


def test_a_page_from_before_the_last_sign_in_is_kept_and_sent_again_by_one_button(
    report: QuarterlyReport, lan: User, english: None
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["django_language"] = "en"
    strict.force_login(lan)

    page = strict.post(group(report), income(lan) | {"csrfmiddlewaretoken": "a" * 64})
    kept = KeptPost.objects.get()
    token = page.context["csrf_token"]
    sent = strict.post(reverse("reports:kept", args=[kept.pk]), {"csrfmiddlewaretoken": str(token)})

    assert page.status_code == 403
    assert "Send again" in page.text
    assert sent["Location"] == group(report)
    assert stored(report) == ["27"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_page_of_somebody_else_is_kept_for_them_and_not_saved_under_my_name(
    report: QuarterlyReport, lan: User, strict: bool, english: None
) -> None:
    client = Client(enforce_csrf_checks=strict)
    client.cookies["django_language"] = "en"
    client.force_login(factories.editor_of(report.commune))

    page = client.post(group(report), income(lan))

    assert page.status_code == 403
    assert "written by somebody else" in page.text
    assert KeptPost.objects.get().user == lan
    assert stored(report) == []


def test_without_a_writer_the_page_of_a_wrong_token_is_the_usual_one(report: QuarterlyReport, lan: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(lan)

    page = strict.post(group(report), income(None))

    assert page.status_code == 403
    assert not KeptPost.objects.exists()


def test_a_session_that_ends_under_somebodys_hands_loses_nothing(
    client: Client, report: QuarterlyReport, lan: User
) -> None:
    sign_in(client, lan)
    Session.objects.all().delete()

    client.post(group(report), income(lan))
    sign_in(client, lan)

    assert stored(report) == ["27"]
