"""Can a paper be looked at, by those who may have it, and does no file harm the server?"""

import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from ntm_tracker import contents, page_drawer, previews
from reports.models import EvidenceLink, QuarterlyReport
from tests import factories

IN_JANUARY = factories.moment("2015-01-10")


def pdf(*colours: str) -> bytes:
    """A PDF of A4 pages, each of one colour."""
    first, *others = [Image.new("RGB", (827, 1170), colour) for colour in colours]
    file = BytesIO()
    first.save(file, "PDF", resolution=100, save_all=True, append_images=others)
    return file.getvalue()


def photo(
    kind: str, size: tuple[int, int] = (300, 200), colour: Any = "red", mode: str = "RGB", **options: Any
) -> bytes:
    file = BytesIO()
    Image.new(mode, size, colour).save(file, kind, **options)
    return file.getvalue()


def is_like(picture: bytes, colour: tuple[int, int, int], at: tuple[int, int] = (9, 9)) -> bool:
    """Whether the picture has about this colour there."""
    found: Any = Image.open(BytesIO(picture)).convert("RGB").getpixel(at)
    return all(abs(one - other) < 40 for one, other in zip(found, colour, strict=True))


# Drawing


def test_each_page_of_a_pdf_is_drawn_and_counted() -> None:
    content = pdf("red", "blue")

    first, second = (previews.draw(content, "application/pdf", page) for page in (1, 2))

    assert first.pages == second.pages == 2
    assert is_like(first.content, (255, 0, 0))
    assert is_like(second.content, (0, 0, 255))
    assert Image.open(BytesIO(first.content)).format == "WEBP"
    assert Image.open(BytesIO(first.content)).width == page_drawer.WIDTH
    with pytest.raises(previews.NoSuchPage):
        previews.draw(content, "application/pdf", 3)


