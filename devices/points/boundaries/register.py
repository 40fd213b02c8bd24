"""Register measurement boundaries and change what they sum, from a day on; the past stays as it was counted."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from psycopg.errors import RestrictViolation
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from devices.points.boundaries.sums import Term, keys_amiss
from devices.points.kinds import COUNTED_TOGETHER, ENERGIES, may_count
from devices.points.models import BoundaryTerm, MeasurementBoundary, MeteringPoint
from devices.points.shares import Share, in_french
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from contracts.sites.models import Building

Exact = Decimal | Fraction
"""A coefficient: never a float, and no third that is almost one."""
Terms = list[tuple[MeteringPoint, Exact]]


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A part of a shared point: the boundary that counts it (made where there is none of that name) and its key."""

    name: str
    buildings: Sequence[Building]
    key: Exact


def register_boundary(
    session: Session,
    *,
    name: str,
    energy: str,
    buildings: Sequence[Building],
    terms: Sequence[tuple[MeteringPoint, Exact]],
    start: dt.date,
) -> MeasurementBoundary:
    """Add a boundary over `buildings`: the sum of `terms` (point, coefficient) from local day `start` on."""
    points = [point for point, _ in terms]
    _lock(session, points)
    boundary = _register(session, name, energy, buildings, terms=terms, start=start)
    _check_keys(session, points, start)
    return boundary


def change_boundary(
    session: Session,
    boundary: MeasurementBoundary,
    *,
    terms: Sequence[tuple[MeteringPoint, Exact]],
    start: dt.date,
) -> MeasurementBoundary:
    """Let `boundary` sum `terms` from local day `start` on; days before keep the sum they had."""
    touched = [*(point for point, _ in terms), *(term.point for term in boundary.terms)]
    _lock(session, touched)
    _change(session, boundary, list(terms), start)
    _check_keys(session, touched, start)
    return boundary


def end_boundary(session: Session, boundary: MeasurementBoundary, *, end: dt.date) -> MeasurementBoundary:
    """Let `boundary` count nothing from local day `end` on; what it counted before stays."""
    touched = [term.point for term in boundary.terms]
    _lock(session, touched)
    for term in _still_open(boundary, end):
        _end(session, term, end)
    _check_keys(session, touched, end)
    return boundary


def share_point(
    session: Session, point: MeteringPoint, keys: Sequence[KeyOf], *, start: dt.date
) -> list[MeasurementBoundary]:
    """Share `point` by key between boundaries from local day `start` on; the keys make 1, or nothing is changed.

    A boundary that counted the point and is not named any more stops counting it that day; other terms stay.
    """
    if len({one.name.lower() for one in keys}) < len(keys):
        raise Refusal("Deux parts portent le même nom ; réunissez-les ou renommez-en une.", field="keys")
    before = session.scalars(
        select(MeasurementBoundary)
        .join(BoundaryTerm)
        .where(BoundaryTerm.point_id == point.id, BoundaryTerm.numerator > 0)
        .distinct()
    ).all()
    _lock(session, [point, *(term.point for one in before for term in one.terms)])
    named = {one.name.lower(): one for one in before}
    for one in before:
        if one.name.lower() not in {part.name.lower() for part in keys}:
            for term in _still_open(one, start):
                if term.point_id == point.id:
                    _end(session, term, start)
    shared = []
    for part in keys:
        known = named.get(part.name.lower())
        if known is None:
            shared.append(
                _register(session, part.name, point.energy, part.buildings, terms=[(point, part.key)], start=start)
            )
        else:
            rest: Terms = [(t.point, t.share.exact) for t in _still_open(known, start) if t.point_id != point.id]
            _change(session, known, [*rest, (point, part.key)], start)
            shared.append(known)
    _check_keys(session, [point], start)
    return shared


def _register(
    session: Session,
    name: str,
    energy: str,
    buildings: Sequence[Building],
    *,
    terms: Sequence[tuple[MeteringPoint, Exact]],
    start: dt.date,
) -> MeasurementBoundary:
    if energy not in ENERGIES:
        raise Refusal("Un périmètre compte une énergie ; choisissez-la dans la liste.", field="energy")
    if not buildings or not terms:
        raise Refusal("Un périmètre de mesure couvre au moins un bâtiment et compte au moins un point.", field="terms")
    if len({building.site.timezone for building in buildings}) > 1:
        raise Refusal("Un périmètre réunit des bâtiments d'un même fuseau horaire ; faites un périmètre par fuseau.")
    _check_terms(energy, terms)
    if session.scalar(select(MeasurementBoundary.id).where(func.lower(MeasurementBoundary.name) == name.lower())):
        raise Refusal("Un périmètre se nomme déjà « {name} » ; donnez-lui un autre nom.", field="name", name=name)
    boundary = MeasurementBoundary(
        name=name,
        energy=energy,
        buildings=list(buildings),
        terms=[BoundaryTerm(point=point, share=Share.of(factor), period=Range(start, None)) for point, factor in terms],
    )
    session.add(boundary)
    session.flush()
    return boundary


