"""Months so far on a building's page, and on the first page the buildings that leave their plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baseline.fitting import described
from baseline.monitoring.alerts import latest_months
from baseline.monitoring.months import figures_of
from baseline.plans.views import plans_covering
from foundation.pages import Fragment
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pyramid.config import Configurator
    from pyramid.request import Request

    from baseline.reports.models import MonthlyFigure
    from contracts.sites.models import Building

SHOWN = 12


def of_building(request: Request, building: Building) -> Mapping[str, Any] | None:
    """Return the last twelve months of each signed plan that covers `building`; None without one."""
    plans = [plan for plan in request.dbsession.scalars(plans_covering(building.id)) if plan.state == "signed"]
    told = [(plan, figures_of(request.dbsession, plan)[-SHOWN:]) for plan in plans]
    told = [(plan, months) for plan, months in told if months]
    return {"plans": told, "said": _said(request, [one for _, months in told for one in months])} if told else None


def leaving(request: Request, _row: None) -> Mapping[str, Any] | None:
    """Return the plans whose latest month warns; None where all keep to theirs."""
    rows = [one for one in latest_months(request.dbsession) if one.warning is not None]
    return {"months": rows, "said": _said(request, rows)} if rows else None


def _said(request: Request, months: Sequence[MonthlyFigure]) -> dict[int, str]:
    language = request.language
    return {one.id: described(one.warning, language.translate, language.code) for one in months if one.warning}


def includeme(config: Configurator) -> None:
    """Register the fragments."""
    here, see = "baseline.monitoring:templates/", Permission.SEE_SAVINGS
    config.add_fragment(Fragment("building", "months", 15, see, here + "building_months.jinja2", of_building))
    config.add_fragment(Fragment("home", "leaving", 20, see, here + "leaving.jinja2", leaving))
