"""Which papers prove what a version says? Taking files in, linking them to indicators, replacing them, what is missing.

A file is stored once and never changed. Links belong to a version: only those of a draft are written, under the
lock of the version; the links and files of versions sent before stay as they were.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from communes.models import User
from criteria.models import Indicator
from ntm_tracker import clock, contents
from ntm_tracker.contents import FileType, Unacceptable, clean_name, in_megabytes
from ntm_tracker.uploads import is_too_large

from .entry import refuse_unless_writable, touch
from .judging import IndicatorSheet, Sheet
from .models import Evidence, EvidenceLink, ReportVersion
from .workflow import Refused, lock

METADATA = ("title", "kind", "document_number", "document_date", "valid_until")


# What is there and what is missing


def links_of(version: ReportVersion) -> list[EvidenceLink]:
    """What proves the version, with the files and who brought them, in the order it was linked. One query."""
    links = list(
        version.evidence_links.filter(removed_at__isnull=True)
        .select_related("evidence__uploaded_by", "evidence__replaces", "indicator")
        .order_by("pk")
    )
    for link in links:
        link.version = version
    return links


def chips(links: Iterable[EvidenceLink]) -> dict[int, list[EvidenceLink]]:
    """The links of each indicator, by its id."""
    found: dict[int, list[EvidenceLink]] = defaultdict(list)
    for link in links:
        found[link.indicator_id].append(link)
    return dict(found)


def expected(sheet: IndicatorSheet) -> str:
    """The paper that is expected to prove the value, in the reader's language; empty when none is."""
    expectation = getattr(sheet.indicator, "expectation", None)
    return expectation.evidence if expectation else ""


def is_missing(sheet: IndicatorSheet, links: Sequence[EvidenceLink]) -> bool:
    """Whether there is a value and a paper expected for it, but none of `links`, those of the indicator."""
    has_value = sheet.row is not None and sheet.row.value is not None
    return has_value and not links and bool(expected(sheet))


def missing_evidence(sheet: Sheet, links: Iterable[EvidenceLink]) -> list[IndicatorSheet]:
    """The indicators with a value whose expected paper is missing, in the order of the criteria."""
    by_indicator = chips(links)
    return [one for one in sheet.indicators() if is_missing(one, by_indicator.get(one.indicator.pk, []))]


def attachable(version: ReportVersion) -> QuerySet[Evidence]:
    """The files that can prove further indicators: of this report, and of the commune's last accepted quarter.

    Those that a newer file replaces in this version are left out.
    """
    report = version.report
    replaced = version.evidence_links.filter(removed_at__isnull=True, evidence__replaces__isnull=False)
    before = ReportVersion.objects.in_force_before(report.period, report.commune_id)
    proving = EvidenceLink.objects.filter(version__in=before, removed_at__isnull=True).values("evidence")
    return (
        Evidence.objects.filter(Q(report=report) | Q(pk__in=proving))
        .exclude(pk__in=replaced.values("evidence__replaces"))
        .select_related("report__period")
        .order_by("-uploaded_at", "-pk")
    )


# Taking a file in


@dataclass(frozen=True)
class Checked:
    """A file that was sent and is fit to be stored: its content is known and so is what it is."""

    file: Any
    file_name: str
    file_type: FileType
    sha256: str
    size: int


def check(file: Any) -> Checked:
    """Look into a file that was sent. Raises `Unacceptable` with a sentence for the sender."""
    if is_too_large(file):
        text = _("The file has %(size)s; the largest that can be sent is %(limit)s.")
        raise Unacceptable(text % {"size": in_megabytes(file.size), "limit": in_megabytes(settings.EVIDENCE_MAX_BYTES)})
    file_type = contents.recognise(file, file.name)
    digest = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return Checked(file, clean_name(file.name, file_type), file_type, digest.hexdigest(), file.size)


@dataclass(frozen=True)
class Added:
    """What became of a file: the evidence that is linked now, and whether it was here already."""

    evidence: Evidence
    was_here: bool


def add(
    version: ReportVersion, checked: Checked, metadata: dict[str, Any], indicators: Sequence[Indicator], *, by: User
) -> Added:
    """Store a file and link it to the indicators; the same file again is linked and not stored twice.

    Either all of it is done or nothing: on any error the file is gone too.
    """
    with _stored(version, checked) as evidence, transaction.atomic():
        version = _writable(version, by)
        _refuse_foreign(version, indicators)
        same = version.report.evidence.filter(sha256=checked.sha256).order_by("pk").first()
        if same is None:
            _write(evidence, metadata, by)
        else:
            evidence.file.storage.delete(evidence.file.name)
        _link(version, same or evidence, indicators, by)
        touch(version)
    return Added(same or evidence, same is not None)