def turned() -> bytes:
    """A photo as a telephone writes it: lying, with the word that it is to be turned."""
    image = Image.new("RGB", (3000, 2000), "red")
    image.paste("blue", (0, 0, 100, 2000))  # the left edge, at the top once it is turned
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (21.0, 23.0, 11.0)}
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_a_photo_is_made_small_stands_upright_and_says_nothing_of_the_place() -> None:
    drawn = previews.draw(turned(), "image/jpeg", 1)

    image = Image.open(BytesIO(drawn.content))
    assert image.width < image.height
    assert image.width <= page_drawer.WIDTH
    assert is_like(drawn.content, (0, 0, 255), (image.width // 2, 3))
    assert not image.getexif()
    assert drawn.pages == 1


def test_what_can_be_seen_through_is_drawn_on_white() -> None:
    drawn = previews.draw(photo("PNG", colour=(0, 0, 0, 0), mode="RGBA"), "image/png", 1)

    assert is_like(drawn.content, (255, 255, 255))


def test_a_picture_full_of_detail_stays_light() -> None:
    file = BytesIO()
    Image.effect_noise((1000, 1400), 120).convert("RGB").save(file, "JPEG", quality=70)

    drawn = previews.draw(file.getvalue(), "image/jpeg", 1)

    assert len(drawn.content) <= page_drawer.MOST_BYTES


# Hostile files: none of them is drawn, and the process is gone at once


def png_bomb() -> bytes:
    """A PNG of 60 million pixels in a few kilobytes."""
    rows = zlib.compress(bytes(10_000 // 8 + 1) * 6_000, 9)
    head = (10_000).to_bytes(4, "big") + (6_000).to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])

    def chunk(kind: bytes, content: bytes) -> bytes:
        whole = kind + content
        return len(content).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big")

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "no pages": ("application/pdf", lambda: factories.PDF),
    "no PDF at all": ("application/pdf", lambda: b"%PDF-1.7\n" + b"\xff\x00(" * 5000 + b"%%EOF"),
    "cut": ("application/pdf", lambda: pdf("red")[:400] + b"%%EOF"),
    "nothing": ("application/pdf", lambda: b""),
    "bomb": ("image/png", png_bomb),
    "a photo cut off": ("image/png", lambda: photo("PNG", (2000, 2000))[:60]),
    "a photo of another kind": ("image/png", lambda: photo("GIF")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_sentence(name: str) -> None:
    media_type, content = HOSTILE[name]

    with pytest.raises(previews.NoPicture, match="."):
        previews.draw(content(), media_type, 1)


def child(script: str) -> list[str]:
    """A drawer that does something else."""
    return [sys.executable, "-I", "-c", script]


def instead_of_drawing(script: str) -> list[str]:
    """The real drawer, which runs this in the place of drawing, and then answers as if it were a picture."""
    folder = Path(page_drawer.__file__).parent
    lines = [
        "import os, resource, sys",
        f"sys.path.insert(0, {str(folder)!r})",
        "import page_drawer",
        f"page_drawer.draw = lambda *_: (exec({script!r}), (1, 'image'))[1]",
        "page_drawer.as_webp = lambda image: b'RIFF....WEBP'",
        "sys.exit(page_drawer.main())",
    ]
    return child("\n".join(lines))


def test_what_runs_in_the_place_of_drawing_does_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "DRAWER", instead_of_drawing("pass"))

    assert previews.draw(b"", "application/pdf", 1) == previews.Picture(b"RIFF....WEBP", 1)


def test_a_process_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    script = f"import time; time.sleep(1.5); open({str(mark)!r}, 'w')"
    monkeypatch.setattr(previews, "DRAWER", child(script))
    monkeypatch.setattr(previews, "PATIENCE", 0.4)

    with pytest.raises(previews.NoPicture):
        previews.draw(b"", "application/pdf", 1)

    time.sleep(1.6)
    assert not mark.exists()


@pytest.mark.parametrize(
    "script",
    [
        "b = bytearray(2 * 1024 ** 3)",
        "os.write(1, b'1\\nRIFF....WEBP' + bytes(10 ** 6)); os.write(1, bytes(9))",
        "[open('/dev/null') for _ in range(100)]",
        "os.kill(os.getpid(), 11)",
    ],
    ids=["memory", "answering at length", "open files", "crash"],
)
def test_a_process_that_wants_too_much_ends_without_a_picture(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(previews, "DRAWER", instead_of_drawing(script))

    with pytest.raises(previews.NoPicture):
        previews.draw(b"", "application/pdf", 1)


@pytest.mark.parametrize("answer", [b"", b"1\n<svg/>", b"many\nRIFF....WEBP", b"0\nRIFF....WEBP", b"9" * 99])
def test_an_answer_that_is_no_picture_is_not_handed_on(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(previews, "DRAWER", child(f"import sys; sys.stdout.buffer.write({answer!r})"))

    with pytest.raises(previews.NoPicture):
        previews.draw(b"", "application/pdf", 1)


def test_working_time_is_limited_too() -> None:
    script = "os.write(2, repr(resource.getrlimit(resource.RLIMIT_CPU)).encode())"
    command = [*instead_of_drawing(script), "application/pdf", "1"]

    said = subprocess.run(command, input=b"", capture_output=True, check=True).stderr.decode()

    assert said == f"({page_drawer.SECONDS}, {page_drawer.SECONDS})"
    assert page_drawer.SECONDS < previews.PATIENCE


def test_the_process_knows_nothing_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "geheim")
    script = r"import os, sys; sys.stdout.buffer.write(b'1\nRIFF....WEBP' + repr(dict(os.environ)).encode())"
    monkeypatch.setattr(previews, "DRAWER", child(script))

    told = previews.draw(b"", "application/pdf", 1).content.decode()

    assert "SECRET_KEY" not in told
    assert "DJANGO_SETTINGS_MODULE" not in told


def test_only_a_few_are_drawn_at_once_and_their_places_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "PATIENCE", 0.01)
    for _ in range(2):
        assert previews._at_once.acquire(blocking=False)
    with pytest.raises(previews.Busy):
        previews.draw(b"", "application/pdf", 1)
    for _ in range(2):
        previews._at_once.release()

    for _ in range(3):  # each of them fails and gives its place back
        with pytest.raises(previews.NoPicture):
            previews.draw(b"", "application/pdf", 1)


# Over HTTP


@pytest.fixture
def paper(client: Client, db: None, english: None) -> Iterator[EvidenceLink]:
    """A PDF of two pages of a draft, whose editor is signed in."""
    from ntm_tracker import clock

    with clock.at(IN_JANUARY):
        report = factories.make_report()
        editor = factories.editor_of(report.commune)
        client.force_login(editor)
        yield factories.add_paper(report, editor, "11", content=pdf("red", "blue"))


def address(link: EvidenceLink, page: int | None = None) -> str:
    """The page of a paper as a picture, or the page with all of them."""
    name = "evidence_pages" if page is None else "evidence_preview"
    more = [] if page is None else [page]
    return reverse(f"reports:{name}", args=[link.version.report_id, link.evidence_id, *more])


def test_a_page_comes_as_a_guarded_picture_and_only_once(client: Client, paper: EvidenceLink) -> None:
    response = client.get(address(paper, 2), headers={"Accept-Encoding": "br, gzip"})

    assert response.status_code == 200
    assert is_like(response.content, (0, 0, 255))
    sent = response.headers
    assert (sent["Content-Type"], sent["Pages"]) == ("image/webp", "2")
    assert (sent["X-Content-Type-Options"], sent["Content-Security-Policy"]) == (
        "nosniff",
        "default-src 'none'; sandbox",
    )
    assert sent["Cache-Control"] == "private, max-age=86400, immutable"
    again = client.get(address(paper, 2), headers={"If-None-Match": sent["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == sent["ETag"]
    assert client.get(address(paper, 1)).headers["ETag"] != sent["ETag"]


def test_there_is_nothing_beyond_the_pages(client: Client, paper: EvidenceLink) -> None:
    assert [client.get(address(paper, page)).status_code for page in (0, 3, 51)] == [404, 404, 404]


def test_whoever_knows_the_mark_of_a_page_must_be_allowed_to_have_it(client: Client, paper: EvidenceLink) -> None:
    mark = f'"{paper.evidence.sha256}-1"'
    client.force_login(factories.signer_of(factories.commune("Gia Phố")))

    for page in (1, None):
        assert client.get(address(paper, page), headers={"If-None-Match": mark}).status_code == 404


def test_all_pages_stand_below_one_another(
    client: Client, paper: EvidenceLink, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    with django_assert_max_num_queries(6):
        text = client.get(address(paper)).content.decode()

    assert [address(paper, page) in text for page in (1, 2, 3)] == [True, True, False]
    assert "Page 2 of 2" in text
    assert reverse("reports:evidence_file", args=[paper.version.report_id, paper.evidence_id]) in text


def broken(report: QuarterlyReport, by: Any) -> EvidenceLink:
    return factories.add_paper(report, by, "12")


def office(report: QuarterlyReport, by: Any) -> EvidenceLink:
    from openpyxl import Workbook

    file = BytesIO()
    Workbook().save(file)
    return factories.add_paper(report, by, "12", content=file.getvalue(), name="Sổ theo dõi.xlsx")


@pytest.mark.parametrize(
    ("bring", "sentence"),
    [
        (broken, "This file cannot be shown here. Download it and open it on your machine."),
        (office, "There is no preview of this type of file. Download it to read it."),
    ],
)
def test_a_file_without_a_picture_says_so(
    client: Client, paper: EvidenceLink, bring: Callable[..., EvidenceLink], sentence: str
) -> None:
    link = bring(paper.version.report, paper.linked_by)

    picture = client.get(address(link, 1))
    page = client.get(address(link))

    assert (picture.status_code, picture.content.decode()) == (422, sentence)
    assert picture.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (page.status_code, sentence in page.content.decode(), "<img" in page.content.decode()) == (200, True, False)


def test_too_many_at_once_are_told_to_come_again(
    client: Client, paper: EvidenceLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*arguments: Any) -> previews.Picture:
        raise previews.Busy

    monkeypatch.setattr(previews, "draw", busy)

    response = client.get(address(paper, 1))

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "try again in a moment" in client.get(address(paper)).content.decode()


def test_every_type_that_is_taken_has_a_preview_or_a_word_that_there_is_none() -> None:
    drawn = {kind.tag for kind in contents.TYPES.values() if previews.is_drawable(kind.media_type)}

    assert drawn == {"PDF", "JPG", "PNG", "WEBP"}
