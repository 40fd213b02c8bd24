"""`fleet web`: serve the pages."""

from __future__ import annotations

import signal
import sys
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import waitress
from waitress.channel import HTTPChannel

from fleet.settings import settings_for
from fleet.web.unread import UnreadRequest

if TYPE_CHECKING:
    from fleet.settings import WebSettings

# Pyramid 2.1 still imports pkg_resources, which setuptools announces will go; we hold setuptools below 82.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)

THREADS = 8
LOOPBACK = {"127.0.0.1", "::1"}
LARGEST_REQUEST = 32 * 1024 * 1024
"""Bytes; a year of hourly temperatures is 250 kB."""


@click.command("web", help="Servir les pages.")
def web() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    from fleet.web.app import make_app  # noqa: PLC0415 - after the warning above is silenced

    settings = settings_for("web")
    application = make_app(settings)
    signal.signal(signal.SIGTERM, _stop)
    HTTPChannel.error_task_class = UnreadRequest
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
        **_behind_a_proxy(settings),
    )


def _behind_a_proxy(settings: WebSettings) -> dict[str, Any]:
    """Return how waitress is to learn readers' addresses where a proxy of this machine ends TLS for us.

    We never speak TLS ourselves: an https address with a listener on loopback means such a proxy. Without it every
    reader would share its address, and with it the count of wrong passwords.
    """
    if urlsplit(settings.url).scheme != "https" or settings.listen.host not in LOOPBACK:
        return {}
    return {
        "trusted_proxy": settings.listen.host,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for"},
    }


def _stop(_signal: int, _frame: Any) -> None:
    sys.exit(0)