def _check_terms(energy: str, terms: Sequence[tuple[MeteringPoint, Exact]]) -> None:
    void = sorted(point.name for point, factor in terms if not factor)
    if void:
        raise Refusal(
            "Un coefficient de zéro ne compte rien : laissez vide celui de {void}, ou corrigez-le.",
            field="terms",
            void=", ".join(void),
        )
    strangers = sorted(point.name for point, _ in terms if not may_count(energy, point.energy))
    if strangers:
        also = " (et la production photovoltaïque)" if energy in COUNTED_TOGETHER else ""
        raise Refusal(
            "Un périmètre compte une seule énergie{also} : retirez {strangers}, ou faites un périmètre par énergie.",
            field="terms",
            also=also,
            strangers=", ".join(strangers),
        )
    upside_down = sorted(point.name for point, factor in terms if point.direction == "export" and factor > 0)
    if upside_down:
        raise Refusal(
            "Ce qui est injecté au réseau n'a pas été consommé : {exports} se retire, écrivez -1.",
            field="terms",
            exports=", ".join(upside_down),
        )


def _change(session: Session, boundary: MeasurementBoundary, terms: Terms, start: dt.date) -> None:
    """Write the version from `start` on: what stays the same goes on, the rest ends and begins."""
    if not terms:
        raise Refusal(
            "Un périmètre compte au moins un point ; pour n'en plus compter aucun, finissez-le.", field="terms"
        )
    _check_terms(boundary.energy, terms)
    wanted = {point.id: Share.of(factor) for point, factor in terms}
    for term in _still_open(boundary, start):
        there = wanted.get(term.point_id)
        if there is not None and there.exact == term.share.exact:
            del wanted[term.point_id]
        else:
            _end(session, term, start)
    with _in_its_own_words(session):
        for point, _ in terms:
            if point.id in wanted:
                boundary.terms.append(BoundaryTerm(point=point, share=wanted[point.id], period=Range(start, None)))
        session.flush()


def _still_open(boundary: MeasurementBoundary, start: dt.date) -> list[BoundaryTerm]:
    """Return the terms that count on `start` and have no end; refuse where a later version is written already."""
    there = [one for one in boundary.terms if not one.period.isempty]
    edges = [edge for one in there for edge in (one.period.lower, one.period.upper) if edge is not None]
    later = [edge for edge in edges if edge > start]
    if later:
        raise Refusal(
            "« {name} » change déjà le {day:%d/%m/%Y} ; choisissez cette date ou une plus tardive.",
            field="start",
            name=boundary.name,
            day=max(later),
        )
    return [one for one in there if one.period.upper is None]


def _end(session: Session, term: BoundaryTerm, end: dt.date) -> None:
    """End `term` before local day `end`; one that began that very day never counted, and its period is empty.

    At once, and before anything else is added: what takes its place may be the same point.
    """
    with _in_its_own_words(session):
        begun = term.period.lower is None or term.period.lower < end
        term.period = Range(term.period.lower, end) if begun else Range(empty=True)
        session.flush()


@contextmanager
def _in_its_own_words(session: Session) -> Iterator[None]:
    """Let the database's refusal to touch the signed past be ours: it says until which day (migration 0003)."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if isinstance(error.orig, RestrictViolation):
            sentence = error.orig.diag.message_primary or ""
            raise Refusal(sentence, field="start") from None
        raise


def _lock(session: Session, points: Iterable[MeteringPoint]) -> None:
    """Make two changes of the sums that count one of `points` take turns."""
    ids = sorted({point.id for point in points})
    session.execute(
        select(MeteringPoint.id).where(MeteringPoint.id.in_(ids)).order_by(MeteringPoint.id).with_for_update()
    )


def _check_keys(session: Session, points: Iterable[MeteringPoint], since: dt.date) -> None:
    """Refuse sums in which a point is counted twice, or only in part: its keys make 1 on every day."""
    for point in {one.id: one for one in points}.values():
        uses = session.execute(
            select(MeasurementBoundary.name, BoundaryTerm.numerator, BoundaryTerm.divisor, BoundaryTerm.period)
            .join(BoundaryTerm, BoundaryTerm.boundary_id == MeasurementBoundary.id)
            .where(BoundaryTerm.point_id == point.id, ~func.isempty(BoundaryTerm.period))
        )
        amiss = keys_amiss([term_of(name, Share(key, by), when) for name, key, by, when in uses], since)
        if amiss is not None:
            raise Refusal(
                "Le {day:%d/%m/%Y}, « {point} » serait compté {total} fois (par {boundaries}) : ses clés doivent faire "
                "1 en tout. Partagez ce point en une fois, depuis sa page, ou corrigez les clés.",
                field="terms",
                day=amiss.day,
                point=point.name,
                total=in_french(amiss.total),
                boundaries=", ".join(f"« {name} »" for name in amiss.boundaries),
            )


def term_of(name: str, share: Share, period: Range[dt.date]) -> Term:
    """Return a term as a value; one without a first day counts from the beginning of the calendar."""
    return Term(name, share.exact, period.lower or dt.date.min, period.upper)
