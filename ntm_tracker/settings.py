"""How is the site set up? One file, every value read from the environment.

A missing or odd value stops the start with one sentence. The README lists every variable.
"""

import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent


# Reading the environment: an empty variable counts as not set.


def env_text(name: str, default: str = "") -> str:
    """The variable's text, without blanks around it."""
    return os.environ.get(name, "").strip() or default


def env_flag(name: str, *, default: bool) -> bool:
    """The variable as yes or no, written 1 or 0."""
    text = env_text(name, str(int(default)))
    if text not in ("0", "1"):
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {text!r}.")
    return text == "1"


def env_number(name: str, default: int) -> int:
    """The variable as a whole number, zero or more."""
    text = env_text(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def env_list(name: str, default: str = "") -> list[str]:
    """The variable's parts, written with commas between them."""
    return [part.strip() for part in env_text(name, default).split(",") if part.strip()]


def env_date(name: str) -> date | None:
    """The variable as a date, written 2015-01-10; None when it is not set."""
    text = env_text(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a date like 2015-01-10, not {text!r}.") from None


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first when the variable is not set."""
    text = env_text(name, choices[0])
    if text not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {text!r}.")
    return text


def env_database(name: str, default: str) -> dict[str, Any]:
    """The database an address names: sqlite:///file or postgres://user:password@host:port/database."""
    example = "write it like postgres://user:password@host:5432/database or sqlite:////folder/file.sqlite3"
    try:
        database = dict(dj_database_url.parse(env_text(name, default)))
    except ValueError:
        # The address is not repeated here: it may hold a password.
        raise ImproperlyConfigured(f"{name} cannot be read; {example}.") from None
    if database["ENGINE"] not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise ImproperlyConfigured(f"{name} must name a PostgreSQL or SQLite database; {example}.")
    if not database["NAME"]:
        raise ImproperlyConfigured(f"{name} does not say which database; {example}.")
    return database


# Where it runs

ENVIRONMENT = env_choice("ENVIRONMENT", ("development", "production"))
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env_flag("DEBUG", default=False)
DEMO_TODAY = env_date("DEMO_TODAY")
"""The day a demonstration stands on; None where the real day counts. Read by ntm_tracker/clock.py."""

env_number("PORT", 8000)  # used by gunicorn.conf.py; an odd one is said here, with the others

SECRET_KEY = env_text("SECRET_KEY", "development-only-key-that-production-refuses-to-start-with")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

for origin in CSRF_TRUSTED_ORIGINS:
    if not origin.startswith(("https://", "http://")):
        raise ImproperlyConfigured(
            f"CSRF_TRUSTED_ORIGINS must list addresses like https://ntm.example.vn, not {origin!r}."
        )

if PRODUCTION:
    if not env_text("SECRET_KEY"):
        raise ImproperlyConfigured("SECRET_KEY is needed in production: a random text of 50 letters or more.")
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10 or "development-only" in SECRET_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY is too easy to guess for production: give it a random text of 50 letters or more."
        )
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS is needed in production: the names the site is reached by, such as ntm.example.vn."
        )
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must not be * in production: name the site's hosts.")
    if not env_text("DATABASE_URL"):
        raise ImproperlyConfigured(
            "DATABASE_URL is needed in production, such as postgres://user:password@host:5432/database."
        )
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must not be 1 in production: it shows the site's secrets.")
    if DEMO_TODAY:
        raise ImproperlyConfigured(
            "DEMO_TODAY must not be set in production: every due date would be judged on that day."
        )


# What it is made of

INSTALLED_APPS = [
    "ntm_tracker",  # before Django's own: its `migrate` replaces Django's
    "criteria",
    "communes",
    "reports",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
]

MIDDLEWARE = [
    "ntm_tracker.middleware.LeanAnswers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ntm_tracker.middleware.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "ntm_tracker.middleware.LanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ntm_tracker.signing_in.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ntm_tracker.urls"
WSGI_APPLICATION = "ntm_tracker.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ntm_tracker.context.demonstration",
            ]
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"


# Where it keeps things

# A demonstration has a file of its own, so that its values are never shown without their label.
SQLITE_FILE = BASE_DIR / "var" / ("demo.sqlite3" if DEMO_TODAY else "db.sqlite3")
DATABASES = {"default": env_database("DATABASE_URL", f"sqlite:///{SQLITE_FILE}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Two writers take turns instead of one failing with "locked". Django itself switches foreign keys on;
    # our `migrate` switches the file to WAL once, so that pages are read while somebody saves.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA synchronous=NORMAL",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "var" / "static"
# Evidence lies outside everything that is served as it is: only the view that asks who may read it opens a file.
EVIDENCE_ROOT = env_text("EVIDENCE_ROOT", str(BASE_DIR / "var" / ("demo-evidence" if DEMO_TODAY else "evidence")))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "evidence": {
        "BACKEND": "ntm_tracker.uploads.WholeFileStorage",
        "OPTIONS": {"location": EVIDENCE_ROOT, "base_url": None, "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False


# Who is there

AUTH_USER_MODEL = "communes.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it refuses those who are locked out
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "reports:work"
LOGOUT_REDIRECT_URL = "login"

# Twelve hours from signing in: longer than any working day, so that nobody is signed out over a half-filled
# report. Not prolonged by each page, which would write to the database at every look.
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "ntm_tracker.signing_in.csrf_failure"
CSRF_COOKIE_SAMESITE = "Lax"

# Five wrong passwords for one name from one address lock that pair for a quarter of an hour: a colleague
# behind the same office address, or the true owner elsewhere, can still sign in.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # else "in 15 minutes" would not be true
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_CLIENT_IP_CALLABLE = "ntm_tracker.proxies.client_address"
AXES_VERBOSE = False


# What browsers are told

PROXIES = env_number("PROXIES", 0)
"""How many proxies stand in front; the headers they add are believed only then."""
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SECURE_SSL_REDIRECT = env_flag("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by the proxy or a monitor on the machine itself
SECURE_HSTS_SECONDS = env_number("HSTS_SECONDS", 365 * 24 * 60 * 60 if PRODUCTION else 0)
# Whether neighbouring host names are HTTPS only is for the owner of the domain to say, not for this site.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's form icons are data: images
        "script-src": [SELF],
        "style-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# The longest honest form is a report: 39 notes of 2,000 letters, where one Vietnamese letter takes up to
# nine bytes as a form sends it: 0.7 MB. The form with most fields is the admin's list of thresholds: a few
# hundred rows of eight fields.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

# A form sends one file. It goes to the temporary folder while it comes in (TMPDIR says where), whatever its size.
EVIDENCE_MAX_BYTES = env_number("EVIDENCE_MAX_BYTES", 10 * 1024 * 1024)
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["ntm_tracker.uploads.LimitedUploadHandler"]


# Language, time and numbers

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "ntm_tracker" / "locale"]
FORMAT_MODULE_PATH = ["ntm_tracker.formats"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True

AXES_COOLOFF_MESSAGE = _("Too many wrong passwords. Please try again in 15 minutes.")


# What is written down, for the one who runs the server

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "axes": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
