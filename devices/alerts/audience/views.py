"""Pages of who receives which letters: everybody's own choice, and the SPL's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from contracts.parties.models import Shareholder
from contracts.sites.models import Site
from devices.alerts.hearing import nobody_hears
from devices.alerts.kinds import RULES, SEVERITIES, Kind, Severity
from devices.alerts.listeners import RHYTHMS, Rhythm
from devices.alerts.models import Subscription
from devices.alerts.register import subscribe, unsubscribe
from foundation.actors import Role
from foundation.forms import EntryForm, choice_field, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found
from foundation.people import people
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

ROLE_WORDS = {
    Role.OPERATOR.value: N_("tous les exploitants de la SPL"),
    Role.TECHNICIAN.value: N_("tous les techniciens"),
    Role.SHAREHOLDER.value: N_("toutes les collectivités, pour ce qu'elles détiennent"),
}


class OwnForm(EntryForm):
    """How often one wants a letter, and about what."""

    rhythm = choice_field(N_("Je veux recevoir"))
    least_severity = choice_field(N_("À partir de la gravité"))


class SubscriptionForm(EntryForm):
    """Who receives what."""

    account_id = choice_field(N_("Personne"), required=False, help_text=N_("Une personne, ou un rôle."))
    role = choice_field(N_("Rôle"), required=False)
    kind = choice_field(N_("Sorte d'alerte"), required=False, help_text=N_("Rien de choisi : toutes."))
    site_id = choice_field(N_("Site"), required=False, help_text=N_("Rien de choisi : tous."))
    shareholder_id = choice_field(N_("Collectivité"), required=False, help_text=N_("Rien de choisi : toutes."))
    rhythm = choice_field(N_("Reçoit"))
    least_severity = choice_field(N_("À partir de la gravité"))


def _fill(request: Request, form: OwnForm | SubscriptionForm) -> None:
    _ = request.language.translate
    form.rhythm.choices = [(rhythm.value, _(word)) for rhythm, word in RHYTHMS.items()]
    form.least_severity.choices = [(severity.value, _(word)) for severity, (word, _tone) in SEVERITIES.items()]


def letters(request: Request) -> dict[str, Any] | Response:
    """Let everybody choose what they receive."""
    _ = request.language.translate
    mine = request.dbsession.scalar(
        select(Subscription).where(
            Subscription.account_id == request.actor.account_id,
            Subscription.kind.is_(None),
            Subscription.site_id.is_(None),
            Subscription.shareholder_id.is_(None),
        )
    )
    form = OwnForm(request.POST, data={"rhythm": mine.rhythm, "least_severity": mine.least_severity} if mine else {})
    _fill(request, form)

    def act() -> Subscription:
        return subscribe(
            request.dbsession,
            rhythm=Rhythm(form.rhythm.data),
            least_severity=Severity(form.least_severity.data),
            account_id=request.actor.account_id,
        )

    if request.method == "POST" and submit(request, form, act):
        request.session.flash(_(N_("C'est noté.")))
        return HTTPSeeOther(request.route_path("letters"))
    return {
        "title": _(N_("Quelles lettres voulez-vous recevoir ?")),
        "intro": _(
            N_("Une alerte urgente vous est écrite aussitôt, sauf si vous ne voulez aucune lettre.")
            if mine
            else N_("Vous n'avez rien choisi : vous recevez ce que la SPL a prévu pour votre rôle.")
        ),
        "crumbs": [(_(N_("Alertes")), request.route_path("alerts"))],
        "form": form,
        "submit": _(N_("Enregistrer")),
    }


def audience(request: Request) -> dict[str, Any]:
    """Show who receives what, who receives nothing, and what nobody receives."""
    query = select(Subscription).options(selectinload(Subscription.site), selectinload(Subscription.shareholder))
    everybody = people(request.dbsession)
    return {
        "subscriptions": request.dbsession.scalars(query.order_by(Subscription.id)).all(),
        "names": {person.account_id: person.name for person in everybody},
        "nothing": nobody_hears(request.dbsession, everybody, request.today),
        "roles": ROLE_WORDS,
        "rhythms": {rhythm.value: word for rhythm, word in RHYTHMS.items()},
        "severities": SEVERITIES,
        "kinds": {kind.value: rule.word for kind, rule in RULES.items()},
    }


def new_subscription(request: Request) -> dict[str, Any] | Response:
    """Say who receives what."""
    _ = request.language.translate
    form = SubscriptionForm(request.POST)
    _fill(request, form)
    everybody = people(request.dbsession)
    sites = request.dbsession.scalars(select(Site).order_by(Site.city, Site.name)).all()
    towns = request.dbsession.scalars(select(Shareholder).order_by(Shareholder.name)).all()
    nothing = ("", "—")
    form.account_id.choices = [nothing, *((str(one.account_id), f"{one.name} <{one.email}>") for one in everybody)]
    form.role.choices = [nothing, *((role, _(word)) for role, word in ROLE_WORDS.items())]
    form.kind.choices = [nothing, *((kind.value, _(rule.word)) for kind, rule in RULES.items())]
    form.site_id.choices = [nothing, *((str(one.id), f"{one.name}, {one.city}") for one in sites)]
    form.shareholder_id.choices = [nothing, *((str(one.id), one.name) for one in towns)]

    def act() -> Subscription:
        chosen = form.data
        return subscribe(
            request.dbsession,
            rhythm=Rhythm(chosen["rhythm"]),
            least_severity=Severity(chosen["least_severity"]),
            account_id=int(chosen["account_id"]) if chosen["account_id"] else None,
            role=Role(chosen["role"]) if chosen["role"] else None,
            kind=Kind(chosen["kind"]) if chosen["kind"] else None,
            site=next((one for one in sites if str(one.id) == chosen["site_id"]), None),
            shareholder=next((one for one in towns if str(one.id) == chosen["shareholder_id"]), None),
        )

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("audience"))
    return {
        "title": _(N_("Qui reçoit quoi ?")),
        "crumbs": [(_(N_("Alertes")), request.route_path("alerts"))],
        "form": form,
        "submit": _(N_("Enregistrer")),
    }


def remove_subscription(request: Request) -> Response:
    """Forget one row."""
    unsubscribe(request.dbsession, found(request, Subscription))
    return HTTPSeeOther(request.route_path("audience"))


def includeme(config: Configurator) -> None:
    """Register the pages."""
    own, all_of_it = Permission.STAY_SIGNED_IN, Permission.MANAGE_SUBSCRIPTIONS
    here = "devices.alerts.audience:templates/audience.jinja2"
    for route, pattern, view, renderer, permission, methods in (
        ("letters", "/alerts/letters", letters, FORM, own, ("GET", "POST")),
        ("audience", "/alerts/audience", audience, here, all_of_it, "GET"),
        ("audience_new", "/alerts/audience/new", new_subscription, FORM, all_of_it, ("GET", "POST")),
        ("audience_remove", f"/alerts/audience/{NUMBER}/remove", remove_subscription, None, all_of_it, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
