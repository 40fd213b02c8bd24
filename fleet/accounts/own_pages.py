"""One's own account: who one is, what lets one in, which browsers and programs are in."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from fleet.accounts.browsers import browser_named
from fleet.accounts.invitations import ask_for_new_email
from fleet.accounts.letters import write
from fleet.accounts.link_pages import PasswordForm, address_of, company_name, sign_in_address
from fleet.accounts.models import Account, ApiToken, SecondFactor
from fleet.accounts.qr import qr_of
from fleet.accounts.register import change_password
from fleet.accounts.reproof import proven_again
from fleet.accounts.scopes import PERMISSIONS, WORDS
from fleet.accounts.second_factor import begin, check, confirm, has_factor, recovery_codes_left, remove
from fleet.accounts.secrets_shown import digest
from fleet.accounts.sessions import HANDLE, end_session, end_sessions, sessions_of
from fleet.accounts.tokens import make_token, revoke, tokens_of
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, password_field, submit, text_field
from foundation.messages import N_
from foundation.pages import NUMBER, found
from foundation.permissions import Permission, allows

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

HERE = "fleet.accounts:templates/"
LIVES = {"30": N_("un mois"), "90": N_("trois mois"), "366": N_("un an")}
LANGUAGES = {"fr": "Français", "en": "English"}


class NameForm(EntryForm):
    """How one is called, and in which language letters come."""

    name = text_field(N_("Nom"))
    language = choice_field(N_("Langue des pages et des lettres"))


class ProvenForm(EntryForm):
    """Something only the person may do."""

    current = password_field(N_("Votre mot de passe"), help_text=N_("Pour être sûr que c'est vous."))


class NewPasswordForm(PasswordForm):
    """The new password, and the one of today."""

    current = password_field(N_("Mot de passe d'aujourd'hui"))


class NewEmailForm(ProvenForm):
    """Where the account is to be."""

    email = text_field(
        N_("Nouvelle adresse"), help_text=N_("Une lettre y part ; le compte change quand son lien est suivi.")
    )


class FirstCodeForm(EntryForm):
    """The first code, which shows that the telephone has the secret."""

    code = text_field(N_("Code"), help_text=N_("Les six chiffres que montre votre téléphone."))


class TokenForm(ProvenForm):
    """What a program will be allowed to do, and how long."""

    name = text_field(N_("À quoi il sert"), help_text=N_("Par exemple : entrepôt de données de l'agglomération."))
    scopes = SelectMultipleField(
        N_("Ce qu'il permet"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    days = choice_field(N_("Pour combien de temps"))


def me(request: Request) -> Account:
    """Return the account of who is signed in."""
    account: Account | None = request.dbsession.get(Account, request.actor.account_id)
    if account is None:
        raise HTTPNotFound
    return account


def account_page(request: Request) -> dict[str, Any] | Response:
    """Show everything about one's own account; the form on it changes name and language."""
    account, session = me(request), request.dbsession
    form = NameForm(request.POST, obj=account)
    form.language.choices = list(LANGUAGES.items())
    if request.method == "POST":

        def rename() -> bool:
            account.name, account.language = form.name.data, form.language.data
            session.flush()
            return True

        if submit(request, form, rename):
            request.session["language"] = account.language
            return HTTPSeeOther(request.route_path("account"))
        session.refresh(account)
    return {
        "account": account,
        "form": form,
        "sessions": sessions_of(session, account),
        "browser_named": browser_named,
        "here": digest(request.session.get("token", "")),
        "handle": HANDLE,
        "factor": has_factor(session, account),
        "demanded": request.registry["settings"].demands_second_factor(account.role),
        "codes_left": recovery_codes_left(session, account),
        "tokens": tokens_of(session, account),
        "words": WORDS,
    }


def password_page(request: Request) -> dict[str, Any] | Response:
    """Change one's own password; every other session ends, and one signs in again."""
    account, form = me(request), NewPasswordForm(request.POST)
    if request.method == "POST" and proven_again(request, form, account):

        def change() -> bool:
            if form.password.data != form.again.data:
                raise Refusal("Les deux mots de passe ne sont pas les mêmes ; retapez-les.", field="again")
            change_password(request.dbsession, account, form.password.data, remote_address=request.remote_addr or "")
            company, address = company_name(request), sign_in_address(request)
            write(request.dbsession, account, "changed", to=account.email, company=company, address=address)
            return True

        if submit(request, form, change):
            return HTTPSeeOther(request.route_path("sign_in"))
    return _form(request, form, N_("Changer de mot de passe"), N_("Changer"))


def email_page(request: Request) -> dict[str, Any] | Response:
    """Ask for another address; a letter there proves it."""
    account, form = me(request), NewEmailForm(request.POST)
    if request.method == "POST" and proven_again(request, form, account):

        def ask() -> bool:
            address = address_of(request, "confirm_email")
            company = company_name(request)
            ask_for_new_email(request.dbsession, account, form.email.data, company=company, address=address)
            return True

        if submit(request, form, ask):
            _say(
                request,
                N_("Une lettre est partie à la nouvelle adresse ; suivez son lien d'ici vingt-quatre heures."),
            )
            return HTTPSeeOther(request.route_path("account"))
    return _form(request, form, N_("Changer d'adresse"), N_("Écrire à la nouvelle adresse"))


def begin_factor(request: Request) -> Response:
    """Draw the secret that the next page shows."""
    begin(request.dbsession, me(request))
    return HTTPSeeOther(request.route_path("account_factor"))


