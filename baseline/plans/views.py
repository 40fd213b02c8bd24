"""Pages of measurement plans: draft, assess, freeze, annex, sign."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from baseline.calendars import ZONES
from baseline.fitting.kinds import kind_of, model_from_json
from baseline.plans.deposits import Deposit, deposit
from baseline.plans.headings import HEADINGS
from baseline.plans.models import MeasurementPlan, PlanDeposit
from baseline.plans.register import (
    Assessment,
    Choices,
    Comfort,
    assess,
    draft_plan,
    freeze,
    plan_document,
    sign,
)
from baseline.plans.words import HOT_WATER, INTERVALS, MODEL_KINDS, WINDOW_RULES
from baseline.weather.choice import Place, ranked
from baseline.weather.models import Station
from contracts.agreements.models import Agreement, Annex
from contracts.agreements.register import annex
from devices.points.models import BoundaryBuilding, MeasurementBoundary, MeteringPoint
from devices.points.views import building_crumbs
from foundation.canonical import canonical_json
from foundation.errors import Refusal
from foundation.files import download, json_file
from foundation.forms import (
    EntryForm,
    choice_field,
    day_field,
    file_field,
    number_field,
    pasted_field,
    submit,
    text_field,
)
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found, fragments, named
from foundation.permissions import Permission
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response
    from sqlalchemy import Select

    from contracts.sites.models import Building


STATES = {
    "draft": (N_("brouillon"), "plain"),
    "frozen": (N_("figé"), "busy"),
    "signed": (N_("signé"), "good"),
    "superseded": (N_("remplacé"), "plain"),
}
"""Each state with its word and its tone."""
LONGEST_TEXT = 4000


class PlanForm(EntryForm):
    """How the savings of a boundary are measured."""

    station_id = choice_field(
        N_("Station météo"),
        help_text=N_("La plus proche à moins de 35 km et de 150 m d'altitude d'abord ; figée avec le plan."),
    )
    window_rule = choice_field(
        N_("Choix de la référence"), help_text=N_("Une règle fixée d'avance ne laisse à personne le choix de l'année.")
    )
    baseline_start = day_field(
        N_("Premier jour de la référence"), required=False, help_text=N_("Pour une période convenue.")
    )
    baseline_end = day_field(
        N_("Fin de la référence"), help_text=N_("Le premier jour qui n'en fait plus partie : le début des travaux.")
    )
    reporting_starts_on = day_field(N_("Premier jour du suivi"), help_text=N_("Une fois les travaux finis."))
    model_kind = choice_field(N_("Modèle"))
    school_zone = choice_field(
        N_("Vacances scolaires"), required=False, help_text=N_("Pour une école : la zone de son académie.")
    )
    confidence_level = number_field(N_("Niveau de confiance"), default=Decimal("0.9"))
    interval = choice_field(N_("Intervalle qui compte"))
    least_completeness = number_field(
        N_("Part de jours complets qu'un mois doit avoir"),
        required=False,
        help_text=N_("Par exemple 0,9. En dessous, ce qu'un mois aurait évité ne compte pas."),
    )
    hot_water = choice_field(
        N_("Eau chaude sanitaire"),
        required=False,
        help_text=N_("Non déclarée pour du gaz ou de la chaleur, elle doit être acceptée par les deux parties."),
    )
    comfort_point_id = choice_field(
        N_("Température intérieure mesurée par"),
        required=False,
        help_text=N_("Un jour plus froid que le minimum promis, ce qui est évité n'est pas dû."),
    )
    comfort_minimum_c = number_field(N_("Température intérieure minimale, °C"), required=False)
    occupied_from = number_field(
        N_("Occupé à partir de (heure)"), required=False, help_text=N_("Du lundi au vendredi.")
    )
    occupied_until = number_field(N_("Occupé jusqu'à (heure)"), required=False)


for _name, _heading in HEADINGS.items():
    setattr(
        PlanForm,
        _name,
        pasted_field(_heading.title, LONGEST_TEXT, help_text=_heading.help_text, required=False, rows=3),
    )


class DepositForm(EntryForm):
    """The signed document of a plan."""

    file = file_field(N_("Document signé, en PDF"))
    signatories = text_field(N_("Signataires"), help_text=N_("Noms et qualités, par exemple « Anne Le Gall, maire »."))
    act_reference = text_field(N_("Acte"), required=False, help_text=N_("Délibération ou décision : numéro et date."))
    signed_on = day_field(N_("Signé le"))


class AnnexForm(EntryForm):
    """Which frozen plan an agreement quotes."""

    plan_id = choice_field(N_("Plan de mesure figé"))


class SignatureForm(EntryForm):
    """Which agreement the plan is signed with, and when."""

    agreement_id = choice_field(N_("Accord"))
    signed_on = day_field(N_("Signé le"))


def plan_crumbs(request: Request, plan: MeasurementPlan) -> list[tuple[str, str]]:
    """Return the way to a plan's page."""
    boundary = plan.boundary
    return [
        *(building_crumbs(request, boundary.buildings[0]) if boundary.buildings else []),
        (boundary.name, request.route_path("boundary", id=boundary.id)),
    ]


