"""The page where terms are tried: on a range of savings, on years to come, on the years that were measured."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from billing.settlements.gather import BINDING, gather, schedules
from billing.settlements.models import Settlement
from billing.simulation.charts import flow_chart, range_chart
from billing.simulation.replay import replay, whole
from billing.simulation.rules import MOST_YEARS, Expected, over_savings, simulate
from contracts.agreements.clauses import PRESET_NAMES
from contracts.agreements.models import Agreement
from contracts.agreements.terms.presets import PRESETS
from contracts.agreements.versions import prices_in_force, term_in_force, terms_in_force
from contracts.agreements.years import whole_years, years_until
from contracts.prices.energies import ENERGY_NAMES
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, number_field, ratio_field, submit
from foundation.messages import N_
from foundation.pages import NUMBER, Fragment, found
from foundation.permissions import Permission
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request

    from contracts.agreements.terms.data import Terms

VAT = Fraction(1, 5)
"""Normal rate (CGI art. 278)."""
SAVINGS = [Fraction(n, 100) for n in range(-10, 31, 2)]


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
    form = ExpectedForm(request.GET if asked else None, data=_assumed(agreement, terms))
    form.energy.choices = {code: _(word) for code, word in ENERGY_NAMES.items()}
    compared = {_(N_("cet accord")): terms} | {_(PRESET_NAMES[code]): one for code, one in PRESETS.items()}

    def act() -> dict[str, Any]:
        expected = Expected(
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
        found_ = simulate(terms, expected)
        points = {name: over_savings(one, expected, SAVINGS) for name, one in compared.items()}
        return {
            "simulation": found_,
            "expected": expected,
            "range": range_chart(points, request.language),
            "flows": flow_chart(found_.by_year, request.language),
        }

    answered = submit(request, form, act) if asked else act()
    return {
        "agreement": agreement,
        "form": form,
        "answered": answered,
        "replayed": _replayed(request, agreement, compared),
        "crumbs": [
            (_("Contrats"), request.route_path("agreements")),
            (agreement.number, request.route_path("agreement", id=agreement.id)),
        ],
    }


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


def _replayed(request: Request, agreement: Agreement, compared: Mapping[str, Terms]) -> list[dict[str, Any]]:
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
        for name, terms in compared.items():
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
