"""People: who has an account, who was invited, what lets each in; for the SPL, and for a municipality its guests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import func, select

from contracts.parties.models import Shareholder
from fleet.accounts.browsers import browser_named
from fleet.accounts.invitations import invite, invite_again
from fleet.accounts.journal import WORDS as EVENTS
from fleet.accounts.journal import Event
from fleet.accounts.link_pages import address_of, company_name
from fleet.accounts.models import AccessEvent, Account, ApiToken, OneTimeSecret, WebSession
from fleet.accounts.own_pages import LANGUAGES
from fleet.accounts.register import FORGOTTEN, close_account, forget_person, reopen_account
from fleet.accounts.scopes import WORDS as SCOPES
from fleet.accounts.second_factor import holders, remove_for
from fleet.accounts.sessions import end_sessions, sessions_of
from fleet.accounts.tokens import revoke, tokens_of
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, submit, text_field
from foundation.messages import N_
from foundation.pages import NUMBER, found, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

HERE = "fleet.accounts:templates/"
ROLES = {
    "operator": N_("équipe de la SPL"),
    "technician": N_("technicien"),
    "shareholder": N_("collectivité"),
    "guest": N_("invité, qui lit seulement"),
}
LATEST = 20
"""Lines of the journal on the page of an account."""


class GuestForm(EntryForm):
    """Who is invited to read."""

    name = text_field(N_("Nom"))
    email = text_field(N_("Adresse électronique"), help_text=N_("La lettre d'invitation y part tout de suite."))
    language = choice_field(N_("Langue"))


class InvitationForm(GuestForm):
    """Who is invited, and to do what."""

    role = choice_field(N_("Rôle"))
    shareholder_id = choice_field(
        N_("Collectivité"), required=False, help_text=N_("Pour un compte de collectivité ou un invité.")
    )


def accounts(request: Request) -> dict[str, Any]:
    """List everybody, those who can come in first."""
    session = request.dbsession
    query = select(Account).order_by(Account.active.desc(), Account.name, Account.id)
    asked = request.GET.get("role", "")
    if asked in ROLES:
        query = query.where(Account.role == asked)
    last_seen = select(WebSession.account_id, func.max(WebSession.last_seen_at)).group_by(WebSession.account_id)
    return {
        "page": page_of(request, query),
        "asked": asked if asked in ROLES else "",
        "roles": ROLES,
        "factors": holders(session),
        "waiting": waiting(request),
        "seen": dict(session.execute(last_seen).all()),
        "active": session.scalar(select(func.count()).where(Account.active)),
    }


def waiting(request: Request) -> set[int]:
    """Return the accounts whose invitation has not been followed yet."""
    return set(request.dbsession.scalars(select(OneTimeSecret.account_id).where(OneTimeSecret.purpose == "invitation")))


def invitation(request: Request) -> dict[str, Any] | Response:
    """Invite somebody."""
    session, form = request.dbsession, InvitationForm(request.POST)
    form.language.choices = list(LANGUAGES.items())
    form.role.choices = [(role, request.language.translate(word)) for role, word in ROLES.items()]
    towns = session.scalars(select(Shareholder).order_by(Shareholder.name)).all()
    form.shareholder_id.choices = [("", "—"), *((str(town.id), town.name) for town in towns)]
    if request.method == "POST":

        def act() -> Account:
            town = session.get(Shareholder, int(form.shareholder_id.data)) if form.shareholder_id.data else None
            return _invite(request, form, form.role.data, town)

        invited = submit(request, form, act)
        if invited is not None:
            return HTTPSeeOther(request.route_path("person", id=invited.id))
    return {"form": form}


def _invite(request: Request, form: GuestForm, role: str, town: Shareholder | None) -> Account:
    return invite(
        request.dbsession,
        email=form.email.data,
        name=form.name.data,
        role=role,
        shareholder=town,
        language=form.language.data,
        company=company_name(request),
        address=address_of(request, "choose_password"),
        by=request.actor.account_id,
    )


def person(request: Request) -> dict[str, Any]:
    """Show one account: what lets it in, what happened to it, and what can be done."""
    account, session = found(request, Account), request.dbsession
    events = session.scalars(
        select(AccessEvent).where(AccessEvent.account_id == account.id).order_by(AccessEvent.id.desc()).limit(LATEST)
    ).all()
    return {
        "account": account,
        "roles": ROLES,
        "sessions": sessions_of(session, account),
        "browser_named": browser_named,
        "tokens": tokens_of(session, account),
        "scopes": SCOPES,
        "factor": account.id in holders(session),
        "invited": account.id in waiting(request),
        "events": [(event, EVENTS[Event(event.kind)]) for event in events],
        "forgotten": account.email.endswith(FORGOTTEN),
    }


def _act(change: Callable[[Request, Account], None], said: str) -> Callable[[Request], Response]:
    """Return the view of one button of an account's page."""

    def view(request: Request) -> Response:
        account = found(request, Account)
        try:
            with request.dbsession.begin_nested():
                change(request, account)
            request.session.flash(request.language.translate(said))
        except Refusal as refusal:
            request.session.flash(refusal.said_in(request.language.translate))
        return HTTPSeeOther(request.route_path("person", id=account.id))

    return view