def new_plan(request: Request) -> dict[str, Any] | Response:
    """Draft a plan of the boundary `?boundary=` names."""
    _ = request.language.translate
    boundary = named(request, MeasurementBoundary, "boundary")
    replaced = named(request, MeasurementPlan, "replaces") if request.GET.get("replaces") else None
    form = PlanForm(request.POST, data=_as_before(replaced))
    form.station_id.choices = proposed_stations(request, boundary)

    for field, words in ((form.window_rule, WINDOW_RULES), (form.model_kind, MODEL_KINDS), (form.interval, INTERVALS)):
        field.choices = [(code, _(word)) for code, word in words.items()]
    form.school_zone.choices = [("", _("non"))] + [(zone, _("zone {zone}").format(zone=zone)) for zone in ZONES]
    form.hot_water.choices = [("", "–"), *((code, _(word)) for code, word in HOT_WATER.items())]
    points = request.dbsession.scalars(
        select(MeteringPoint).where(MeteringPoint.building_id.in_([one.id for one in boundary.buildings]))
    )
    form.comfort_point_id.choices = [("", "–"), *((str(one.id), one.name) for one in points)]

    def act() -> MeasurementPlan:
        return draft_plan(
            request.dbsession,
            boundary=boundary,
            station=request.dbsession.get_one(Station, int(form.station_id.data)),
            baseline_start=form.baseline_start.data,
            baseline_end=form.baseline_end.data,
            reporting_starts_on=form.reporting_starts_on.data,
            confidence_level=float(form.confidence_level.data),
            interval=form.interval.data,
            hot_water=form.hot_water.data or None,
            comfort=_comfort(request, form),
            choices=Choices(
                form.model_kind.data,
                form.school_zone.data or None,
                form.window_rule.data,
                form.least_completeness.data,
            ),
            headings={name: (form[name].data or "").strip() for name in HEADINGS},
            supersedes=replaced,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("plan", id=created.id))
    return {
        "title": _("Nouveau plan de mesure"),
        "crumbs": [(boundary.name, request.route_path("boundary", id=boundary.id))],
        "form": form,
        "submit": _("Préparer le plan"),
    }


def proposed_stations(request: Request, boundary: MeasurementBoundary) -> dict[str, str]:
    """Return the stations to choose from, the one the rule proposes first; by name where the site has no place."""
    language = request.language
    stations = {one.id: one for one in request.dbsession.scalars(select(Station).order_by(Station.name))}
    names = {key: f"{one.name} ({one.code})" for key, one in stations.items()}
    site = boundary.buildings[0].site if boundary.buildings else None
    if site is None or site.latitude is None or site.longitude is None:
        return {str(key): name for key, name in names.items()}
    places = [
        (key, Place(one.latitude, one.longitude, one.altitude_m))
        for key, one in stations.items()
        if one.latitude is not None and one.longitude is not None
    ]
    near = ranked(Place(site.latitude, site.longitude, site.altitude_m), places)
    told: dict[str, str] = {}
    for one in near:
        parts = [names.pop(one.key), language.quantity(one.km, "km")]
        if one.rise_m is not None:
            parts.append(language.translate(N_("altitude {rise} m")).format(rise=language.number(one.rise_m)))
        if not one.admissible:
            parts.append(language.translate(N_("trop loin ou d'une autre altitude")))
        told[str(one.key)] = " · ".join(parts)
    return told | {str(key): name for key, name in names.items()}


def _as_before(replaced: MeasurementPlan | None) -> dict[str, Any]:
    """Return what the version before says, to begin a new one with."""
    if replaced is None:
        return {}
    start, end = bounds(replaced.baseline_period)
    said = {
        name: getattr(replaced, name)
        for name in (
            "reporting_starts_on",
            "interval",
            "hot_water",
            "comfort_minimum_c",
            "occupied_from",
            "occupied_until",
            "model_kind",
            "least_completeness",
        )
    }
    choices = {
        "station_id": str(replaced.station_id),
        "comfort_point_id": str(replaced.comfort_point_id or ""),
        "school_zone": replaced.school_zone or "",
    }
    dates = {"window_rule": "agreed", "baseline_start": start, "baseline_end": end}
    return (
        said
        | choices
        | dates
        | {"confidence_level": Decimal(str(replaced.confidence_level))}
        | (replaced.headings or {})
    )