def replace(version: ReportVersion, old: Evidence, checked: Checked, metadata: dict[str, Any], *, by: User) -> Evidence:
    """A newer file takes the place of `old` for every indicator it proves in this draft.

    The old one is kept, and so are its links in versions sent before.
    """
    with _stored(version, checked) as evidence, transaction.atomic():
        version = _writable(version, by)
        links = list(version.evidence_links.filter(evidence=old, removed_at__isnull=True).select_related("indicator"))
        if not links:
            raise Refused(_("This file proves nothing in this version any more. Add the new one instead."))
        same = version.report.evidence.filter(sha256=checked.sha256).order_by("pk").first()
        if same is not None:
            text = _("This very file is already here as “%(title)s”. Choose the newer one.")
            raise Refused(text % {"title": same.title})
        evidence.replaces = old
        _write(evidence, metadata, by)
        _remove(version.evidence_links.filter(pk__in=[link.pk for link in links]), by)
        _link(version, evidence, [link.indicator for link in links], by)
        touch(version)
    return evidence


def attach(version: ReportVersion, evidence: Evidence, indicators: Sequence[Indicator], *, by: User) -> int:
    """Let a file that is already here prove further indicators; returns how many it did not prove before."""
    with transaction.atomic():
        version = _writable(version, by)
        _refuse_foreign(version, indicators)
        if not attachable(version).filter(pk=evidence.pk).exists():
            raise Refused(_("This file cannot be used here. Choose one of this report or of the last accepted one."))
        linked = _link(version, evidence, indicators, by)
        if linked:
            touch(version)
    return linked


def unlink(version: ReportVersion, link: EvidenceLink, *, by: User) -> None:
    """Let a file no longer prove an indicator. What came along from a version sent before is only replaced."""
    with transaction.atomic():
        version = _writable(version, by)
        found = version.evidence_links.filter(pk=link.pk, removed_at__isnull=True)
        current = found.first()
        if current is None:
            return
        if current.inherited:
            raise Refused(_("This file was sent with an earlier version and stays. You can replace it by a newer one."))
        _remove(found, by)
        touch(version)


@contextmanager
def _stored(version: ReportVersion, checked: Checked) -> Iterator[Evidence]:
    """The file in the storage as evidence without a row; whatever goes wrong inside, the file is deleted again."""
    evidence = Evidence(
        report_id=version.report_id,
        file_name=checked.file_name,
        media_type=checked.file_type.media_type,
        size=checked.size,
        sha256=checked.sha256,
    )
    try:
        evidence.file.save(checked.file_name, File(checked.file), save=False)
    except OSError as trouble:
        text = _("The file could not be stored: %(why)s. Nothing was changed. Please tell the administrator.")
        raise Refused(text % {"why": trouble.strerror or trouble}) from trouble
    name = evidence.file.name
    try:
        yield evidence
    except BaseException:
        evidence.file.storage.delete(name)
        raise


def _write(evidence: Evidence, metadata: dict[str, Any], by: User) -> None:
    for name in METADATA:
        setattr(evidence, name, metadata[name])
    evidence.uploaded_by = by
    evidence.uploaded_at = clock.now()
    evidence.save()


def _writable(version: ReportVersion, by: User) -> ReportVersion:
    """The version under its lock; `NotAllowed` unless `by` may write in it now."""
    version = lock(version)
    refuse_unless_writable(version, by)
    return version


def _link(version: ReportVersion, evidence: Evidence, indicators: Iterable[Indicator], by: User) -> int:
    """Link to those indicators that the file does not prove yet. Two queries."""
    proven = set(
        version.evidence_links.filter(evidence=evidence, removed_at__isnull=True).values_list("indicator", flat=True)
    )
    now = clock.now()
    links = [
        EvidenceLink(version=version, evidence=evidence, indicator=indicator, linked_by=by, linked_at=now)
        for indicator in indicators
        if indicator.pk not in proven
    ]
    EvidenceLink.objects.bulk_create(links)
    return len(links)


def _remove(links: QuerySet[EvidenceLink], by: User) -> None:
    links.update(removed_by=by, removed_at=clock.now())


def _refuse_foreign(version: ReportVersion, indicators: Sequence[Indicator]) -> None:
    """Only indicators of the criteria by which the quarter is judged, and at least one of them."""
    if not indicators:
        raise Refused(_("Tick at least one indicator that the file proves."))
    wanted = {indicator.pk for indicator in indicators}
    own = Indicator.objects.filter(pk__in=wanted, criterion__criteria_set=version.report.period.criteria_set_id)
    if own.count() != len(wanted):
        raise Refused(_("This is not among the criteria by which the quarter is judged."))
