"""Do files and their links stay what they were? Stored whole or not at all, once, and only in drafts."""

import errno
import hashlib
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, transaction

from criteria.models import Expectation, Indicator
from ntm_tracker import clock
from ntm_tracker.uploads import LimitedUploadHandler
from reports import evidence, workflow
from reports.judging import read_sheet
from reports.models import Evidence, EvidenceLink, QuarterlyReport
from reports.workflow import NotAllowed, Refused, StepData
from tests import factories
from tests.factories import PDF, add_paper, editor_of, working

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_january", "english")]

OTHER = PDF.replace(b"1 0 obj", b"2 0 obj")
SAID = {"title": "Kết quả", "kind": "survey", "document_number": "", "document_date": None, "valid_until": None}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for the files of one test."""
    monkeypatch.setattr(storages["evidence"], "location", str(tmp_path))
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def indicator(report: QuarterlyReport, code: str) -> Indicator:
    return Indicator.objects.get(criterion__criteria_set=report.period.criteria_set, code=code)


def expect(report: QuarterlyReport, code: str, paper: str) -> None:
    Expectation.objects.update_or_create(indicator=indicator(report, code), defaults={"evidence_en": paper})


def test_a_file_is_stored_whole_under_a_name_that_says_nothing(folder: Path) -> None:
    report = factories.make_report()

    found = add_paper(report, editor_of(report.commune), "11", "12").evidence

    [stored] = files_in(folder)
    assert stored.read_bytes() == PDF
    assert stored.stat().st_mode & 0o777 == 0o600
    assert "3127" not in str(stored)
    assert found.sha256 == hashlib.sha256(PDF).hexdigest()
    assert (found.file_name, found.media_type, found.size) == ("QĐ 3127.pdf", "application/pdf", len(PDF))
    assert {link.indicator.code for link in evidence.links_of(working(report))} == {"11", "12"}


def test_storing_changes_what_a_signature_covers() -> None:
    report = factories.make_report()
    before = working(report).revision

    add_paper(report, editor_of(report.commune))

    assert working(report).revision == before + 1


def test_the_same_file_again_is_linked_and_not_stored_twice(folder: Path) -> None:
    report = factories.make_report()
    editor = editor_of(report.commune)
    first = add_paper(report, editor, "11").evidence

    version = working(report)
    checked = evidence.check(factories.paper(name="again.pdf"))
    added = evidence.add(version, checked, SAID, [indicator(report, "12")], by=editor)

    assert added == evidence.Added(first, was_here=True)
    assert len(files_in(folder)) == 1
    assert {link.indicator.code for link in evidence.links_of(version)} == {"11", "12"}


def test_a_database_error_after_storing_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = factories.make_report()
    editor = editor_of(report.commune)

    def fail(*args: Any, **kwargs: Any) -> None:
        assert len(files_in(folder)) == 1
        raise IntegrityError

    monkeypatch.setattr(EvidenceLink.objects, "bulk_create", fail)
    with pytest.raises(IntegrityError), transaction.atomic():
        add_paper(report, editor)

    assert files_in(folder) == []
    assert not Evidence.objects.exists()


def test_a_full_disk_is_said_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = factories.make_report()
    editor = editor_of(report.commune)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="No space left on device. Nothing was changed"):
        add_paper(report, editor)

    assert files_in(folder) == []
    assert not Evidence.objects.exists()


@pytest.mark.parametrize("state", ["submitted", "in_review", "accepted"])
def test_papers_of_a_version_that_was_sent_cannot_be_changed(state: str, folder: Path) -> None:
    report = factories.make_report()
    signer, reviewer = factories.signer_of(report.commune), factories.reviewer_of(report.commune)
    factories.fill_in(report, signer)
    link = add_paper(report, signer)
    version = working(report)
    factories.submit(report, signer)
    if state != "submitted":
        factories.take_up(report, reviewer)
    if state == "accepted":
        factories.accept(report, reviewer)
    checked = evidence.check(factories.paper(OTHER))

    for write in (
        lambda: evidence.add(version, checked, SAID, [link.indicator], by=signer),
        lambda: evidence.replace(version, link.evidence, checked, SAID, by=signer),
        lambda: evidence.attach(version, link.evidence, [indicator(report, "12")], by=signer),
        lambda: evidence.unlink(version, link, by=signer),
    ):
        with pytest.raises(NotAllowed):
            write()

    assert len(files_in(folder)) == 1
    assert [found.pk for found in evidence.links_of(version)] == [link.pk]


def test_another_committee_can_store_nothing(folder: Path) -> None:
    report = factories.make_report()
    stranger = editor_of(factories.commune("Gia Phố"))

    with pytest.raises(NotAllowed):
        add_paper(report, stranger)

    assert files_in(folder) == []


def returned(report: QuarterlyReport) -> Evidence:
    """Send the report with a paper for 11 and 12 and have it returned; the paper comes along."""
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)
    paper = add_paper(report, signer, "11", "12").evidence
    factories.submit(report, signer)
    factories.give_back(report, factories.reviewer_of(report.commune))
    return paper


def test_what_came_along_is_not_taken_off_but_replaced_and_the_old_version_keeps_it(folder: Path) -> None:
    report = factories.make_report()
    old = returned(report)
    editor = editor_of(report.commune)
    draft = working(report)
    sent = report.versions.get(number=1)

    with pytest.raises(Refused, match="You can replace it by a newer one"):
        evidence.unlink(draft, evidence.links_of(draft)[0], by=editor)
    new = evidence.replace(draft, old, evidence.check(factories.paper(OTHER)), SAID, by=editor)

    assert new.replaces == old
    assert {(link.indicator.code, link.evidence) for link in evidence.links_of(draft)} == {("11", new), ("12", new)}
    assert {(link.indicator.code, link.evidence) for link in evidence.links_of(sent)} == {("11", old), ("12", old)}
    assert len(files_in(folder)) == 2


def test_a_file_is_not_replaced_by_itself(folder: Path) -> None:
    report = factories.make_report()
    editor = editor_of(report.commune)
    old = add_paper(report, editor, title="Kết quả rà soát").evidence

    with pytest.raises(Refused, match="already here as “Kết quả rà soát”"):
        evidence.replace(working(report), old, evidence.check(factories.paper()), SAID, by=editor)

    assert len(files_in(folder)) == 1


def test_a_link_of_the_draft_itself_is_taken_off_and_stays_as_a_trace() -> None:
    report = factories.make_report()
    editor = editor_of(report.commune)
    link = add_paper(report, editor)

    evidence.unlink(working(report), link, by=editor)

    assert evidence.links_of(working(report)) == []
    link.refresh_from_db()
    assert link.removed_by == editor


def test_a_file_of_the_last_accepted_quarter_can_be_used_again_and_no_other() -> None:
    before = factories.make_report(quarter="2014-3")
    signer, reviewer = factories.signer_of(before.commune), factories.reviewer_of(before.commune)
    factories.fill_in(before, signer)
    paper = add_paper(before, signer).evidence
    factories.submit(before, signer)
    factories.take_up(before, reviewer)
    factories.accept(before, reviewer)
    elsewhere = factories.make_report("Gia Phố")
    foreign = add_paper(elsewhere, editor_of(elsewhere.commune)).evidence
    report = factories.make_report()
    version = working(report)

    evidence.attach(version, paper, [indicator(report, "11")], by=signer)
    with pytest.raises(Refused, match="cannot be used here"):
        evidence.attach(version, foreign, [indicator(report, "12")], by=signer)

    assert [(link.indicator.code, link.evidence) for link in evidence.links_of(version)] == [("11", paper)]


def test_an_indicator_of_another_edition_is_refused(folder: Path) -> None:
    report = factories.make_report()
    foreign = Indicator.objects.exclude(criterion__criteria_set=report.period.criteria_set).first()
    assert foreign is not None

    with pytest.raises(Refused, match="not among the criteria"):
        evidence.add(working(report), evidence.check(factories.paper()), SAID, [foreign], by=editor_of(report.commune))

    assert files_in(folder) == []


def test_a_paper_is_missing_where_one_is_expected_for_a_value_and_none_is_linked() -> None:
    report = factories.make_report()
    editor = editor_of(report.commune)
    Expectation.objects.all().delete()
    absent = {"absence": "no_data", "absence_reason": "Chưa điều tra"}
    factories.fill_in(report, editor, values={"12": absent}, verdicts={12: "no_data"})
    for code in ("10", "11", "12"):
        expect(report, code, f"paper for {code}")
    add_paper(report, editor, "10")
    version = working(report)

    missing = evidence.missing_evidence(read_sheet(version), evidence.links_of(version))

    assert [(one.indicator.code, evidence.expected(one)) for one in missing] == [("11", "paper for 11")]


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (None, ""),
        (date(2015, 1, 9), "expired on 09/01/2015"),
        (date(2015, 1, 10), "expires on 10/01/2015"),
        (date(2015, 4, 10), "expires on 10/04/2015"),
        (date(2015, 4, 11), ""),
    ],
)
def test_a_paper_says_when_it_expires(until: date | None, words: str) -> None:
    report = factories.make_report()
    add_paper(report, editor_of(report.commune), valid_until=until)

    [link] = evidence.links_of(working(report))

    assert link.expiry == words


def test_a_paper_that_was_valid_when_it_was_sent_stays_so() -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)
    add_paper(report, signer, valid_until=date(2015, 1, 10))
    version = factories.submit(report, signer)

    with clock.at(factories.moment("2015-02-01")):
        [link] = evidence.links_of(version)

        assert link.expiry == "expires on 10/01/2015"
        assert link.evidence.expiry(clock.today()) == "expired on 10/01/2015"


def test_links_are_read_in_one_query(django_assert_num_queries: Any) -> None:
    report = factories.make_report()
    editor = editor_of(report.commune)
    add_paper(report, editor, "10", "11", "12")
    version = working(report)

    with django_assert_num_queries(1):
        found = evidence.chips(evidence.links_of(version))
        words = [(link.evidence.tag, link.expiry, str(link.evidence.uploaded_by)) for [link] in found.values()]

    assert words == [("PDF", "", str(editor))] * 3


def test_a_withdrawn_report_takes_papers_again() -> None:
    report = factories.make_report()
    signer = factories.signer_of(report.commune)
    factories.fill_in(report, signer)
    factories.submit(report, signer)
    workflow.take_step(working(report), "withdraw", by=signer, data=StepData())

    add_paper(report, signer)

    assert len(evidence.links_of(working(report))) == 1


def test_nothing_of_a_file_is_kept_beyond_the_largest_size(settings: Any) -> None:
    settings.EVIDENCE_MAX_BYTES = 10
    handler = LimitedUploadHandler()
    handler.new_file("file", "a.pdf", "application/pdf", 15)
    for start in (0, 5, 10):
        handler.receive_data_chunk(b"%PDF-", start)

    file: Any = handler.file_complete(15)

    assert (file.size, os.path.getsize(file.temporary_file_path())) == (15, 10)
    with pytest.raises(evidence.Unacceptable, match="The file has 1\xa0kB; the largest"):
        evidence.check(file)
    file.close()
