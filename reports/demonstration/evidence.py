"""Which papers come with the reports of the demonstration? Small files that say of themselves that they are none."""

import csv
import random
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image

from communes.models import User
from criteria.models import Indicator
from reports import evidence
from reports.models import ReportVersion

LABEL = "Tài liệu minh họa. Không phải văn bản thật."
BEFORE = "2014-3"
"""The one quarter beside the last whose reports have papers, so that some can be used again."""

WORD_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument'
        '.wordprocessingml.document.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="word/document.xml"/></Relationships>'
    ),
}


class Papers:
    """The papers that any report of the demonstration may come with."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.picture = Image.open(folder / "evidence" / "paper.png").convert("RGB")
        with (folder / "papers.csv").open(encoding="utf-8", newline="") as file:
            self.rows = list(csv.DictReader(file))

    def bring(self, version: ReportVersion, by: User, only: str = "") -> None:
        """Store the papers of a report and link them; of a quarter before the last two there are none.

        `only` leaves all out but those that prove this indicator.
        """
        report = version.report
        if report.period.code not in (BEFORE, "2014-4"):
            return
        indicators = {
            one.code: one for one in Indicator.objects.filter(criterion__criteria_set=report.period.criteria_set_id)
        }
        answered = set(version.values.filter(absence="").values_list("indicator__code", flat=True))
        for row in self.chosen(version):
            codes = [code for code in row["indicators"].split() if code in answered]
            if codes and (not only or only in codes):
                checked = self.checked(row, f"{row['title']}, {report.commune}")
                fields = self.metadata(row, row["title"])
                evidence.add(version, checked, fields, [indicators[code] for code in codes], by=by)

    def renew(self, version: ReportVersion, code: str, title: str, by: User) -> None:
        """A newer file in the place of what proves an indicator in a draft."""
        links = [link for link in evidence.links_of(version) if link.indicator.code == code]
        for old in dict.fromkeys(link.evidence for link in links):
            row = next(row for row in self.rows if code in row["indicators"].split())
            evidence.replace(version, old, self.checked(row, title), self.metadata(row, title), by=by)

    def chosen(self, version: ReportVersion) -> Iterator[dict[str, str]]:
        """The papers this report has: not all, so that some are missing."""
        report = version.report
        for row in self.rows:
            early = report.period.code == BEFORE
            if early and row["dated"] > "2014-09-30":
                continue
            chance = random.Random(f"{self.seed} {report.commune.code} {row['title']}")  # noqa: S311
            if chance.randrange(100) < int(row["share"]):
                yield row

    def metadata(self, row: dict[str, str], title: str) -> dict[str, Any]:
        return {
            "title": title,
            "kind": row["kind"],
            "document_number": row["number"],
            "document_date": date.fromisoformat(row["dated"]),
            "valid_until": date.fromisoformat(row["valid_until"]) if row["valid_until"] else None,
        }

    def checked(self, row: dict[str, str], title: str) -> evidence.Checked:
        """The file of a paper, looked into like any other."""
        content = self.content(row["ending"], title)
        return evidence.check(SimpleUploadedFile(f"{row['title']}.{row['ending']}", content))

    def content(self, ending: str, title: str) -> bytes:
        """A file of that type with its title, labelled as an illustration."""
        file = BytesIO()
        if ending == "pdf":
            day = datetime(2015, 1, 10).timetuple()
            further = [self.picture] if title.startswith("Quyết định") else []  # decisions have two pages
            self.picture.save(
                file, "PDF", title=title, creationDate=day, modDate=day, save_all=True, append_images=further
            )
        elif ending == "jpg":
            self.picture.save(file, "JPEG", quality=60, comment=title.encode())
        elif ending == "png":
            self.picture.convert("P").save(file, "PNG", optimize=True)
        elif ending == "xlsx":
            book = Workbook()
            assert book.active is not None
            book.active["A1"], book.active["A2"] = LABEL, title
            book.save(file)
        else:
            _write_word(file, [LABEL, title])
        return file.getvalue()


def _write_word(file: BytesIO, lines: list[str]) -> None:
    """A Word document of a few paragraphs."""
    text = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    document = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{text}</w:body></w:document>"
    )
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, content in (WORD_PARTS | {"word/document.xml": document}).items():
            archive.writestr(ZipInfo(name, (2015, 1, 10, 0, 0, 0)), f'<?xml version="1.0" encoding="UTF-8"?>{content}')
