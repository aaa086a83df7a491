"""How does gunicorn serve the site? It reads this file by itself: `gunicorn` in this folder is enough."""

import os
from typing import Any

wsgi_app = "ntm_tracker.wsgi"
bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"

# Two processes keep both cores busy; threads wait for slow uploads, which would freeze processes without.
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 16
preload_app = True
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Say where the site is, and in a demonstration who can sign in."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    if settings.DEMO_TODAY:
        call_command("load_demo", "--accounts")
        connections.close_all()  # the workers, forked next, must not share this one
    print(f"\nThe site answers at http://{bind}/  (Ctrl+C stops it)\n", flush=True)