def _comfort(request: Request, form: PlanForm) -> Comfort | None:
    """Return the indoor temperature promised, said whole or not at all."""
    parts = (
        form.comfort_point_id.data or None,
        form.comfort_minimum_c.data,
        form.occupied_from.data,
        form.occupied_until.data,
    )
    if not any(part is not None for part in parts):
        return None
    point, minimum, first, last = parts
    if point is None or minimum is None or first is None or last is None:
        raise Refusal(
            "La température promise se dit en entier : où elle est mesurée, le minimum, de quelle heure à quelle"
            " heure.",
            field="comfort_minimum_c",
        )
    if not (first == int(first) and last == int(last) and 0 <= first < last <= 24):
        raise Refusal(
            "Les heures d'occupation sont des heures pleines, de 0 à 24, par exemple 8 et 18.",
            field="occupied_from",
        )
    return Comfort(request.dbsession.get_one(MeteringPoint, int(point)), minimum, (int(first), int(last)))


def plan(request: Request) -> dict[str, Any]:
    """Show one: the frozen model, or what it would be if it were frozen now."""
    return _page(request, found(request, MeasurementPlan))


def _page(request: Request, shown: MeasurementPlan, refused: EntryForm | None = None) -> dict[str, Any]:
    assessment: Assessment | None = None
    if shown.state == "draft":
        assessment = assess(request.dbsession, shown)
        model, findings = assessment.model, [finding.to_json() for finding in assessment.findings]
    else:
        model, findings = model_from_json(shown.model or {}), shown.findings or []
    return {
        "plan": shown,
        "model": model,
        "findings": findings,
        "fragments": fragments(request, "plan", (shown, model)),
        "states": STATES,
        "hot_water": HOT_WATER,
        "freeze_form": refused or EntryForm(),
        "deposit_form": DepositForm(request.POST),
        "headings": HEADINGS,
        "kinds": MODEL_KINDS,
        "rules": WINDOW_RULES,
        "intervals": INTERVALS,
        "kind": kind_of(model) if model else None,
        "sign_form": _signature_form(request, shown),
        "crumbs": plan_crumbs(request, shown),
    }


def _signature_form(request: Request, shown: MeasurementPlan) -> SignatureForm:
    """Offer the signed agreements that quote the plan."""
    form = SignatureForm(request.POST)
    rows = request.dbsession.scalars(
        select(Agreement).join(Annex).where(Annex.sha256 == shown.sha256, Agreement.state == "signed")
    )
    form.agreement_id.choices = {str(one.id): f"{one.number} — {one.title}" for one in rows}
    return form


def _annex_form(request: Request, agreement: Agreement) -> AnnexForm:
    """Offer the frozen plans that `agreement` does not quote yet."""
    form = AnnexForm(request.POST)
    quoted = select(Annex.sha256).where(Annex.agreement_id == agreement.id)
    rows = request.dbsession.scalars(
        select(MeasurementPlan)
        .where(MeasurementPlan.state == "frozen", MeasurementPlan.sha256.not_in(quoted))
        .order_by(MeasurementPlan.id)
    )
    form.plan_id.choices = {str(one.id): one.boundary.name for one in rows}
    return form


def freeze_plan(request: Request) -> dict[str, Any] | Response:
    """Freeze the model for good."""
    drafted = found(request, MeasurementPlan)
    form = EntryForm(request.POST)
    if submit(request, form, lambda: freeze(request.dbsession, drafted, by=request.actor.name, now=request.now)):
        return HTTPSeeOther(request.route_path("plan", id=drafted.id))
    return _page(request, drafted, form)


def annex_plan(request: Request) -> dict[str, Any] | Response:
    """Make a frozen plan an annex of a draft agreement."""
    _ = request.language.translate
    agreement = found(request, Agreement)
    form = _annex_form(request, agreement)
    address = request.route_path("agreement", id=agreement.id)

    def act() -> Annex:
        frozen = request.dbsession.get_one(MeasurementPlan, int(form.plan_id.data))
        # A document of the agreement, in the agreement's language.
        title = f"Plan de mesure : {frozen.boundary.name}"
        return annex(request.dbsession, agreement, title, frozen.sha256 or "")

    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    return {
        "title": _("Annexer un plan de mesure"),
        "crumbs": [(agreement.number, address)],
        "form": form,
        "submit": _("Annexer"),
    }