def factor_page(request: Request) -> dict[str, Any] | Response:
    """Show the secret to the telephone and take its first code; then the codes on paper, once."""
    account, session = me(request), request.dbsession
    factor, form = session.get(SecondFactor, account.id), FirstCodeForm(request.POST)
    if factor is None or factor.confirmed_at is not None:
        return HTTPSeeOther(request.route_path("account"))
    if request.method == "POST" and form.validate():
        now = dt.datetime.now(dt.UTC)  # a telephone knows the true time only
        answer = confirm(session, account, form.code.data, now=now, remote_address=request.remote_addr or "")
        if isinstance(answer, list):
            request.override_renderer = f"{HERE}recovery_codes.jinja2"
            return {"codes": answer, "arrival": request.route_path("account")}
        form.refusal = request.language.translate(answer)
    if request.method == "POST":
        request.response.status_int = 422
    form.code.data = None
    host = request.registry["settings"].host
    return {"form": form, "qr": qr_of(factor, account, host), "secret": factor.secret}


class RemoveFactorForm(FirstCodeForm):
    """A code of the telephone that is to go, or one on paper."""


def remove_factor(request: Request) -> dict[str, Any] | Response:
    """Take one's own second factor away, with a last code of it; not where one is demanded."""
    account, form = me(request), RemoveFactorForm(request.POST)
    if request.method == "POST" and form.validate():
        session, address = request.dbsession, request.remote_addr or ""
        refused = check(session, account, form.code.data, now=dt.datetime.now(dt.UTC), remote_address=address)
        if not refused:
            remove(session, account, remote_address=address)
            _say(request, N_("Le second facteur est retiré ; vous entrez de nouveau par le seul mot de passe."))
            return HTTPSeeOther(request.route_path("account"))
        form.refusal = request.language.translate(refused)
        request.response.status_int = 422
    return _form(request, form, N_("Retirer ou remplacer le second facteur"), N_("Retirer"))


def end(request: Request) -> Response:
    """End one of one's own sessions."""
    if not end_session(request.dbsession, me(request), request.matchdict["handle"]):
        raise HTTPNotFound
    return HTTPSeeOther(request.route_path("account"))


def end_others(request: Request) -> Response:
    """End all but the session this is asked from."""
    end_sessions(request.dbsession, me(request), but=request.session.get("token", ""))
    _say(request, N_("Les autres sessions sont fermées."))
    return HTTPSeeOther(request.route_path("account"))


def new_token(request: Request) -> dict[str, Any] | Response:
    """Make a token and show its secret, this once."""
    account, form = me(request), TokenForm(request.POST)
    form.scopes.choices = [(one.value, request.language.translate(WORDS[one])) for one in offered(request)]
    form.days.choices = [(days, request.language.translate(word)) for days, word in LIVES.items()]
    if request.method == "POST" and proven_again(request, form, account):

        def make() -> tuple[ApiToken, str]:
            chosen = form.scopes.data or []
            days = int(form.days.data)
            return make_token(request.dbsession, account, name=form.name.data, scopes=chosen, days=days)

        made = submit(request, form, make)
        if made is not None:
            request.override_renderer = f"{HERE}token_made.jinja2"
            return {"token": made[0], "secret": made[1]}
    return _form(request, form, N_("Créer un jeton"), N_("Créer le jeton"))


def offered(request: Request) -> list[Any]:
    """Return the scopes that would be worth something to who is signed in."""
    actor = me(request)
    role, guest = request.actor.role, actor.role == "guest"
    return [one for one, allowed in PERMISSIONS.items() if any(allows(role, p, guest=guest) for p in allowed)]


def revoke_token(request: Request) -> Response:
    """Make one of one's own tokens worthless."""
    token = found(request, ApiToken)
    if token.account_id != request.actor.account_id:
        raise HTTPNotFound
    revoke(request.dbsession, token)
    return HTTPSeeOther(request.route_path("account"))


def _say(request: Request, sentence: str) -> None:
    request.session.flash(request.language.translate(sentence))


def _form(request: Request, form: EntryForm, title: str, button: str) -> dict[str, Any]:
    _ = request.language.translate
    return {"form": form, "title": _(title), "submit": _(button)}


def includeme(config: Configurator) -> None:
    """Register them."""
    stay = Permission.STAY_SIGNED_IN
    for route, pattern, view, template in (
        ("account", "/account", account_page, "account"),
        ("account_password", "/account/password", password_page, "own_form"),
        ("account_email", "/account/email", email_page, "own_form"),
        ("account_factor", "/account/second-factor", factor_page, "own_factor"),
        ("account_factor_remove", "/account/second-factor/remove", remove_factor, "own_form"),
        ("token_new", "/account/tokens/new", new_token, "own_form"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view,
            route_name=route,
            request_method=("GET", "POST"),
            renderer=f"{HERE}{template}.jinja2",
            permission=stay,
        )
    for route, pattern, act in (
        ("account_factor_begin", "/account/second-factor/begin", begin_factor),
        ("session_end", "/account/sessions/{handle:[0-9a-f]{16}}/end", end),
        ("sessions_end", "/account/sessions/end", end_others),
        ("token_revoke", f"/account/tokens/{NUMBER}/revoke", revoke_token),
    ):
        config.add_route(route, pattern)
        config.add_view(act, route_name=route, request_method="POST", permission=stay)
