"""Pages of events: propose, agree, reject, dismiss a suggestion, read what an event did."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import select
from wtforms import MultipleFileField

from baseline.events.charts import effect
from baseline.events.levels import levels_around
from baseline.events.models import EventEvidence, EventSuggestion, NonRoutineEvent
from baseline.events.register import Evidence, Proposal, decide, propose
from baseline.events.rules import Speaker
from baseline.events.suggestions import dismiss
from baseline.events.words import KIND_WORDS, METHOD_WORDS, PARTY_WORDS, STATES, VERDICT_WORDS
from baseline.plans.models import MeasurementPlan
from devices.points.models import BoundaryBuilding, MeasurementBoundary
from devices.points.views import building_crumbs
from foundation.actors import Role
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, named
from foundation.permissions import Permission
from foundation.uploads import pieces_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request

    from baseline.events.rules import Party, Verdict
    from contracts.sites.models import Building

ONE_DAY = dt.timedelta(days=1)
HEAVIEST = 20 * 2**20
WORDS = {
    "kinds": KIND_WORDS,
    "methods": METHOD_WORDS,
    "states": STATES,
    "parties": PARTY_WORDS,
    "verdicts": VERDICT_WORDS,
}


class EventForm(EntryForm):
    """What happened, when, and how it is adjusted for."""

    kind = choice_field(N_("Qu'est-ce qui a changé ?"))
    start = day_field(N_("Premier jour"))
    last = day_field(N_("Dernier jour"), required=False, help_text=N_("Laissez vide si cela continue."))
    reason = text_field(N_("En quelques mots"), help_text=N_("Ce qui s'est passé, et comment on le sait."))
    method = choice_field(
        N_("Comment l'ajuster ?"), required=False, help_text=N_("Rien pour un changement d'énergie : le modèle finit.")
    )
    energy_kwh = number_field(
        N_("kWh ajoutés au compteur"),
        required=False,
        help_text=N_("Pour une estimation, sur toute la durée ; négatif si l'événement a fait consommer moins."),
    )
    submeter_id = choice_field(
        N_("Sous-compteur"), required=False, help_text=N_("Le périmètre qui mesure ce que l'événement ajoute.")
    )
    evidence = MultipleFileField(
        N_("Pièces justificatives"), description=N_("Photos, factures, courriers ; 20 Mo chacune au plus.")
    )


class ReasonForm(EntryForm):
    """Why."""

    reason = text_field(N_("Pourquoi ?"))


def speaker_of(request: Request) -> Speaker:
    """Return who speaks, and for which party."""
    actor = request.actor
    party: Party = "shareholder" if actor.role is Role.SHAREHOLDER else "spl"
    return Speaker(party, actor.name, actor.account_id, actor.shareholder_id)


def new_event(request: Request) -> dict[str, Any] | Response:
    """Propose an event of the boundary `?boundary=` names, from `?suggestion=` or instead of `?supersedes=`."""
    _ = request.language.translate
    boundary = named(request, MeasurementBoundary, "boundary")
    suggestion = named(request, EventSuggestion, "suggestion") if "suggestion" in request.GET else None
    before = named(request, NonRoutineEvent, "supersedes") if "supersedes" in request.GET else None
    form = _event_form(request, boundary, suggestion, before)

    def act() -> NonRoutineEvent:
        submeter = form.submeter_id.data
        proposal = Proposal(
            kind=form.kind.data,
            method=form.method.data or None,
            start=form.start.data,
            end=form.last.data + ONE_DAY if form.last.data else None,
            reason=form.reason.data,
            energy_kwh=form.energy_kwh.data,
            submeter=request.dbsession.get_one(MeasurementBoundary, int(submeter)) if submeter else None,
            evidence=_evidence(form.evidence.data or ()),
            supersedes=before,
            suggestion=suggestion,
        )
        return propose(request.dbsession, boundary, proposal, speaker=speaker_of(request), today=request.today)

    if request.method == "POST":
        proposed = submit(request, form, act)
        if proposed:
            return HTTPSeeOther(request.route_path("event", id=proposed.id))
    return {
        "title": _("Qu'est-ce qui a changé ?"),
        "intro": _("Votre proposition vaut votre accord. Elle ne compte qu'avec celui de l'autre partie."),
        "crumbs": _crumbs(request, boundary),
        "form": form,
        "submit": _("Proposer l'événement"),
        "files": True,
    }


def _event_form(
    request: Request,
    boundary: MeasurementBoundary,
    suggestion: EventSuggestion | None,
    before: NonRoutineEvent | None,
) -> EventForm:
    """Return the form, filled with what is suggested or superseded."""
    _ = request.language.translate
    values: dict[str, Any] = {}
    if before is not None:
        values = {
            "kind": before.kind,
            "method": before.method,
            "reason": before.reason,
            "energy_kwh": before.energy_kwh,
            "submeter_id": str(before.submeter_id or ""),
        }
    period = before.period if before else suggestion.period if suggestion else None
    if period is not None:
        values |= {"start": period.lower, "last": period.upper - ONE_DAY if period.upper else None}
    form = EventForm(request.POST, **values)
    form.kind.choices = [(code, _(word)) for code, word in KIND_WORDS.items()]
    form.method.choices = [("", "–"), *((code, _(word)) for code, word in METHOD_WORDS.items())]
    others = request.dbsession.scalars(
        select(MeasurementBoundary)
        .join(BoundaryBuilding)
        .where(
            BoundaryBuilding.building_id.in_([building.id for building in boundary.buildings]),
            MeasurementBoundary.id != boundary.id,
        )
        .distinct()
    )
    form.submeter_id.choices = [("", "–"), *((str(one.id), one.name) for one in others)]
    return form


def _evidence(files: Sequence[Any]) -> list[Evidence]:
    return [Evidence(*piece) for piece in pieces_of(files, field="evidence", heaviest=HEAVIEST)]


def _crumbs(request: Request, boundary: MeasurementBoundary) -> list[tuple[str, str]]:
    return [
        *(building_crumbs(request, boundary.buildings[0]) if boundary.buildings else []),
        (boundary.name, request.route_path("boundary", id=boundary.id)),
    ]


def event(request: Request) -> dict[str, Any]:
    """Show one: what was said of it, by whom, and how the use moved."""
    return _page(request, found(request, NonRoutineEvent))


def _page(request: Request, shown: NonRoutineEvent, refused: ReasonForm | None = None) -> dict[str, Any]:
    start = shown.period.lower or request.today
    residuals, levels = levels_around(request.dbsession, shown.boundary_id, start, shown.period.upper, request.today)
    later = request.dbsession.scalars(
        select(NonRoutineEvent).where(NonRoutineEvent.supersedes_id == shown.id).order_by(NonRoutineEvent.id)
    ).all()
    speaker = speaker_of(request)
    concerned = speaker.party == "spl" or speaker.shareholder_id == shown.shareholder_id
    return WORDS | {
        "event": shown,
        "fragments": fragments(request, "event", shown),
        "later": later,
        "chart": effect(residuals, levels, request.language) if residuals else None,
        "mine": shown.proposed_by_party == speaker.party,
        "concerned": concerned and request.has_permission(Permission.DECIDE_EVENTS),
        "form": refused or ReasonForm(),
        "crumbs": _crumbs(request, shown.boundary),
    }


def _deciding(verdict: Verdict) -> Any:
    def view(request: Request) -> dict[str, Any] | Response:
        shown = found(request, NonRoutineEvent)
        form: Any = ReasonForm(request.POST) if verdict == "rejected" else EntryForm(request.POST)

        def act() -> object:
            return decide(
                request.dbsession,
                shown,
                verdict=verdict,
                speaker=speaker_of(request),
                today=request.today,
                reason=form.reason.data if verdict == "rejected" else "",
            )

        if submit(request, form, act):
            return HTTPSeeOther(request.route_path("event", id=shown.id))
        return _page(request, shown, form)

    return view


def evidence_file(request: Request) -> Response:
    """Serve a piece of evidence as it was deposited, to be saved and never run."""
    kept = found(request, EventEvidence).attachment
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", kept.name)
    return Response(
        body=kept.content,
        content_type="application/octet-stream",
        content_disposition=f'attachment; filename="{name}"',
    )


def dismiss_suggestion(request: Request) -> dict[str, Any] | Response:
    """Say why what the machine noticed is no event."""
    _ = request.language.translate
    suggestion = found(request, EventSuggestion)
    boundary = suggestion.plan.boundary
    form = ReasonForm(request.POST)

    def act() -> EventSuggestion:
        return dismiss(
            request.dbsession, suggestion, by=request.actor.name, reason=form.reason.data, today=request.today
        )

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(request.route_path("boundary", id=boundary.id))
    return {
        "title": _("Pourquoi n'est-ce pas un événement ?"),
        "crumbs": _crumbs(request, boundary),
        "form": form,
        "submit": _("Écarter la suggestion"),
    }


def events_of_boundary(request: Request, boundary: MeasurementBoundary) -> Mapping[str, Any]:
    """Return the events of `boundary` and what the machine noticed."""
    return _listed(request, [boundary])


def events_of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the events of the boundaries that cover `building`; None where nothing of it is measured."""
    boundaries = request.dbsession.scalars(
        select(MeasurementBoundary)
        .join(BoundaryBuilding)
        .where(BoundaryBuilding.building_id == building.id)
        .order_by(MeasurementBoundary.name)
    ).all()
    return _listed(request, boundaries) if boundaries else None