def sign_plan(request: Request) -> dict[str, Any] | Response:
    """Sign a frozen plan with the agreement that quotes it."""
    frozen = found(request, MeasurementPlan)
    form = _signature_form(request, frozen)

    def act() -> MeasurementPlan:
        agreement = request.dbsession.get_one(Agreement, int(form.agreement_id.data))
        return sign(request.dbsession, frozen, agreement=agreement, signed_on=form.signed_on.data)

    if submit(request, form, act):
        return HTTPSeeOther(request.route_path("plan", id=frozen.id))
    return _page(request, frozen) | {"sign_form": form}


def deposit_document(request: Request) -> dict[str, Any] | Response:
    """Keep the signed document of a plan."""
    frozen = found(request, MeasurementPlan)
    form = DepositForm(request.POST)

    def act() -> PlanDeposit:
        given = Deposit(
            form.file.data.file.read(),
            form.file.data.filename,
            form.signatories.data,
            form.act_reference.data or "",
            form.signed_on.data,
        )
        return deposit(request.dbsession, frozen, given, by=request.actor.name, now=request.now)

    if submit(request, form, act):
        return HTTPSeeOther(request.route_path("plan", id=frozen.id))
    return _page(request, frozen) | {"deposit_form": form}


def deposited(request: Request) -> Response:
    """Serve a signed document as it was deposited."""
    row = found(request, PlanDeposit)
    return download(f"plan-signe-{row.id}.pdf", row.attachment.content, row.attachment.media_type)


def plans_of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the plans that cover `building`; None without one."""
    plans = request.dbsession.scalars(plans_covering(building.id)).all()
    return {"plans": plans, "states": STATES} if plans else None


def plans_covering(building_id: int) -> Select[MeasurementPlan]:
    """Return the plans of the boundaries that cover a building, the one in force last."""
    return (
        select(MeasurementPlan)
        .join(BoundaryBuilding, BoundaryBuilding.boundary_id == MeasurementPlan.boundary_id)
        .where(BoundaryBuilding.building_id == building_id)
        .order_by(MeasurementPlan.state == "signed", MeasurementPlan.id)
    )


def plans_of_agreement(request: Request, agreement: Agreement) -> Mapping[str, Any] | None:
    """Return the plans signed with `agreement`, and a form to annex a frozen one; None without either."""
    plans = request.dbsession.scalars(
        select(MeasurementPlan)
        .where(
            (MeasurementPlan.agreement_id == agreement.id)
            | MeasurementPlan.sha256.in_([one.sha256 for one in agreement.annexes])
        )
        .order_by(MeasurementPlan.id)
    ).all()
    form = _annex_form(request, agreement) if agreement.state == "draft" else None
    if not plans and (form is None or not request.has_permission(Permission.MANAGE_SAVINGS)):
        return None
    return {"plans": plans, "states": STATES, "form": form}


def plan_file(request: Request) -> Response:
    """Serve the frozen plan, coefficients and all, byte for byte what its SHA-256 was taken of."""
    shown = found(request, MeasurementPlan)
    if shown.sha256 is None:
        raise HTTPNotFound
    return json_file(f"plan-{shown.id}.json", canonical_json(plan_document(shown)))


def includeme(config: Configurator) -> None:
    """Register the pages and the fragments."""
    here = "baseline.plans:templates/"
    see, manage = Permission.SEE_SAVINGS, Permission.MANAGE_SAVINGS
    for route, pattern, view, renderer, permission, methods in (
        ("plan_new", "/plans/new", new_plan, FORM, manage, ("GET", "POST")),
        ("plan", f"/plans/{NUMBER}", plan, here + "plan.jinja2", see, "GET"),
        ("plan_file", f"/plans/{NUMBER}.json", plan_file, None, see, "GET"),
        ("plan_freeze", f"/plans/{NUMBER}/freeze", freeze_plan, here + "plan.jinja2", manage, "POST"),
        ("plan_annex", f"/agreements/{NUMBER}/annexes", annex_plan, FORM, manage, ("GET", "POST")),
        ("plan_deposit", f"/plans/{NUMBER}/deposits", deposit_document, here + "plan.jinja2", manage, "POST"),
        ("plan_deposited", f"/plan-deposits/{NUMBER}.pdf", deposited, None, see, "GET"),
        ("plan_sign", f"/plans/{NUMBER}/sign", sign_plan, here + "plan.jinja2", manage, "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
    config.add_fragment(Fragment("building", "plans", 45, see, here + "building_plans.jinja2", plans_of_building))
    config.add_fragment(Fragment("agreement", "plans", 10, see, here + "agreement_plans.jinja2", plans_of_agreement))
