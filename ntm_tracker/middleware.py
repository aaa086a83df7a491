"""What goes around every page: the language, which is the one chosen on a page, else Vietnamese; and few bytes."""

from collections.abc import Callable

import brotli
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from ntm_tracker.compact import compact


class LanguageMiddleware:
    """Speak the language of the visitor's cookie.

    Unlike Django's LocaleMiddleware it ignores the browser's own wish (Accept-Language): computers in commune
    offices are often set to English, their users read Vietnamese.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if language not in dict(settings.LANGUAGES):
            language = settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class CompressionMiddleware(GZipMiddleware):
    """Pages without the indents of their templates, and in Brotli where the browser takes it: lines are slow.

    Brotli makes a page a tenth smaller than gzip and is sent without gzip's random padding: the only secret on our
    pages, the CSRF token, is masked anew in every answer.
    """

    SMALL = 200  # bytes; less is not worth it
    SHORT = 8000

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or response.has_header("Content-Encoding"):
            return super().process_response(request, response)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self.fill(response, compact(response.content.decode(response.charset)).encode(response.charset))
        patch_vary_headers(response, ("Accept-Encoding",))
        if len(response.content) < self.SMALL or "br" not in request.headers.get("Accept-Encoding", ""):
            return super().process_response(request, response)
        quality = 11 if len(response.content) < self.SHORT else 7  # the best one takes its time over long pages
        self.fill(response, brotli.compress(response.content, mode=brotli.MODE_TEXT, quality=quality))
        response.headers["Content-Encoding"] = "br"
        return response

    @staticmethod
    def fill(response: HttpResponse, content: bytes) -> None:
        """Give the answer another content, and its length where that is told."""
        response.content = content
        if response.has_header("Content-Length"):
            response.headers["Content-Length"] = str(len(content))


class LeanAnswers:
    """An answer to a script goes without the headers that mean something only on a page: lines are slow."""

    OF_PAGES = (
        "Content-Language",
        "Content-Security-Policy",
        "Cross-Origin-Opener-Policy",
        "Referrer-Policy",
        "X-Frame-Options",
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.headers.get("Content-Type") == "application/json":
            for name in self.OF_PAGES:
                del response.headers[name]
        return response
