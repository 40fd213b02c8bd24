"""Pages of measurement boundaries: what they sum, from when on; and of a point shared by key."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import select

from contracts.sites.models import Building
from devices.points.boundaries.register import (
    KeyOf,
    change_boundary,
    end_boundary,
    register_boundary,
    share_point,
    term_of,
)
from devices.points.boundaries.sums import MINUS, versions_of
from devices.points.kinds import ENERGIES, may_count
from devices.points.models import BoundaryTerm, MeasurementBoundary, MeteringPoint
from devices.points.shares import in_french
from devices.points.views import ENERGY_WORDS, building_crumbs
from foundation.errors import Refusal
from foundation.forms import DecimalEntry, EntryForm, choice_field, day_field, read_ratio, submit, text_field
from foundation.messages import N_
from foundation.pages import FORM, NUMBER, found, fragments, named
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from devices.points.boundaries.register import Terms
    from devices.points.boundaries.sums import Version

HERE = "devices.points.boundaries:templates/"


class BoundaryForm(EntryForm):
    """A sum of points, each with its coefficient."""

    name = text_field(N_("Nom du périmètre"), help_text=N_("Par exemple : école de Kermelo, électricité."))
    energy = choice_field(N_("Énergie"))
    start = day_field(N_("Premier jour"))


class ChangeForm(EntryForm):
    """Another sum, from a day on."""

    start = day_field(N_("À partir du"), help_text=N_("Les jours d'avant gardent leur somme."))


class EndForm(EntryForm):
    """When a boundary stops counting."""

    end = day_field(N_("Ne compte plus à partir du"), help_text=N_("Ce qu'il a compté avant reste."))


class ShareForm(EntryForm):
    """From when on the keys hold."""

    start = day_field(N_("À partir du"))


def new_boundary(request: Request) -> dict[str, Any] | Response:
    """Sum points of a site into a boundary; `?building=` says on which page the reader was."""
    building = named(request, Building, "building")
    points = _points_of_site(request, building)
    form = BoundaryForm(request.POST)
    form.energy.choices = {code: request.language.translate(ENERGY_WORDS[code]) for code in ENERGIES}

    def act() -> MeasurementBoundary:
        # Nothing typed is the common case: every point of the building that counts this energy.
        mine = [one for one in points if one.building_id == building.id and one.energy == form.energy.data]
        terms = _terms(request.POST, points) or [(one, Fraction(1)) for one in mine]
        ticked = _ticked(request, building)
        return register_boundary(
            request.dbsession,
            name=form.name.data,
            energy=form.energy.data,
            buildings=[one for one in building.site.buildings if one.id in ticked] or [building],
            terms=terms,
            start=form.start.data,
        )

    if request.method == "POST":
        created = submit(request, form, act)
        if created:
            return HTTPSeeOther(request.route_path("boundary", id=created.id))
    return {
        "form": form,
        "building": building,
        "points": points,
        "typed": request.POST,
        "covered": [building.id] if request.method == "GET" else _ticked(request, building),
        "crumbs": building_crumbs(request, building),
    }


def _points_of_site(request: Request, building: Building) -> Sequence[MeteringPoint]:
    query = select(MeteringPoint).join(Building).where(Building.site_id == building.site_id)
    return list(request.dbsession.scalars(query.order_by(Building.name, MeteringPoint.id)))


def _ticked(request: Request, building: Building) -> list[int]:
    return [one.id for one in building.site.buildings if f"building-{one.id}" in request.POST]


def _terms(typed: Mapping[str, str], points: Sequence[MeteringPoint]) -> Terms:
    """Return the points that were given a coefficient (fields `coefficient-ID`), each with it."""
    read = ((one, _number(typed, f"coefficient-{one.id}", one.name)) for one in points)
    return [(one, number) for one, number in read if number is not None]


def _number(typed: Mapping[str, str], field: str, name: str) -> Fraction | None:
    """Return the number typed in `field` (1, -1, 0,35, 1/3), None where it was left empty."""
    written = typed.get(field, "")
    if not isinstance(written, str) or not written.strip():
        return None
    try:
        return _fraction(written.strip().replace(MINUS, "-"))
    except ValueError:
        raise Refusal(
            "Le coefficient de « {name} » n'est pas un nombre ; écrivez par exemple 1, -1, 0,35 ou 1/3.",
            field="terms",
            name=name,
        ) from None


def _fraction(written: str) -> Fraction:
    if "/" not in written and "%" not in written:
        return Fraction(DecimalEntry.read(written))
    part = read_ratio(written.removeprefix("-"))
    return -part if written.startswith("-") else part


def boundary(request: Request) -> dict[str, Any]:
    """Show one: what it counts now and counted before, which buildings it covers."""
    whole = found(request, MeasurementBoundary)
    versions = _versions(whole)
    begun = [one for one in versions if one.start <= request.today]
    return {
        "boundary": whole,
        "versions": list(reversed(versions)),
        "now": next(iter(begun[-1:] or versions), None),
        "terms": [term for term in whole.terms if not term.period.isempty],
        "crumbs": _crumbs(request, whole),
        "fragments": fragments(request, "boundary", whole),
    }


def _versions(whole: MeasurementBoundary) -> list[Version]:
    there = [term for term in whole.terms if not term.period.isempty]
    return versions_of(term_of(term.point.name, term.share, term.period) for term in there)


def _crumbs(request: Request, whole: MeasurementBoundary) -> list[tuple[str, str]]:
    return building_crumbs(request, whole.buildings[0]) if whole.buildings else []


def new_version(request: Request) -> dict[str, Any] | Response:
    """Let a boundary sum something else from a day on."""
    whole = found(request, MeasurementBoundary)
    sites = {building.site_id for building in whole.buildings} | {term.point.building.site_id for term in whole.terms}
    query = select(MeteringPoint).join(Building).where(Building.site_id.in_(sites))
    points = [
        one
        for one in request.dbsession.scalars(query.order_by(Building.name, MeteringPoint.id))
        if may_count(whole.energy, one.energy)
    ]
    form = ChangeForm(request.POST)

    def act() -> MeasurementBoundary:
        return change_boundary(request.dbsession, whole, terms=_terms(request.POST, points), start=form.start.data)

    address = request.route_path("boundary", id=whole.id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    open_ended = [term for term in whole.terms if not term.period.isempty and term.period.upper is None]
    there = {f"coefficient-{term.point_id}": in_french(term.share) for term in open_ended}
    return {
        "boundary": whole,
        "form": form,
        "points": points,
        "typed": request.POST if request.method == "POST" else there,
        "crumbs": [*_crumbs(request, whole), (whole.name, address)],
    }


def ending(request: Request) -> dict[str, Any] | Response:
    """Let a boundary count nothing any more."""
    _ = request.language.translate
    whole = found(request, MeasurementBoundary)
    form = EndForm(request.POST)
    address = request.route_path("boundary", id=whole.id)
    if request.method == "POST" and submit(
        request, form, lambda: end_boundary(request.dbsession, whole, end=form.end.data)
    ):
        return HTTPSeeOther(address)
    return {
        "title": _("Finir ce périmètre"),
        "crumbs": [*_crumbs(request, whole), (whole.name, address)],
        "form": form,
        "submit": _("Finir"),
    }


def sharing(request: Request) -> dict[str, Any] | Response:
    """Share a point by key between the buildings of its site, each in a boundary of its own or together."""
    _ = request.language.translate
    point = found(request, MeteringPoint)
    buildings = point.building.site.buildings
    form = ShareForm(request.POST)
    named_now, keys_now = _keys_now(request, point)

    def act() -> list[MeasurementBoundary]:
        parts: dict[str, KeyOf] = {}
        for one in buildings:
            key = _number(request.POST, f"key-{one.id}", one.name)
            name = " ".join(str(request.POST.get(f"name-{one.id}", "")).split())[:200]
            if key is None:
                continue
            if not name:
                raise Refusal("Donnez un nom au périmètre de « {name} ».", field="keys", name=one.name)
            before = parts.get(name.lower())
            # Two buildings in one boundary: what one owner holds is counted together.
            parts[name.lower()] = (
                KeyOf(before.name, [*before.buildings, one], Fraction(before.key) + key)
                if before
                else KeyOf(name, [one], key)
            )
        return share_point(request.dbsession, point, list(parts.values()), start=form.start.data)

    address = request.route_path("point", id=point.id)
    if request.method == "POST" and submit(request, form, act):
        return HTTPSeeOther(address)
    word = _(ENERGY_WORDS[point.energy])
    proposed = {f"name-{one.id}": named_now.get(one.id, f"{one.name}, {word}") for one in buildings}
    return {
        "point": point,
        "form": form,
        "buildings": buildings,
        "typed": request.POST if request.method == "POST" else proposed | keys_now,
        "crumbs": [*building_crumbs(request, point.building), (point.name, address)],
    }


def _keys_now(request: Request, point: MeteringPoint) -> tuple[dict[int, str], dict[str, str]]:
    """Return by building the boundary that counts `point` for it now, and its key where it covers nothing else."""
    names: dict[int, str] = {}
    keys: dict[str, str] = {}
    query = select(BoundaryTerm).where(BoundaryTerm.point_id == point.id, BoundaryTerm.numerator > 0)
    for term in request.dbsession.scalars(query):
        if term.period.isempty or term.period.upper is not None:
            continue
        covered = term.boundary.buildings
        names |= {one.id: term.boundary.name for one in covered}
        if len(covered) == 1:
            keys[f"key-{covered[0].id}"] = in_french(term.share)
    return names, keys


def includeme(config: Configurator) -> None:
    """Register the pages."""
    see, manage, both = Permission.SEE_MEASUREMENTS, Permission.MANAGE_MEASUREMENTS, ("GET", "POST")
    for route, pattern, view, renderer, permission, methods in (
        ("boundary_new", "/boundaries/new", new_boundary, HERE + "boundary_new.jinja2", manage, both),
        ("boundary", f"/boundaries/{NUMBER}", boundary, HERE + "boundary.jinja2", see, "GET"),
        ("boundary_change", f"/boundaries/{NUMBER}/change", new_version, HERE + "boundary_change.jinja2", manage, both),
        ("boundary_end", f"/boundaries/{NUMBER}/end", ending, FORM, manage, both),
        ("point_share", f"/points/{NUMBER}/share", sharing, HERE + "share.jinja2", manage, both),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=methods)
