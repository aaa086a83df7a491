"""Who gets in where? Every address as every role, as another province's people, and as nobody.

A new address without its line here fails `test_every_address_has_its_line`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from communes.models import Duty, User
from ntm_tracker import clock
from reports import entry, summaries, workflow
from reports.models import EvidenceLink, QuarterlyReport, Regression, ReportEvent, ReviewItem
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = ["nobody", "stranger", "viewer", "editor", "signer", "reviewer", "foreign", "central", "lead", "administrator"]
"""`stranger` signs for another province, `foreign` reviews another province, `reviewer` holds the report in review."""

# By address and its arguments: the answer to GET for each of ROLES, in their order.
# 302 is the way to the sign-in page.
GET = """
reports:work                              302 200 200 200 200 200 200 200 200 200
reports:queue                             302 403 403 403 403 200 200 403 200 403
reports:bulk_accept                       302 405 405 405 405 405 405 405 405 405
reports:overview                          302 200 200 200 200 200 200 200 200 200
communes:list                             302 200 200 200 200 200 200 200 200 200
communes:detail      commune              302 200 200 200 200 200 200 200 200 200
criteria:list                             302 200 200 200 200 200 200 200 200 200
criteria:set         edition              302 200 200 200 200 200 200 200 200 200
reports:trial        edition              302 403 403 403 403 403 403 403 200 200
reports:why_commune  commune              302 200 200 200 200 200 200 200 200 200
reports:why_cell     commune,10           302 200 200 200 200 200 200 200 200 200
reports:why_criterion 10                  302 200 200 200 200 200 200 200 200 200
reports:why_target   2013-12-31           302 200 200 200 200 200 200 200 200 200
password_change                           302 200 200 200 200 200 200 200 200 200
password_change_done                      302 200 200 200 200 200 200 200 200 200
reports:detail       draft                302 404 404 200 200 200 404 200 200 404
reports:paper        draft                302 404 404 200 200 200 404 200 200 404
reports:paper        in_review            302 404 404 200 200 200 404 200 200 404
reports:paper        accepted             302 200 200 200 200 200 200 200 200 200
reports:resume       draft                302 404 404 302 302 302 404 302 302 404
reports:history      draft                302 404 404 200 200 200 404 200 200 404
reports:version      draft,1              302 404 404 200 200 200 404 200 200 404
reports:version      accepted,1           302 200 200 200 200 200 200 200 200 200
reports:version      in_review,1          302 404 404 200 200 200 404 200 200 404
reports:detail       accepted             302 404 404 200 200 200 404 200 200 404
reports:group        draft,III            302 404 404 200 200 403 404 403 403 404
reports:group        in_review,III        302 404 404 403 403 403 404 403 403 404
reports:group        draft,IX             302 404 404 404 404 404 404 404 404 404
reports:section      draft,steering       302 404 404 200 200 403 404 403 403 404
reports:section      draft,resources      302 404 404 200 200 403 404 403 403 404
reports:section      in_review,steering   302 404 404 403 403 403 404 403 403 404
reports:section      draft,weather        302 404 404 404 404 404 404 404 404 404
reports:row_save     draft                302 405 405 405 405 405 405 405 405 405
reports:evidence     draft                302 404 404 200 200 200 404 200 200 404
reports:evidence     accepted             302 404 404 200 200 200 404 200 200 404
reports:evidence_add draft                302 404 404 200 200 403 404 403 403 404
reports:evidence_add submitted            302 404 404 403 403 403 404 403 403 404
reports:evidence_attach  draft            302 405 405 405 405 405 405 405 405 405
reports:evidence_replace draft,paper      302 404 404 200 200 403 404 403 403 404
reports:evidence_replace accepted,official_paper 302 404 404 403 403 403 404 403 403 404
reports:evidence_unlink  draft,link       302 405 405 405 405 405 405 405 405 405
reports:evidence_file    draft,paper      302 404 404 200 200 200 404 200 200 404
reports:evidence_file    accepted,official_paper 302 404 404 200 200 200 404 200 200 404
reports:evidence_file    draft,official_paper    302 404 404 404 404 404 404 404 404 404
reports:evidence_pages   draft,paper      302 404 404 200 200 200 404 200 200 404
reports:evidence_preview draft,paper,1    302 404 404 422 422 422 404 422 422 404
reports:evidence_preview draft,official_paper,1  302 404 404 404 404 404 404 404 404 404
reports:check        draft                302 404 404 200 200 403 404 403 403 404
reports:check        submitted            302 404 404 403 403 403 404 403 403 404
reports:workbook     draft                302 404 404 200 200 403 404 403 403 404
reports:workbook     submitted            302 404 404 403 403 403 404 403 403 404
reports:workbook_upload draft             302 404 404 200 200 403 404 403 403 404
reports:workbook_upload in_review         302 404 404 403 403 403 404 403 403 404
reports:review       in_review            302 404 404 403 403 200 404 403 200 404
reports:review       submitted            302 404 404 403 403 200 404 403 200 404
reports:review       draft                302 404 404 403 403 403 404 403 403 404
reports:step         submitted,withdraw   302 404 404 403 200 403 404 403 403 404
reports:step         submitted,take_up    302 404 404 403 403 200 404 403 403 404
reports:step         accepted,undo_accept 302 404 404 403 403 403 404 403 200 404
reports:step         in_review,reassign   302 404 404 403 403 200 404 403 200 404
reports:step         accepted,open_correction 302 404 404 403 200 200 404 403 200 404
reports:step         draft,cancel_correction  302 404 404 403 403 403 404 403 403 404
reports:step         draft,no_such_step   302 404 404 404 404 404 404 404 404 404
reports:extend       draft                302 404 404 403 403 403 404 403 200 404
reports:urge         draft                302 404 404 403 403 200 404 403 200 404
reports:urge         submitted            302 404 404 403 403 403 404 403 403 404
reports:urge_paper   draft,urged          302 404 404 200 200 200 404 200 200 404
reports:urge_paper   submitted,urged      302 404 404 404 404 404 404 404 404 404
reports:urge_many                         302 403 403 403 403 302 302 403 302 403
reports:compliance                        302 200 200 200 200 200 200 200 200 200
reports:compliance_file                   302 200 200 200 200 200 200 200 200 200
reports:summaries                         302 200 200 200 200 200 200 200 200 200
reports:summary         pilot-11,2014-1,1 302 200 200 200 200 200 200 200 200 200
reports:summary         pilot-11,2014-2,1 302 404 404 404 404 404 404 404 404 404
reports:summary_file    pilot-11,2014-1,1 302 200 200 200 200 200 200 200 200 200
reports:summary_publish pilot-11,2014-1   302 403 403 403 403 403 403 403 200 403
reports:summary_publish pilot-11,2013-1   302 403 403 403 403 403 403 403 404 403
reports:periods                           302 200 200 200 200 200 200 200 200 200
reports:period_open  period               302 403 403 403 403 403 403 403 200 403
reports:presence     draft                302 405 405 405 405 405 405 405 405 405
reports:kept         999999               302 404 404 404 404 404 404 404 404 404
reports:item_raise   in_review            302 405 405 405 405 405 405 405 405 405
reports:replies      in_review            302 405 405 405 405 405 405 405 405 405
reports:item_resolve in_review,item       302 405 405 405 405 405 405 405 405 405
reports:regressions                       302 200 200 200 200 200 200 200 200 200
reports:regression   lost                 302 404 404 200 200 200 404 200 200 404
reports:regression   ended                302 404 404 200 200 200 404 200 200 404
reports:notices                           302 200 200 200 200 200 200 200 200 200
reports:notices_seen                      302 405 405 405 405 405 405 405 405 405
admin:index                               302 302 302 302 302 302 302 302 302 200
login                                     200 200 200 200 200 200 200 200 200 200
logout                                    302 405 405 405 405 405 405 405 405 405
set_language                              302 302 302 302 302 302 302 302 302 302
healthz                                   200 200 200 200 200 200 200 200 200 200
"""

# An empty POST: who is let through to the form (ok: neither 403 nor 404), and who is not.
POST = """
reports:group        draft,III            302 404 404 ok  ok  403 404 403 403 404
reports:group        submitted,III        302 404 404 403 403 403 404 403 403 404
reports:presence     draft                302 404 404 ok  ok  ok  404 ok  ok  404
reports:presence     accepted             302 404 404 ok  ok  ok  404 ok  ok  404
reports:kept         999999               302 404 404 404 404 404 404 404 404 404
reports:section      draft,steering       302 404 404 ok  ok  403 404 403 403 404
reports:section      submitted,steering   302 404 404 403 403 403 404 403 403 404
reports:row_save     draft                302 404 404 404 404 403 404 403 403 404
reports:row_save     submitted            302 404 404 403 403 403 404 403 403 404
reports:evidence_add draft                302 404 404 ok  ok  403 404 403 403 404
reports:evidence_add in_review            302 404 404 403 403 403 404 403 403 404
reports:evidence_attach  draft            302 404 404 ok  ok  403 404 403 403 404
reports:evidence_attach  accepted         302 404 404 403 403 403 404 403 403 404
reports:evidence_replace draft,paper      302 404 404 ok  ok  403 404 403 403 404
reports:evidence_replace accepted,official_paper 302 404 404 403 403 403 404 403 403 404
reports:evidence_unlink  accepted,official_link  302 404 404 403 403 403 404 403 403 404
reports:evidence_unlink  draft,999999     302 404 404 404 404 403 404 403 403 404
reports:evidence_unlink  draft,link       302 404 404 ok  ok  403 404 403 403 404
reports:check        draft                302 404 404 403 ok  403 404 403 403 404
reports:check        accepted             302 404 404 403 403 403 404 403 403 404
reports:workbook_upload draft             302 404 404 ok  ok  403 404 403 403 404
reports:workbook_upload submitted         302 404 404 403 403 403 404 403 403 404
reports:review       in_review            302 404 404 403 403 ok  404 403 403 404
reports:review       draft                302 404 404 403 403 403 404 403 403 404
reports:step         accepted,undo_accept 302 404 404 403 403 403 404 403 ok  404
reports:step         in_review,reassign   302 404 404 403 403 ok  404 403 ok  404
reports:bulk_accept                       302 403 403 403 403 ok  ok  403 ok  403
reports:step         accepted,open_correction 302 404 404 403 ok ok 404 403 ok  404
reports:step         draft,cancel_correction  302 404 404 403 403 403 404 403 403 404
reports:step         draft,withdraw       302 404 404 403 403 403 404 403 403 404
reports:step         in_review,take_up    302 404 404 403 403 403 404 403 403 404
reports:extend       draft                302 404 404 403 403 403 404 403 ok  404
reports:urge         draft                302 404 404 403 403 ok  404 403 ok  404
reports:urge         in_review            302 404 404 403 403 403 404 403 403 404
reports:urge_many                         302 403 403 403 403 ok  ok  403 ok  403
reports:summary_publish pilot-11,2014-1   302 403 403 403 403 403 403 403 ok  403
reports:period_open  period               302 403 403 403 403 403 403 403 ok  403
reports:item_raise   draft                302 404 404 403 403 403 404 403 403 404
reports:replies      in_review            302 404 404 403 403 403 404 403 403 404
reports:replies      draft                302 404 404 ok  ok  403 404 403 403 404
reports:item_resolve draft,item           302 404 404 403 403 403 404 403 403 404
reports:item_resolve draft,999999         302 404 404 403 403 403 404 403 403 404
reports:regression   lost                 302 404 404 ok  ok  403 404 403 403 404
reports:regression   ended                302 404 404 403 403 403 404 403 403 404
reports:notices_seen                      302 ok  ok  ok  ok  ok  ok  ok  ok  ok
"""


@dataclass
class World:
    """One commune with a report in every state that matters here, and somebody for each role."""

    people: dict[str, User]
    reports: dict[str, QuarterlyReport]
    item: ReviewItem
    link: EvidenceLink
    official_link: EvidenceLink
    urged: ReportEvent
    losses: dict[str, Regression]

    def arguments(self, text: str) -> list[object]:
        """The arguments of an address as the tables write them."""
        known: dict[str, object] = {name: report.pk for name, report in self.reports.items()}
        known |= {"commune": self.reports["draft"].commune_id, "item": self.item.pk, "edition": "2013"}
        known |= {name: loss.pk for name, loss in self.losses.items()}
        known |= {"urged": self.urged.pk, "period": self.reports["draft"].period_id}
        known |= {"paper": self.link.evidence_id, "link": self.link.pk}
        known |= {"official_paper": self.official_link.evidence_id, "official_link": self.official_link.pk}
        return [known.get(part, part) for part in text.split(",")] if text else []


@pytest.fixture
def world() -> Iterator[World]:
    with clock.at(factories.moment("2015-01-10")):
        draft = factories.make_report("Thanh Chăn", "2014-4")
        commune, elsewhere = draft.commune, factories.commune("Gia Phố")
        people = {
            "stranger": factories.signer_of(elsewhere),
            "viewer": factories.make_viewer(),
            "editor": factories.editor_of(commune),
            "signer": factories.signer_of(commune),
            "reviewer": factories.reviewer_of(commune),
            "foreign": factories.make_user(Duty.REVIEWER, elsewhere.province),
            "central": factories.central_member_of(commune),
            "lead": factories.make_lead(),
            "administrator": factories.make_administrator(),
        }
        reports = {"draft": draft}
        links = [factories.add_paper(draft, people["editor"], "11", "12")]
        for state, quarter in (("submitted", "2014-3"), ("in_review", "2014-2"), ("accepted", "2014-1")):
            report = reports[state] = factories.make_report("Thanh Chăn", quarter)
            # The freeze day of these quarters must not be over, or only a lead could open a correction.
            type(report.period).objects.filter(pk=report.period_id).update(freeze_on="2015-12-31")
            factories.fill_in(report, people["editor"])
            links.append(factories.add_paper(report, people["editor"]))
            factories.submit(report, people["signer"])
        factories.take_up(reports["in_review"], people["reviewer"])
        factories.take_up(reports["accepted"], people["reviewer"])
        factories.accept(reports["accepted"], people["reviewer"])
        summaries.publish(factories.programme(), reports["accepted"].period, note="", by=people["lead"])

        version = factories.working(reports["in_review"])
        item = entry.raise_item(version, text="Ghi rõ nguồn.", kind="must_fix", by=people["reviewer"])
        urged = workflow.urge(draft, text="Đề nghị gửi báo cáo.", by=people["reviewer"])
        losses = {name: lose(reports["accepted"], ended=name == "ended") for name in ("ended", "lost")}
        yield World(people, reports, item, links[0], links[-1], urged, losses)


def lose(report: QuarterlyReport, *, ended: bool) -> Regression:
    """A regression of the report, still holding or ended."""
    version = factories.official(report)
    criterion = version.verdicts.all()[0].criterion
    until = clock.now() if ended else None
    return Regression.objects.create(
        report=report, criterion=criterion, version=version, before=version, since=clock.now(), until=until
    )


def lines(table: str) -> list[tuple[str, str, list[str]]]:
    """Address, arguments and the ten answers of each line."""
    found = []
    for line in table.strip().splitlines():
        name, *rest = line.split()
        arguments = rest.pop(0) if len(rest) > len(ROLES) else ""
        assert len(rest) == len(ROLES), line
        found.append((name, arguments, rest))
    return found


def sign_in(world: World, role: str) -> Client:
    client = Client()
    if role != "nobody":
        client.force_login(world.people[role])
    return client


def test_every_address_answers_every_role_as_the_table_says(world: World) -> None:
    wrong = []
    for role in ROLES:
        client = sign_in(world, role)
        for name, arguments, answers in lines(GET):
            response = client.get(reverse(name, args=world.arguments(arguments)))
            b"".join(response)  # read to its end, a file that is handed out is closed
            if response.status_code != int(answers[ROLES.index(role)]):
                wrong.append(f"{role}: GET {name} {arguments} answered {response.status_code}")
            if response.status_code == 302 and role == "nobody" and name != "set_language":
                assert response.headers["Location"].startswith((reverse("login"), reverse("admin:login"))), name

    assert not wrong, "\n".join(wrong)


def test_every_write_lets_through_only_whom_the_table_says(world: World) -> None:
    before = ReportEvent.objects.count()
    wrong = []
    for role in ROLES:
        client = sign_in(world, role)
        for name, arguments, answers in lines(POST):
            status = client.post(reverse(name, args=world.arguments(arguments))).status_code
            expected = answers[ROLES.index(role)]
            if (status in (403, 404)) if expected == "ok" else (status != int(expected)):
                wrong.append(f"{role}: POST {name} {arguments} answered {status}, not {expected}")

    assert not wrong, "\n".join(wrong)
    assert ReportEvent.objects.count() == before


def test_every_address_has_its_line() -> None:
    def names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.namespace != "admin":
                    inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                    yield from names(pattern.url_patterns, inner)
            elif pattern.name:
                yield f"{prefix}{pattern.name}"

    told = {name for name, _arguments, _answers in lines(GET)}
    assert set(names(get_resolver().url_patterns)) <= told


def test_a_refusal_says_why_and_who_can(world: World, english: None) -> None:
    client = sign_in(world, "editor")
    client.cookies["django_language"] = "en"

    page = client.get(reverse("reports:step", args=[world.reports["submitted"].pk, "withdraw"]))

    assert page.status_code == 403
    assert "Only a signer of the provincial committee can do this." in page.content.decode()


def test_nobody_but_the_administrator_gets_into_the_administration(world: World) -> None:
    for role in ROLES:
        if role not in ("administrator", "nobody"):
            page = sign_in(world, role).get(reverse("admin:index"), follow=True)
            assert page.status_code == 403, role
