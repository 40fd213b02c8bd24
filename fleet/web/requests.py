"""What every view finds on its request: session, actor, clock, language, jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import zope.sqlalchemy

from contracts.parties.models import Company
from fleet.accounts.sessions import account_of
from fleet.accounts.sign_in import actor_for
from fleet.accounts.tokens import caller_of
from fleet.processes.wake import celery_app, hurried, wake
from fleet.web.addresses import own_path
from fleet.web.translations import languages
from foundation.actors import PUBLIC, Actor, Role
from foundation.clock import now, today
from foundation.jobs.queue import ask
from foundation.permissions import Permission
from foundation.tenancy import bind_actor

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from sqlalchemy.orm import Session

    from foundation.jobs.models import Job
    from foundation.look.language import Language

PARIS = ZoneInfo("Europe/Paris")
"""The day it is for the SPL; a building's own days follow its site's time zone."""
FILES = ("/static/", "/vendor/", "/field/shell/")
INTERFACE = "/api/v1/"
"""Where programs call: they show a token, and a cookie is worth nothing there."""
OWN = "/account"
"""Where people look after their own account, guests too."""


def needs_database(request: Request) -> bool:
    """Say whether the request runs in a transaction: everything but files."""
    return not request.path.startswith(FILES)


def dbsession(request: Request) -> Session:
    """Return the session of this request's transaction; it acts as whoever is signed in, else as the public."""
    session: Session = request.registry["sessions"]()
    zope.sqlalchemy.register(session, transaction_manager=request.tm)
    bind_actor(session, PUBLIC)
    if request.path.startswith(INTERFACE):
        request.caller = caller_of(session, shown_token(request))
        account = request.caller.account if request.caller else None
    else:
        token = request.session.get("token")
        account = account_of(session, token) if token else None
    if account is not None:
        acting = actor_for(account)
        own = request.path == OWN or request.path.startswith(f"{OWN}/")
        bind_actor(session, replace(acting, guest=False) if own else acting)
    return session


def shown_token(request: Request) -> str:
    """Return the token a program shows (RFC 6750 § 2.1), or ""."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def scope(request: Request) -> frozenset[Permission]:
    """Return what may be asked for here at most: what the token is good for, everything for a person."""
    _who = request.dbsession
    caller = getattr(request, "caller", None)
    return caller.permissions if caller else frozenset(Permission)


def actor(request: Request) -> Actor:
    """Return who acts."""
    acting: Actor = request.dbsession.info["actor"]
    return acting


def current_time(request: Request) -> dt.datetime:
    """Return the instant it is (truth 13)."""
    return now(request.dbsession, settable=request.registry["settings"].clock_settable)


def current_day(request: Request) -> dt.date:
    """Return the day it is for the SPL (truth 13)."""
    return today(request.dbsession, PARIS, settable=request.registry["settings"].clock_settable)


def language(request: Request) -> Language:
    """Return the language the reader chose, else the installation's first."""
    known = languages()
    offered = request.registry["settings"].languages
    chosen = request.session.get("language")
    return known[chosen if chosen in offered else offered[0]]


def company(request: Request) -> Company | None:
    """Return the SPL as the frame names it; None on pages of who is not signed in, and before it is registered."""
    if not knows_actor(request) or "tm.active" not in request.environ:
        return None
    found: Company | None = request.dbsession.get(Company, 1)
    return found


def knows_actor(request: Request) -> bool:
    """Say whether the actor has been worked out: on an error page it is too late to open a transaction for it."""
    return "actor" in request.__dict__ and request.actor.role is not Role.PUBLIC


def path_of_ours(request: Request, address: object) -> str:
    """Return `address` where it is a path of this application, else the first page (hostile input 29)."""
    return own_path(address, otherwise=request.route_path("home"))


def ask_job(request: Request, kind: str, title: str, items: Mapping[str, Mapping[str, Any]]) -> Job:
    """Add a job to this request's transaction and wake a worker once it is committed."""
    job = ask(request.dbsession, kind, title, items, actor=request.actor)
    job_id = job.id

    def wake_worker(committed: bool) -> None:  # noqa: FBT001 - the transaction package calls it so
        if committed:
            wake(request.registry["celery"], job_id)

    request.tm.get().addAfterCommitHook(wake_worker)
    return job


def includeme(config: Configurator) -> None:
    """Add the properties; each is worked out once a request, when first asked for."""
    config.registry["celery"] = hurried(celery_app(config.registry["settings"].broker_url))
    config.add_request_method(dbsession, reify=True)
    config.add_request_method(actor, reify=True)
    config.add_request_method(scope, reify=True)
    config.add_request_method(current_time, "now", reify=True)
    config.add_request_method(current_day, "today", reify=True)
    config.add_request_method(language, reify=True)
    config.add_request_method(company, reify=True)
    config.add_request_method(knows_actor, property=True)
    config.add_request_method(ask_job, "ask")
    config.add_request_method(path_of_ours, "own_path")
