"""The pages of one report: how it stands, its history, and each version to read."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from communes.models import Duty, User
from criteria.catalogue import load_catalogue
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import Presence, QuarterlyReport, Section, Source, State
from reports.sections import filled_sections
from reports.traces import read_traces
from reports.workflow import StepData
from tests import factories
from tests.factories import moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "_in_january")]

Queries = Callable[..., Any]


def returned() -> tuple[QuarterlyReport, Any]:
    """A report that came back with one item; the new draft is in work."""
    report = factories.make_in_review()
    assert report.working is not None
    assert report.working.holder is not None
    item = factories.give_back(report, report.working.holder, "Ghi rõ nguồn số liệu.")
    return factories.reload(report), item


def page(client: Client, user: User, url: str) -> str:
    client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def status(client: Client, user: User, url: str) -> int:
    client.force_login(user)
    return client.get(url).status_code


# The report


def test_a_new_report_is_not_started_and_says_when_it_is_due(client: Client) -> None:
    report = factories.make_report()

    text = page(client, factories.editor_of(report.commune), report.get_absolute_url())

    assert "Overdue by 5 days, since 05/01/2015." in text
    assert text.count("Not started") == 19 + 8
    assert "0 of 19 criteria and 0 of 8 other sections are complete." in text
    assert "Nothing has been written into this version yet." in text


def test_a_half_filled_criterion_is_in_progress_and_a_filled_one_complete(client: Client) -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    version = factories.fill_in(report, editor)
    row = version.verdicts.get(criterion__number=10)
    entry.save_rows(version, [], [entry.Write(row.criterion, row.row_version, {"claimed": ""})], by=editor)

    text = page(client, editor, report.get_absolute_url())

    assert text.count("In progress") == 1
    assert "18 of 19 criteria and 8 of 8 other sections are complete." in text
    assert f"Last saved by {editor}, 10/01/2015\N{NO-BREAK SPACE}10:00." in text


def write_value(report: QuarterlyReport, code: str, by: User) -> None:
    """Write one value, and nothing else of its criterion."""
    version = factories.working(report)
    catalogue = load_catalogue(version.report.period.criteria_set, version.report.commune.province.region)
    indicator = next(found.indicator for found in catalogue.indicators() if found.indicator.code == code)
    write = entry.Write(indicator, 0, {"absence": "no_data", "absence_reason": "Chưa điều tra"})
    assert entry.save_rows(version, [write], by=by).written == 1


def resumed(client: Client, user: User, report: QuarterlyReport) -> Any:
    """Where the report page offers the user to go on; the address that leads there agrees."""
    client.force_login(user)
    resume = client.get(report.get_absolute_url()).context["resume"]
    address = client.get(reverse("reports:resume", args=[report.pk])).headers["Location"]
    assert address == (resume.url if resume else reverse("reports:check", args=[report.pk]))
    return resume


def test_a_writer_goes_on_at_the_row_they_wrote_last_while_its_criterion_is_not_complete(client: Client) -> None:
    report = factories.make_report()
    editor, signer = factories.editor_of(report.commune), factories.signer_of(report.commune)
    with clock.at(moment("2015-01-08")):
        write_value(report, "19", by=editor)
    with clock.at(moment("2015-01-09")):
        write_value(report, "2.2", by=editor)
    write_value(report, "3.1", by=signer)

    resume = resumed(client, editor, report)

    assert resume.label.startswith("Continue where you left off: 2 ")
    assert resume.url == reverse("reports:group", args=[report.pk, "II"]) + "#i2.2"


def test_who_has_written_nothing_yet_goes_on_with_the_first_incomplete_criterion(client: Client) -> None:
    report = factories.make_report()
    editor, signer = factories.editor_of(report.commune), factories.signer_of(report.commune)

    assert resumed(client, editor, report).label.startswith("Start with: 1 ")
    write_value(report, "3.1", by=signer)
    assert resumed(client, editor, report).label.startswith("Go on with: 1 ")


def test_after_a_return_the_writer_goes_on_with_what_is_to_be_corrected(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    holder = report.working.holder
    assert holder is not None
    version = factories.working(report)
    criterion = version.verdicts.get(criterion__number=11).criterion
    entry.raise_item(version, text="Ghi số hộ.", kind="must_fix", criterion=criterion, by=holder)
    factories.give_back(report, holder)
    editor = factories.editor_of(report.commune)

    third = factories.working(report).verdicts.get(criterion__number=3)
    unclaimed = entry.Write(third.criterion, third.row_version, {"claimed": ""})
    entry.save_rows(factories.working(report), [], [unclaimed], by=factories.signer_of(report.commune))

    resume = resumed(client, editor, report)
    text = page(client, editor, report.get_absolute_url())

    assert resume.label.startswith("Correct: 11 ")
    assert resume.url.endswith("/groups/III/#c11")
    assert "1 criterion is to be corrected." in text
    assert text.count("To be corrected") == 1


def test_with_everything_written_nothing_is_left_but_to_sign(client: Client) -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)

    assert resumed(client, signer, report) is None


def test_a_section_is_left_when_all_criteria_are_complete(client: Client) -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)
    line = factories.working(report).lines.get(section="impact")
    removal = entry.Write(entry.LineOf(Section.IMPACT, line.key), line.row_version, {"removed": True})
    entry.save_rows(factories.working(report), lines=[removal], by=signer)

    assert resumed(client, signer, report).label == "Go on with: Impact"


def test_there_is_one_next_thing_to_press(client: Client) -> None:
    report = factories.make_report()
    editor, signer = factories.editor_of(report.commune), factories.signer_of(report.commune)

    before = page(client, signer, report.get_absolute_url())
    factories.fill_in(report, signer)
    after = page(client, signer, report.get_absolute_url())
    for_editor = page(client, editor, report.get_absolute_url())

    assert before.count("btn-primary") == after.count("btn-primary") == for_editor.count("btn-primary") == 1


def test_who_reads_a_draft_sees_how_far_it_is_and_no_way_to_write(client: Client) -> None:
    report = factories.make_report()

    text = page(client, factories.reviewer_of(report.commune), report.get_absolute_url())

    assert text.count("Not started") == 19 + 8
    assert "Start with" not in text
    assert reverse("reports:group", args=[report.pk, "I"]) not in text


def test_the_report_page_names_the_others_who_are_writing_now(client: Client) -> None:
    report = factories.make_report()
    version = factories.working(report)
    editor = factories.editor_of(report.commune)
    minutes = {"Phạm Quang Huy": 4, "Đi về rồi": 6}
    for name, ago in minutes.items():
        other = factories.make_user(Duty.EDITOR, report.commune.province, full_name=name)
        Presence.objects.create(version=version, user=other, seen_at=clock.now() - timedelta(minutes=ago))
    Presence.objects.create(version=version, user=editor, seen_at=clock.now())

    text = page(client, editor, report.get_absolute_url())

    assert "Also writing now: Phạm Quang Huy" in text
    assert "Đi về rồi" not in text


def test_what_came_along_from_an_earlier_version_was_not_written_by_anybody_in_this_one(client: Client) -> None:
    with clock.at(moment("2015-01-03")):
        report, _ = returned()

    text = page(client, factories.editor_of(report.commune), report.get_absolute_url())

    assert "Nothing has been written into this version yet." in text


def test_traces_and_sections_agree_on_which_sections_are_complete() -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    factories.write_line(report, "Tập huấn", by=editor)
    factories.write_line(report, "Đã xóa", section=Section.TASKS, by=editor, removed=True)
    empty, given = entry.ResourceOf(Source.CREDIT), entry.ResourceOf(Source.PROVINCE)
    entry.save_rows(factories.working(report), resources=[entry.Write(empty, 0, {"note": "x"})], by=editor)
    entry.save_rows(factories.working(report), resources=[entry.Write(empty, 1, {"note": ""})], by=editor)
    version = factories.working(report)

    assert read_traces(version).filled_sections == filled_sections(version) == {"results"}
    entry.save_rows(version, resources=[entry.Write(given, 0, {"planned": Decimal(0)})], by=editor)
    assert read_traces(version).filled_sections == filled_sections(version) == {"results", "resources"}


def test_signer_is_offered_to_submit_by_way_of_the_check_page_and_an_editor_is_not(client: Client) -> None:
    report = factories.make_report()

    for_signer = page(client, factories.signer_of(report.commune), report.get_absolute_url())
    for_editor = page(client, factories.editor_of(report.commune), report.get_absolute_url())

    assert "Sign and submit" in for_signer
    assert reverse("reports:check", args=[report.pk]) in for_signer
    assert "Sign and submit" not in for_editor
    assert reverse("reports:group", args=[report.pk, "I"]) in for_editor


def test_buttons_are_those_of_the_table(client: Client) -> None:
    report = factories.make_submitted()

    reviewer = page(client, factories.reviewer_of(report.commune), report.get_absolute_url())
    signer = page(client, factories.signer_of(report.commune), report.get_absolute_url())
    central = page(client, factories.central_member_of(report.commune), report.get_absolute_url())

    assert reverse("reports:step", args=[report.pk, "take_up"]) in reviewer
    assert reverse("reports:step", args=[report.pk, "withdraw"]) in signer
    assert reverse("reports:group", args=[report.pk, "I"]) not in signer
    assert "There is nothing for you to do on this report now." in central


def test_holder_is_named_and_verdicts_stay_with_the_ministry_until_acceptance(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    holder = report.working.holder
    assert holder is not None
    signer = factories.signer_of(report.commune)

    assert ">Verified<" in page(client, holder, report.get_absolute_url())
    before = page(client, signer, report.get_absolute_url())
    factories.accept(report, holder)
    after = page(client, signer, report.get_absolute_url())

    assert f"in review by {holder} since" in before
    assert ">Verified<" not in before
    assert ">Verified<" in after


def test_a_late_report_says_so_after_it_was_sent(client: Client) -> None:
    report = factories.make_submitted()

    text = page(client, factories.signer_of(report.commune), report.get_absolute_url())

    assert "Sent on 10/01/2015, 5 days late (due on 05/01/2015)." in text


def test_a_returned_report_says_why_and_by_when(client: Client) -> None:
    report, _ = returned()

    text = page(client, factories.editor_of(report.commune), report.get_absolute_url())

    assert "Version 1 was returned." in text
    assert "Answer expected by 17/01/2015, in 7 days." in text
    assert "Reason: “Cần bổ sung.”" in " ".join(text.split())


def test_both_sides_read_the_round_and_in_whose_hands_the_report_was(client: Client) -> None:
    report, item = returned()
    reviewer = item.raised_by

    for reader in (reviewer, factories.editor_of(report.commune)):
        text = page(client, reader, report.get_absolute_url())
        assert "Round 2 · with the committee for 0 days · committee 0 days, ministry 0 days in all" in text
        for where in ("With the committee", "Waiting at the ministry", f"With {reviewer}"):
            assert f'<td data-l="In whose hands">{where}</td>' in text


def test_a_correction_is_labelled_and_the_version_in_force_linked(client: Client) -> None:
    report = factories.make_accepted()
    signer = factories.signer_of(report.commune)
    official = factories.official(report)
    workflow.take_step(official, "open_correction", by=signer, data=StepData(reason="Công bố lại thu nhập"))

    text = page(client, signer, report.get_absolute_url())

    assert '<span class="tag warn">Correction in work</span>' in text
    assert "Version 1 stays in force until the correction is accepted." in text
    assert "Công bố lại thu nhập" in text
    assert official.get_absolute_url() in text


def test_an_accepted_report_shows_the_accepted_version(client: Client) -> None:
    report = factories.make_accepted()

    client.force_login(factories.signer_of(report.commune))
    context = client.get(report.get_absolute_url()).context

    assert context["version"].state == State.ACCEPTED
    assert context["sheet"].count("verified", "met") == 19


@pytest.mark.parametrize("name", ["detail", "history", "review", "extend"])
def test_a_stranger_finds_no_report(client: Client, name: str) -> None:
    report = factories.make_in_review()
    url = reverse(f"reports:{name}", args=[report.pk])

    assert status(client, factories.signer_of(factories.commune("Tân Thịnh")), url) == 404
    assert status(client, factories.make_viewer(), url) == 404
    assert status(client, factories.make_administrator(), url) == 404


# History


def test_history_tells_events_newest_first_with_who_and_why(client: Client) -> None:
    report, _ = returned()

    client.force_login(factories.signer_of(report.commune))
    response = client.get(reverse("reports:history", args=[report.pk]))

    actions = [event.action for event in response.context["events"]]
    assert actions == ["return", "take_up", "submit", "open"]
    assert "Cần bổ sung." in response.content.decode()


def test_history_shows_a_value_before_and_after(client: Client) -> None:
    report = factories.make_report()
    editor = factories.editor_of(report.commune)
    version = factories.fill_in(report, editor, values={"10": {"value": Decimal("20.5")}})
    row = version.values.get(indicator__code="10")
    entry.save_rows(version, [entry.Write(row.indicator, row.row_version, {"value": Decimal("21")})], [], by=editor)

    client.force_login(editor)
    changes = client.get(reverse("reports:history", args=[report.pk])).context["page"].object_list

    newest = changes[0]
    assert newest.before.startswith("20.5")
    assert newest.after.startswith("21")
    assert newest.change.by == editor


def test_history_leaves_out_what_a_new_version_took_over(client: Client) -> None:
    with clock.at(moment("2015-01-03")):
        report, _ = returned()

    client.force_login(factories.signer_of(report.commune))
    url = reverse("reports:history", args=[report.pk])
    second = client.get(url).context
    first = client.get(url, {"version": "1"}).context

    assert second["version"].number == 2
    assert second["page"].paginator.count == 0
    assert first["page"].paginator.count > 50


def test_history_keeps_the_verified_verdicts_from_the_committee_until_acceptance(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    assert report.working.holder is not None
    url = reverse("reports:history", args=[report.pk])

    for_holder = page(client, report.working.holder, url)
    for_signer = page(client, factories.signer_of(report.commune), url)

    assert "Verified: met" in for_holder
    assert "Verified: met" not in for_signer


def test_history_takes_an_odd_version_and_page_number_calmly(client: Client) -> None:
    report = factories.make_submitted()
    url = reverse("reports:history", args=[report.pk])

    text = page(client, factories.signer_of(report.commune), f"{url}?version=x&page=999")

    assert "version 1" in text


# One version


def test_an_official_version_is_open_to_everybody_signed_in(client: Client) -> None:
    report = factories.make_accepted(claims={11: "not_met"})
    url = factories.official(report).get_absolute_url()

    text = page(client, factories.make_viewer(), url)

    assert "This is the version in force: its figures are official." in text
    assert "Vũ Đình Thắng" in text
    assert "05/BC-BCĐ" in text
    assert "Theo kết quả rà soát của xã" in text


def test_an_outsider_sees_no_review_items_on_an_official_version(client: Client) -> None:
    report = factories.make_in_review()
    assert report.working is not None
    holder = report.working.holder
    assert holder is not None
    item = entry.raise_item(factories.working(report), text="Hỏi riêng", kind="question", by=holder)
    entry.resolve_item(factories.working(report), item, by=holder)
    factories.accept(report, holder)
    url = factories.official(report).get_absolute_url()

    assert "Hỏi riêng" in page(client, factories.signer_of(report.commune), url)
    assert "Hỏi riêng" not in page(client, factories.make_viewer(), url)
    assert "Hỏi riêng" not in page(client, factories.signer_of(factories.commune("Tân Thịnh")), url)


def test_drafts_and_reports_on_their_way_are_hidden_from_outsiders(client: Client) -> None:
    report = factories.make_report()
    url = factories.working(report).get_absolute_url()
    signer = factories.signer_of(report.commune)
    others = [factories.make_viewer(), factories.signer_of(factories.commune("Tân Thịnh"))]

    assert [status(client, user, url) for user in others] == [404, 404]
    factories.fill_in(report, signer)
    factories.submit(report, signer)
    assert [status(client, user, url) for user in others] == [404, 404]
    assert status(client, signer, url) == 200


def test_a_lead_reads_the_draft_of_every_province(client: Client) -> None:
    report = factories.make_report()

    assert status(client, factories.make_lead(), factories.working(report).get_absolute_url()) == 200


def test_a_superseded_version_says_that_a_correction_took_its_place(client: Client) -> None:
    report = factories.make_accepted()
    first = factories.official(report)
    assert first.holder is not None
    signer = factories.signer_of(report.commune)
    workflow.take_step(first, "open_correction", by=signer, data=StepData(reason="Sửa"))
    factories.submit(report, signer)
    factories.take_up(report, first.holder)
    factories.accept(report, first.holder)

    text = page(client, factories.make_viewer(), first.get_absolute_url())

    assert "This version was official until a correction took its place." in text


def test_an_unknown_version_is_not_found(client: Client) -> None:
    report = factories.make_accepted()

    assert status(client, factories.make_lead(), reverse("reports:version", args=[report.pk, 9])) == 404


def test_values_are_written_the_vietnamese_way_in_vietnamese(client: Client) -> None:
    report = factories.make_submitted(values={"10": {"value": Decimal("20.5")}}, claims={10: "not_met"})
    signer = factories.signer_of(report.commune)
    url = factories.working(report).get_absolute_url()

    assert "20.5" in page(client, signer, url)
    client.cookies["django_language"] = "vi"
    assert "20,5" in page(client, signer, url)


@pytest.mark.parametrize("rounds", [0, 2])
@pytest.mark.parametrize(("name", "queries"), [("detail", 10), ("history", 9), ("version", 10)])
def test_report_pages_take_as_many_queries_after_many_rounds(
    client: Client, django_assert_num_queries: Queries, name: str, queries: int, rounds: int
) -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    reviewer = factories.reviewer_of(report.commune)
    factories.fill_in(report, signer)
    for _ in range(rounds):
        factories.submit(report, signer)
        factories.take_up(report, reviewer)
        factories.give_back(report, reviewer)
        for item in report.review_items.all():
            entry.reply_to_item(factories.working(report), item, "Đã ghi.", by=signer)
    number = [factories.working(report).number] if name == "version" else []
    client.force_login(signer)

    with django_assert_num_queries(queries):
        client.get(reverse(f"reports:{name}", args=[report.pk, *number]))