def _write_again(request: Request, account: Account) -> None:
    company, address = company_name(request), address_of(request, "choose_password")
    invite_again(request.dbsession, account, company=company, address=address, by=request.actor.account_id)


ACTS: tuple[tuple[str, Callable[[Request, Account], None], str], ...] = (
    ("write", _write_again, N_("Une lettre est partie : son lien laisse choisir un mot de passe, pendant sept jours.")),
    (
        "close",
        lambda request, account: close_account(request.dbsession, account, by=request.actor.account_id),
        N_("Le compte est fermé : sessions et jetons ne valent plus rien."),
    ),
    (
        "reopen",
        lambda request, account: reopen_account(request.dbsession, account, by=request.actor.account_id),
        N_("Le compte est rouvert."),
    ),
    (
        "forget",
        lambda request, account: forget_person(request.dbsession, account, by=request.actor.account_id),
        N_("Nom, adresse et secrets sont effacés."),
    ),
    (
        "end-sessions",
        lambda request, account: end_sessions(request.dbsession, account, by=request.actor.account_id),
        N_("Toutes ses sessions sont fermées."),
    ),
    (
        "remove-factor",
        lambda request, account: remove_for(request.dbsession, account, by=request.actor.account_id),
        N_("Son second facteur est retiré ; la personne en posera un autre à sa prochaine entrée."),
    ),
)
"""Each button of an account's page: its address, what it does, what is said then."""


def revoke_token(request: Request) -> Response:
    """Make somebody's token worthless."""
    token = found(request, ApiToken)
    revoke(request.dbsession, token, by=request.actor.account_id)
    return HTTPSeeOther(request.route_path("person", id=token.account_id))


def guests(request: Request) -> dict[str, Any] | Response:
    """Show a municipality who reads what it holds, and let it invite others."""
    session, form = request.dbsession, GuestForm(request.POST)
    form.language.choices = list(LANGUAGES.items())
    town = session.get(Shareholder, request.actor.shareholder_id) if request.actor.shareholder_id else None
    if town is None:
        return HTTPSeeOther(request.route_path("people", _query={"role": "guest"}))
    if request.method == "POST" and submit(request, form, lambda: _invite(request, form, "guest", town)):
        return HTTPSeeOther(request.route_path("guests"))
    mine = select(Account).where(Account.role == "guest", Account.shareholder_id == town.id)
    rows = session.scalars(mine.order_by(Account.active.desc(), Account.name)).all()
    return {"form": form, "guests": rows, "town": town, "waiting": waiting(request)}


def close_guest(request: Request) -> Response:
    """Let a guest read no more."""
    account = found(request, Account)
    if account.role != "guest" or account.shareholder_id != request.actor.shareholder_id:
        raise HTTPNotFound
    if account.active:
        close_account(request.dbsession, account, by=request.actor.account_id)
    return HTTPSeeOther(request.route_path("guests"))


def includeme(config: Configurator) -> None:
    """Register them."""
    manage, guest = Permission.MANAGE_ACCOUNTS, Permission.INVITE_GUESTS
    get, both = ("GET",), ("GET", "POST")
    for route, pattern, view, template, permission, methods in (
        ("people", "/people", accounts, "people", manage, get),
        ("person_invite", "/people/invite", invitation, "invite", manage, both),
        ("person", f"/people/{NUMBER}", person, "person", manage, get),
        ("guests", "/guests", guests, "guests", guest, both),
    ):
        config.add_route(route, pattern)
        renderer = f"{HERE}{template}.jinja2"
        config.add_view(view, route_name=route, request_method=methods, renderer=renderer, permission=permission)
    for word, change, said in ACTS:
        route = f"person_{word.replace('-', '_')}"
        config.add_route(route, f"/people/{NUMBER}/{word}")
        config.add_view(_act(change, said), route_name=route, request_method="POST", permission=manage)
    config.add_route("person_token_revoke", f"/tokens/{NUMBER}/revoke")
    config.add_view(revoke_token, route_name="person_token_revoke", request_method="POST", permission=manage)
    config.add_route("guest_close", f"/guests/{NUMBER}/close")
    config.add_view(close_guest, route_name="guest_close", request_method="POST", permission=guest)
