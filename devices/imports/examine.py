"""Read a received file with its profile and compare it with what is stored; then, and only whole, write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from contracts.sites.models import Building
from devices.imports import bills, values
from devices.imports.outcome import Outcome
from devices.imports.profile import Kind, Profile
from devices.imports.rows import Bill, Place, Problem, Reader, Value
from devices.imports.table import rows
from devices.points.models import MeteringPoint
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from devices.imports.models import FileImport
    from devices.imports.table import Cells

TOLD_EVERY: Final = 20_000
LOCK: Final = 0x66696C65
"""Advisory lock that makes two imports take turns: neither may judge by what the other is about to store."""


class Examined:
    """A file as it was read: its outcome, and what `write` needs."""

    def __init__(self, session: Session, imported: FileImport, today: dt.date, progress: Callable[[int], None]) -> None:
        self.outcome = Outcome()
        self._session = session
        self._import = imported
        self._profile = profile_of(imported)
        self._bills = bills.Sorted([])
        places = _places(session, self._profile)
        self._energies = {place.id: place.energy for place in places.values()}
        try:
            self._examine(Reader(self._profile, places, today), progress)
        except Refusal as refusal:
            self.outcome = Outcome(refusal=refusal.sentence)

    def _examine(self, reader: Reader, progress: Callable[[int], None]) -> None:
        read = self._read(reader, progress)
        if self._profile.kind is Kind.BILLS:
            self._bills = bills.compare(
                self._session, self._profile, [one for one in read if isinstance(one, Bill)], self.outcome
            )
        else:
            values.stage(self._session, (one for one in read if isinstance(one, Value)))
            values.compare(self._session, self._profile, self._energies, self.outcome)
        if not self.outcome.rows:
            raise Refusal(
                "Le fichier n'a que ses intitulés : aucune ligne n'est à importer ; vérifiez l'export et les filtres"
                " du profil."
            )

    def _read(self, reader: Reader, progress: Callable[[int], None]) -> Iterator[Value | Bill]:
        for said in reader.read_all(self._counted(progress)):
            if isinstance(said, list):
                self.outcome.add(said)
            else:
                yield said

    def _counted(self, progress: Callable[[int], None]) -> Iterator[Cells]:
        for cells in rows(self._import.attachment.content, self._profile):
            self.outcome.rows += 1
            if self.outcome.rows % TOLD_EVERY == 0:
                progress(self.outcome.rows)
            yield cells

    def try_writing(self) -> None:
        """Find what only writing shows (a bill's coefficient against another's), and take everything back."""
        if self._profile.kind is not Kind.BILLS or not self.outcome.is_clean:
            return
        savepoint = self._session.begin_nested()
        try:
            self.write(reason="essai", by="", now=None)
        except Refusal as refusal:
            self.outcome.add([Problem(0, "", refusal.sentence)])
        finally:
            savepoint.rollback()

    def write(self, *, reason: str, by: str, now: dt.datetime | None) -> None:
        """Write what is new, and what contradicts, which `reason` declares a correction."""
        attachment_id = self._import.attachment_id
        if self._profile.kind is Kind.BILLS:
            bills.write(
                self._session,
                self._profile,
                self._bills,
                self._energies,
                attachment_id=attachment_id,
                reason=reason,
                by=by,
            )
        elif now is not None:
            source = f"fichier {self._import.attachment.sha256[:16]}"
            values.write(
                self._session,
                self._profile,
                self._energies,
                source=source,
                attachment_id=attachment_id,
                reason=reason,
                by=by,
                now=now,
            )


def take_turn(session: Session) -> None:
    """Wait for imports under way; no row is locked, so that progress can be written meanwhile."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def profile_of(imported: FileImport) -> Profile:
    """Return how `imported` is to be read; refuse where nobody has said so yet."""
    if imported.profile is None:
        raise Refusal("Dites d'abord comment lire ce fichier : choisissez ou enregistrez un profil.", field="profile")
    return Profile.from_json(imported.profile.mapping)


def _places(session: Session, profile: Profile) -> dict[tuple[str, ...], Place]:
    """Return the points files may name: by building and name, or by PRM or PCE; two of one name are none."""
    named = bool(profile.columns.get("building"))
    query = select(
        MeteringPoint.id, MeteringPoint.energy, MeteringPoint.identifier, MeteringPoint.name, Building.name
    ).where(MeteringPoint.direction == profile.direction)
    found: dict[tuple[str, ...], Place] = {}
    ambiguous = set()
    for point_id, energy, identifier, name, building in session.execute(query.join(Building)):
        known_as = (building, name) if named else (identifier,)
        if None in known_as:
            continue
        key = tuple(str(part).casefold() for part in known_as)
        if key in found:
            ambiguous.add(key)
        found[key] = Place(point_id, energy)
    return {key: place for key, place in found.items() if key not in ambiguous}