def _listed(request: Request, boundaries: Sequence[MeasurementBoundary]) -> Mapping[str, Any]:
    ids = [boundary.id for boundary in boundaries]
    events = request.dbsession.scalars(
        select(NonRoutineEvent)
        .where(NonRoutineEvent.boundary_id.in_(ids))
        .order_by(NonRoutineEvent.period, NonRoutineEvent.id)
    ).all()
    taken = {one.suggestion_id for one in events}
    suggestions = request.dbsession.scalars(
        select(EventSuggestion)
        .join(MeasurementPlan)
        .where(MeasurementPlan.boundary_id.in_(ids))
        .order_by(EventSuggestion.period)
    )
    return WORDS | {
        "boundaries": boundaries,
        "events": events,
        "suggestions": [one for one in suggestions if one.id not in taken],
    }


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "baseline.events:templates/"
    page = here + "event.jinja2"
    see, say = Permission.SEE_SAVINGS, Permission.DECIDE_EVENTS
    for route, pattern, view, renderer, permission, methods in (
        ("event_new", "/events/new", new_event, FORM, say, ("GET", "POST")),
        ("event", f"/events/{NUMBER}", event, page, see, "GET"),
        ("event_agree", f"/events/{NUMBER}/agree", _deciding("agreed"), page, say, "POST"),
        ("event_reject", f"/events/{NUMBER}/reject", _deciding("rejected"), page, say, "POST"),
        ("event_withdraw", f"/events/{NUMBER}/withdraw", _deciding("withdrawn"), page, say, "POST"),
        ("evidence", f"/evidence/{NUMBER}", evidence_file, None, see, "GET"),
        ("suggestion_dismiss", f"/suggestions/{NUMBER}/dismiss", dismiss_suggestion, FORM, say, ("GET", "POST")),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    listed = here + "events.jinja2"
    config.add_fragment(Fragment("building", "events", 30, see, listed, events_of_building))
    config.add_fragment(Fragment("boundary", "events", 10, see, listed, events_of_boundary))
