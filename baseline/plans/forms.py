"""The form of a measurement plan: its fields, what they offer, what they begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from baseline.calendars import ZONES
from baseline.plans.headings import HEADINGS
from baseline.plans.register import Comfort
from baseline.plans.words import HOT_WATER, INTERVALS, MODEL_KINDS, WINDOW_RULES
from baseline.weather.choice import Place, ranked
from baseline.weather.models import Station
from devices.points.models import MeteringPoint
from foundation.errors import Refusal
from foundation.forms import EntryForm, choice_field, day_field, number_field, pasted_field
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from devices.points.models import MeasurementBoundary
    from foundation.look.language import Language

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
    expected_saving = number_field(
        N_("Économie attendue, part de la référence"),
        required=False,
        help_text=N_("Par exemple 0,15 : le plan dit alors si elle se distinguera du hasard."),
    )
    most_cv_rmse = number_field(
        N_("CV(RMSE) admis"), required=False, help_text=N_("0,25 (ASHRAE Guideline 14) si rien n'est dit.")
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


def plan_form(
    session: Session,
    boundary: MeasurementBoundary,
    replaced: MeasurementPlan | None,
    *,
    posted: Any,
    language: Language,
) -> PlanForm:
    """Return the form of a plan of `boundary`, begun with what the version it replaces says."""
    _ = language.translate
    form = PlanForm(posted, data=_as_before(replaced))
    form.station_id.choices = proposed_stations(session, boundary, language)
    for field, words in ((form.window_rule, WINDOW_RULES), (form.model_kind, MODEL_KINDS), (form.interval, INTERVALS)):
        field.choices = [(code, _(word)) for code, word in words.items()]
    form.school_zone.choices = [("", _("non"))] + [(zone, _("zone {zone}").format(zone=zone)) for zone in ZONES]
    form.hot_water.choices = [("", "–"), *((code, _(word)) for code, word in HOT_WATER.items())]
    points = session.scalars(
        select(MeteringPoint).where(MeteringPoint.building_id.in_([one.id for one in boundary.buildings]))
    )
    form.comfort_point_id.choices = [("", "–"), *((str(one.id), one.name) for one in points)]
    return form


def proposed_stations(session: Session, boundary: MeasurementBoundary, language: Language) -> dict[str, str]:
    """Return the stations to choose from, the one the rule proposes first; by name where the site has no place."""
    stations = {one.id: one for one in session.scalars(select(Station).order_by(Station.name))}
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
            "expected_saving",
            "most_cv_rmse",
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


def comfort_of(session: Session, form: PlanForm) -> Comfort | None:
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
    return Comfort(session.get_one(MeteringPoint, int(point)), minimum, (int(first), int(last)))
