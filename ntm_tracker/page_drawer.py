"""The program that draws one page of a file that somebody sent: started by `previews`, in a process of its own.

    python -I page_drawer.py application/pdf 2 < file > answer

The answer is a line with the number of pages, then the picture as WebP. Exit 3: the file has no such page.
Anything else that goes wrong ends the process, and with it whatever the file was up to. It imports nothing of ours.
"""

import resource
import sys
from io import BytesIO
from typing import Any

WIDTH = 1000
"""In pixels: enough to read a page of A4 on any screen."""
TALLEST = 2000
QUALITIES = (75, 50, 25)
MOST_BYTES = 150 * 1024
MOST_PIXELS = 40_000_000
"""Of a photo that is not a JPEG; those are read at a fraction of their size."""
MEMORY = 768 * 1024 * 1024
SECONDS = 10
MOST_ANSWERED = 512 * 1024
"""How many bytes may be written to any file, the one with the answer among them."""
NO_SUCH_PAGE = 3


def limit() -> None:
    """No more memory, time and files than a page takes."""
    for what, most in [
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, MOST_ANSWERED),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ]:
        resource.setrlimit(what, (most, most))


def draw(content: bytes, media_type: str, page: int) -> tuple[int, Any]:
    """How many pages the file has, and this one as a Pillow image; None beyond the last."""
    return draw_pdf(content, page) if media_type == "application/pdf" else draw_photo(content, page)


def draw_pdf(content: bytes, page: int) -> tuple[int, Any]:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    pages = len(document)
    if page > pages:
        return pages, None
    wanted = document[page - 1]
    scale = min(WIDTH / wanted.get_width(), TALLEST / wanted.get_height())
    return pages, wanted.render(scale=scale, may_draw_forms=False).to_pil()


def draw_photo(content: bytes, page: int) -> tuple[int, Any]:
    """A photo the right way up, without what it says of the place and the camera."""
    from PIL import Image, ImageOps

    if page > 1:
        return 1, None
    image = Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
    image.draft("RGB", (WIDTH, WIDTH))
    if image.width * image.height > MOST_PIXELS:
        raise ValueError("too many pixels")
    image.thumbnail((2 * WIDTH, 2 * TALLEST))
    return 1, ImageOps.exif_transpose(image)


def as_webp(image: Any) -> bytes:
    """The picture in no more bytes than a page may cost, as sharp as that allows."""
    if image.mode in ("RGBA", "LA", "PA", "P"):
        from PIL import Image

        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    image = image.convert("RGB")
    image.thumbnail((WIDTH, TALLEST))
    while True:
        for quality in QUALITIES:
            file = BytesIO()
            image.save(file, "WEBP", quality=quality, method=2)
            if file.tell() <= MOST_BYTES:
                return file.getvalue()
        image.thumbnail((image.width * 3 // 4, image.height * 3 // 4))


def main() -> int:
    limit()
    media_type, page = sys.argv[1], int(sys.argv[2])
    pages, image = draw(sys.stdin.buffer.read(), media_type, page)
    if image is None:
        return NO_SUCH_PAGE
    sys.stdout.buffer.write(b"%d\n" % pages + as_webp(image))
    return 0


if __name__ == "__main__":
    sys.exit(main())
