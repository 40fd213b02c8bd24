"""The page where terms are tried: on a range of savings, on years to come, on the years that were measured."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from billing.settlements.gather import BINDING, gather, schedules
from billing.settlements.models import Settlement
from billing.simulation.charts import flow_chart, range_chart
from billing.simulation.compared import SAVINGS, compared
from billing.simulation.replay import replay, whole
from billing.simulation.rules import MOST_YEARS, Expected, over_savings, simulate
from billing.simulation.tasks import PRINT, as_params
from billing.simulation.words import answer, figures, note
from contracts.agreements.models import Agreement
from contracts.agreements.versions import prices_in_force, term_in_force, terms_in_force
from contracts.agreements.years import whole_years, years_until
from contracts.prices.energies import ENERGY_NAMES
from foundation.attachments.models import Attachment
from foundation.errors import Refusal
from foundation.files import download
from foundation.forms import EntryForm, choice_field, number_field, ratio_field, submit
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, Fragment, found
from foundation.permissions import Permission
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from contracts.agreements.terms.data import Terms

VAT = Fraction(1, 5)
"""Normal rate (CGI art. 278)."""


class ExpectedForm(EntryForm):
    """What is expected of a year."""

    energy = choice_field(N_("Énergie"))
    baseline_kwh = number_field(N_("Référence, kWh par an"), default=Decimal(100_000))
    saving = ratio_field(
        N_("Économie espérée"), default=Fraction(15, 100), help_text=N_("Une part de la référence, par exemple 0,15.")
    )
    spread = ratio_field(
        N_("Incertitude de ce qui est espéré"),
        default=Fraction(5, 100),
        help_text=N_("Plus ou moins, même unité, à la confiance de l'accord."),
    )
    measurement = ratio_field(
        N_("Incertitude d'une année mesurée"),
        default=Fraction(3, 100),
        help_text=N_("L'étude d'éligibilité et les rapports la donnent."),
    )
    price = number_field(N_("Prix, € HT par kWh"), default=Decimal("0.10"))
    price_growth = ratio_field(N_("Hausse du prix par an"), default=Fraction(2, 100))
    years = number_field(N_("Années"), default=Decimal(5))
    sensor_cost = number_field(
        N_("Coût des capteurs, € HT"), default=Decimal(2000), help_text=N_("Subventions déduites.")
    )


def simulation(request: Request) -> dict[str, Any]:
    """Try the terms of an agreement, beside those one may start from."""
    _ = request.language.translate
    agreement = found(request, Agreement)
    terms = terms_in_force(agreement, request.today)
    asked = "baseline_kwh" in request.GET
    form = _form(request, agreement, request.GET if asked else None)
    side_by_side = compared(terms, request.language)

    def act() -> dict[str, Any]:
        expected = _expected(form, agreement)
        found_ = simulate(terms, expected)
        points = {name: over_savings(one, expected, SAVINGS) for name, one in side_by_side.items()}
        return {
            "answer": answer(expected, found_, request.language),
            "note": note(expected, request.language),
            "figures": figures(found_, request.language),
            "simulation": found_,
            "range": range_chart(points, request.language),
            "flows": flow_chart(found_.by_year, request.language),
        }

    answered = submit(request, form, act) if asked else act()
    replayed = _replayed(request, agreement, side_by_side)
    numbers = [one.number for one in replayed[0]["years"]] if replayed else []
    return {
        "agreement": agreement,
        "form": form,
        "answered": answered,
        "replayed": replayed,
        "headings": [
            _(N_("Clauses")),
            *((_(N_("Année {number}")).format(number=number), "number") for number in numbers),
            (_(N_("Ensemble")), "number"),
        ],
        "crumbs": _crumbs(request, agreement),
    }


def print_it(request: Request) -> dict[str, Any] | Response:
    """Ask the worker for the simulation on paper."""
    _ = request.language.translate
    agreement = found(request, Agreement)
    form = _form(request, agreement, request.POST)
    if request.method == "POST":
        expected = submit(request, form, lambda: _expected(form, agreement))
        if expected is not None:
            params = {
                "agreement_id": agreement.id,
                "expected": as_params(expected),
                "language": request.language.code,
            }
            title = _(N_("Simulation de {number}")).format(number=agreement.number)
            job = request.ask(PRINT, title, {f"agreement-{agreement.id}": params})
            return HTTPSeeOther(request.route_path("job", id=job.id))
    return {
        "title": _("La simulation sur papier"),
        "crumbs": _crumbs(request, agreement),
        "form": form,
        "submit": _("Établir le PDF"),
    }


def simulation_file(request: Request) -> Response:
    """Serve a printed simulation."""
    original = found(request, Attachment)
    if not original.name.startswith("simulation-"):
        raise HTTPNotFound
    return download(original.name, original.content, original.media_type)


def _crumbs(request: Request, agreement: Agreement) -> list[tuple[str, str]]:
    return [
        (request.language.translate(N_("Contrats")), request.route_path("agreements")),
        (agreement.number, request.route_path("agreement", id=agreement.id)),
    ]


def _form(request: Request, agreement: Agreement, sent: Any) -> ExpectedForm:
    terms = terms_in_force(agreement, request.today)
    form = ExpectedForm(sent or None, data=_assumed(agreement, terms))
    form.energy.choices = {code: request.language.translate(word) for code, word in ENERGY_NAMES.items()}
    return form


def _expected(form: ExpectedForm, agreement: Agreement) -> Expected:
    return Expected(
        energy=form.energy.data,
        baseline_kwh=form.baseline_kwh.data,
        saving=form.saving.data,
        spread=form.spread.data,
        measurement=form.measurement.data,
        price=form.price.data,
        price_growth=form.price_growth.data,
        years=int(form.years.data),
        sensor_cost=form.sensor_cost.data,
        vat=VAT * (1 - Fraction(agreement.budget.vat_recovery)),
    )


def _assumed(agreement: Agreement, terms: Terms) -> dict[str, Any]:
    """Return what the agreement itself says of what is asked: energy, price, years, cost of the sensors."""
    prices = prices_in_force(agreement)
    energy = min(prices) if prices else next((one.energy for one in terms.shares if one.energy), min(ENERGY_NAMES))
    values: dict[str, Any] = {"energy": energy}
    if prices:
        values["price"] = prices[energy][-1].per_kwh.normalize()
    values["years"] = Decimal(min(max(whole_years(*bounds(term_in_force(agreement))), 1), MOST_YEARS))
    if (cap := terms.cumulative_cap) is not None:
        values["sensor_cost"] = cap.sensor_cost - cap.grants
    return values


def _replayed(request: Request, agreement: Agreement, side_by_side: Mapping[str, Terms]) -> list[dict[str, Any]]:
    """Return what each of the terms would have owed for the years settled so far; nothing where none is."""
    last = request.dbsession.scalars(
        select(Settlement)
        .where(Settlement.agreement_id == agreement.id, Settlement.kind == "savings", Settlement.state.in_(BINDING))
        .order_by(Settlement.period.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return []
    start, end = bounds(last.period)
    rows = []
    try:
        gathered = gather(request.dbsession, agreement, years_until(*bounds(term_in_force(agreement)), start), end)
        for name, terms in side_by_side.items():
            years = replay(terms, gathered.years, schedules(agreement), request.today)
            rows.append({"name": name, "years": years, "whole": whole(years)})
    except Refusal:
        # A report is missing by now, or terms do not share one of its energies: there is nothing to compare.
        return rows
    return rows


def simulation_of_agreement(request: Request, agreement: Agreement) -> Mapping[str, Any]:
    """Return the way to the simulation."""
    _ = request
    return {"agreement": agreement}


def includeme(config: Configurator) -> None:
    """Register the page and the fragment."""
    here = "billing.simulation:templates/"
    config.add_route("simulation", f"/agreements/{NUMBER}/simulation")
    config.add_view(
        simulation,
        route_name="simulation",
        renderer=here + "simulation.jinja2",
        permission=Permission.SEE_BILLING,
        request_method="GET",
    )
    config.add_route("simulation_print", f"/agreements/{NUMBER}/simulation/print")
    config.add_view(
        print_it,
        route_name="simulation_print",
        renderer=FORM,
        permission=Permission.MANAGE_CONTRACTS,
        request_method=("GET", "POST"),
    )
    config.add_route("simulation_file", f"/simulations/{NUMBER}.pdf")
    config.add_view(
        simulation_file,
        route_name="simulation_file",
        permission=Permission.MANAGE_CONTRACTS,
        request_method="GET",
    )
    config.add_fragment(
        Fragment(
            "agreement",
            "simulation",
            50,
            Permission.SEE_BILLING,
            here + "agreement_simulation.jinja2",
            simulation_of_agreement,
        )
    )
