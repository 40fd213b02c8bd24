"""One file from its bytes to readings of points, all of it or nothing, in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, text

from devices.dialects.measurement import Unreadable
from devices.imports import values
from devices.imports.examine import take_turn
from devices.imports.outcome import Outcome
from devices.imports.profile import Kind, Profile
from devices.imports.rows import Value
from devices.points.models import MeteringPoint, SubscribedPower
from devices.sources.enedis.files import flows
from devices.sources.inbox.meaning import DAY, INDEX, TAKEN, meant
from devices.sources.leaps import judged
from devices.sources.reading import PointFacts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from sqlalchemy.orm import Session

    from devices.sources.envelope.keys import Ring
    from devices.sources.inbox.models import SourceFile
    from devices.sources.reading import Record

BY: Final = "Fichiers Enedis"
MOST_LISTED: Final = 500
_COLUMNS: Final = {"point": "PRM", "time": "Date", "value": "kWh"}


@dataclass(slots=True)
class Told:
    """What became of a file; `unknown` are points that are not registered here, each with its number of values."""

    flows: list[str] = field(default_factory=list)
    key: str = ""
    tried: list[str] = field(default_factory=list)
    """Names of the keys there were."""
    records: int = 0
    new: int = 0
    same: int = 0
    changed: int = 0
    points: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    unknown_points: int = 0
    aside: dict[str, int] = field(default_factory=dict)
    """Values read and not stored, by why: quality, or "other" for what is no active energy."""
    first: str = ""
    last: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept with the file."""
        return asdict(self)


def point_key(identifier: str, direction: str) -> str:
    """Return what a point is listed as where it is not registered: its PRM, and its direction unless it is used."""
    return identifier if direction == "import" else f"{identifier} {direction}"


class _Known:
    """What is known here of the points a file may name."""

    def __init__(self, session: Session) -> None:
        query = select(MeteringPoint.id, MeteringPoint.identifier, MeteringPoint.direction)
        electric = MeteringPoint.energy == "electricity"
        self.ids = {
            (identifier, direction): point_id
            for point_id, identifier, direction in session.execute(
                query.where(MeteringPoint.identifier.is_not(None), electric)
            )
        }
        self.segments: dict[str, str] = {}
        self.watts: dict[str, Decimal] = {}
        powers = select(MeteringPoint.identifier, SubscribedPower.power, SubscribedPower.unit).join(SubscribedPower)
        for identifier, power, unit in session.execute(powers.where(electric)):
            if identifier is None:
                continue
            # kVA up to 36 (C5), kW above (C1 to C4): R63 stamps one at its end, the other at its start.
            self.segments[identifier] = "C5" if unit == "kVA" else "C4"
            self.watts[identifier] = max(power * 1000, self.watts.get(identifier, Decimal(0)))


def process(session: Session, file: SourceFile, ring: Ring, *, now: dt.datetime, reason: str = "") -> SourceFile:
    """Read `file` and store what it says of registered points; what it became is written on it.

    A file taken is taken once more only where somebody asks again; the same values change nothing. `reason` declares
    values that contradict what is stored a correction. Refused, or closed to every key, nothing of it is stored.
    """
    take_turn(session)
    session.refresh(file, with_for_update=True)
    if file.state == "done" or file.attachment is None:
        return file
    told = Told(tried=[key.name for key in ring])
    savepoint = session.begin_nested()
    try:
        _take(session, file, ring, told, now=now, reason=reason.strip())
        savepoint.commit()
        file.state, file.reason, file.sentence = "done", "", ""
    except Unreadable as refusal:
        savepoint.rollback()
        file.state = "unknown_key" if refusal.reason == "unknown_key" else "refused"
        file.reason, file.sentence = refusal.reason, refusal.sentence
        told.new = told.same = 0
    file.outcome, file.processed_at = told.to_json(), now
    session.flush()
    return file


def _take(session: Session, file: SourceFile, ring: Ring, told: Told, *, now: dt.datetime, reason: str) -> None:
    known = _Known(session)
    content = file.attachment.content if file.attachment is not None else b""
    steps = _survey(_records(file, content, ring, known, told), known, told)
    # Read once more for each step: a large file is never held whole, a bad one has been refused by now.
    for step in steps:
        profile = _profile(step)
        outcome = Outcome()
        values.stage(session, _values(_records(file, content, ring, known, Told()), known, step))
        energies = dict.fromkeys(session.scalars(_STAGED), "electricity")
        values.compare(session, profile, energies, outcome)
        if outcome.problem_count:
            raise Unreadable("inconsistent", "Rien n'a été pris. {told}", told=outcome.problems[0].sentence)
        if outcome.changed and not reason:
            raise Unreadable(
                "contradicts",
                "Rien n'a été pris : {changed} valeur(s) contredisent ce qui est enregistré. {told} Si c'est une"
                " correction, reprenez le fichier et dites pourquoi.",
                changed=outcome.changed,
                told=outcome.conflicts[0].sentence,
            )
        values.write(
            session,
            profile,
            energies,
            source=f"fichier {file.sha256[:16]}",
            attachment_id=file.attachment_id or 0,
            reason=reason,
            by=BY,
            now=now,
        )
        told.new, told.same, told.changed = (
            told.new + outcome.new, told.same + outcome.same, told.changed + outcome.changed
        )  # fmt: skip
        told.first = min(filter(None, (told.first, outcome.first)), default="")
        told.last = max(told.last, outcome.last)


_STAGED: Final = text("SELECT DISTINCT point_id FROM incoming")


def _survey(records: Iterator[Record], known: _Known, told: Told) -> list[int]:
    """Read all of a file, count what it holds, and return the steps of the series it has values for."""
    steps: set[int] = set()
    points: set[str] = set()
    unknown: Counter[str] = Counter()
    aside: Counter[str] = Counter()
    for record in records:
        told.records += 1
        if isinstance(record, PointFacts):
            aside["facts"] += 1
            continue
        found = meant(record)
        if found is None:
            aside["other"] += 1
        elif (record.point, found.direction) not in known.ids:
            unknown[point_key(record.point, found.direction)] += 1
        elif record.quality not in TAKEN:
            aside[record.quality.value] += 1
        else:
            steps.add(found.step)
            points.add(record.point)
    told.points, told.unknown_points = len(points), len(unknown)
    told.unknown, told.aside = dict(unknown.most_common(MOST_LISTED)), dict(aside)
    return sorted(steps)


def _values(records: Iterator[Record], known: _Known, step: int) -> Iterator[Value]:
    for record in records:
        if isinstance(record, PointFacts) or record.quality not in TAKEN:
            continue
        found = meant(record)
        if found is None or found.step != step:
            continue
        point_id = known.ids.get((record.point, found.direction))
        if point_id is not None:
            yield Value(record.line, point_id, record.start, found.value)


def _records(file: SourceFile, content: bytes, ring: Ring, known: _Known, told: Told) -> Iterator[Record]:
    segments: Mapping[str, str] = known.segments
    for flow in flows(file.name, content, ring, segments=segments):
        told.key = flow.key
        if flow.flow not in told.flows:
            told.flows.append(flow.flow)
        yield from judged(flow.records, known.watts)


def _profile(step: int) -> Profile:
    if step == INDEX:
        return Profile(kind=Kind.INDEX, columns=_COLUMNS)
    if step == DAY:
        return Profile(kind=Kind.DAILY, columns=_COLUMNS)
    return Profile(kind=Kind.CURVE, columns=_COLUMNS, step=step)
