"""Composition root of the web process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyramid.config import Configurator
from pyramid.csrf import SessionCSRFStoragePolicy
from pyramid.session import SignedCookieSessionFactory

from fleet.settings import settings_for
from fleet.web.security import RolePolicy
from fleet.web.templating import SETTINGS as TEMPLATING
from foundation.look.assets import demand_front_end_packages
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.settings import WebSettings

FLOORS = ("contracts", "devices", "baseline", "billing")
ROOF = (
    "fleet.web.requests",
    "fleet.web.headers",
    "fleet.web.templating",
    "fleet.web.assets",
    "fleet.web.errors",
    "fleet.web.views",
    "fleet.web.people",
    "fleet.accounts.views",
    "fleet.accounts.provider_pages",
    "fleet.accounts.link_pages",
    "fleet.accounts.own_pages",
    "fleet.accounts.staff_pages",
    "fleet.accounts.journal_pages",
    "fleet.api.root",
    "fleet.overview.views",
    "fleet.desk.search.views",
    "fleet.desk.sheet.views",
    "fleet.desk.changes.views",
    "fleet.desk.map.views",
    "fleet.clock.views",
    "foundation.mail.views",
)
SIGNED_IN_FOR = 12 * 3600
"""Seconds; the row of the web session ends then as well (`fleet.accounts.sign_in`)."""


def main(global_config: dict[str, str], **_local: str) -> Callable[..., Any]:
    """Return the application for a paste ini file; settings are read and typed by `fleet.settings`."""
    return make_app(settings_for("web", Path(global_config["__file__"])))


def make_app(settings: WebSettings) -> Callable[..., Any]:
    """Return the WSGI application, complete or not at all."""
    demand_front_end_packages()
    config = Configurator(
        settings={
            # Explicit transactions: what asks for the database outside a request's transaction fails at once.
            "tm.manager_hook": "pyramid_tm.explicit_manager",
            # Reading who is signed in opens a transaction; files need none.
            "tm.annotate_user": "false",
            "tm.activate_hook": "fleet.web.requests.needs_database",
            **TEMPLATING,
        },
        session_factory=SignedCookieSessionFactory(
            settings.secret,
            cookie_name="fleet",
            secure=settings.url.startswith("https:"),
            httponly=True,
            samesite="Lax",
            timeout=SIGNED_IN_FOR,
        ),
    )
    config.registry["settings"] = settings
    config.registry["provisioning_url"] = settings.provisioning_url
    config.registry["sessions"] = session_factory(engine_for(settings.database_url))
    config.set_security_policy(RolePolicy())
    config.set_csrf_storage_policy(SessionCSRFStoragePolicy())
    config.set_default_csrf_options(require_csrf=True)
    config.include("pyramid_tm")
    config.include("pyramid_jinja2")
    config.include("foundation.pages")
    for module in ROOF + FLOORS:
        config.include(module)
    application: Callable[..., Any] = config.make_wsgi_app()
    return application
