"""`fleet web`: serve the pages."""

from __future__ import annotations

import signal
import sys
import warnings
from typing import Any
from urllib.parse import urlsplit

import click
import waitress

from fleet.settings import settings_for

# Pyramid 2.1 still imports pkg_resources, which setuptools announces will go; we hold setuptools below 82.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)

THREADS = 8
LARGEST_REQUEST = 32 * 1024 * 1024
"""Bytes; a year of hourly temperatures is 250 kB."""


@click.command("web", help="Servir les pages.")
def web() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    from fleet.web.app import make_app  # noqa: PLC0415 - after the warning above is silenced

    settings = settings_for("web")
    application = make_app(settings)
    signal.signal(signal.SIGTERM, _stop)
    waitress.serve(
        application,
        host=settings.listen.host,
        port=settings.listen.port,
        threads=THREADS,
        # Where a proxy ends TLS, redirects and the CSRF origin are those of the address readers type.
        url_scheme=urlsplit(settings.url).scheme,
        max_request_body_size=LARGEST_REQUEST,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )


def _stop(_signal: int, _frame: Any) -> None:
    sys.exit(0)
