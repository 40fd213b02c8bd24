"""From the cells of a row to what it says, or to every problem it has."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from devices.imports.cells import Stamp, Unclear, day, flag, number, quoted, stamp
from devices.imports.profile import REQUIRED, Kind
from devices.imports.table import Cells, heading_of
from devices.imports.walls import Wall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from devices.imports.profile import Profile

Result = TypeVar("Result")

MILLIONTH: Final = Decimal("0.000001")
CENT: Final = Decimal("0.01")
COEFFICIENTS: Final = (Decimal(8), Decimal(14))
"""kWh PCS a m³: B gas is about 9.5, H gas 10.5 to 12.8; beyond is another unit."""
LONGEST_BILL: Final = 1100
"""Days: three years of one bill is a typing error in a year."""
ONE_DAY: Final = dt.timedelta(days=1)
MOST_WAITING: Final = 240
"""Rows of one point in an hour that comes twice: one a minute, and as many again."""


class Problem(NamedTuple):
    """Why a row cannot be taken: its line, the heading of the column, a sentence."""

    line: int
    column: str
    sentence: str


class Place(NamedTuple):
    """A metering point a file may name."""

    id: int
    energy: str


class Value(NamedTuple):
    """One value of a point: an index at `at`, or the energy (volume) of the interval that begins there."""

    line: int
    point_id: int
    at: dt.datetime
    value: Decimal


class Bill(NamedTuple):
    """One bill of a point over local days [start, end)."""

    line: int
    point_id: int
    start: dt.date
    end: dt.date
    kwh: Decimal
    volume: Decimal | None
    index_start: Decimal | None
    index_end: Decimal | None
    coefficient: Decimal | None
    estimated: bool
    net: Decimal | None
    gross: Decimal | None
    number: str


class _Unreadable(Exception):  # noqa: N818 - it never leaves this module
    """The row has problems; they are noted."""


class Reader:
    """Reads the rows of one file in their order; `points` are known by the key `key_of` makes of a row."""

    def __init__(self, profile: Profile, points: Mapping[tuple[str, ...], Place], today: dt.date) -> None:
        self._profile = profile
        self._points = points
        self._zone = ZoneInfo(profile.timezone)
        self._wall = Wall(self._zone)
        self._latest = today + ONE_DAY
        self._waiting: dict[int, list[_Waiting]] = {}
        """Rows a point begins with, in an hour that comes twice."""

    def read_all(self, rows: Iterable[Cells]) -> Iterator[Value | Bill | list[Problem]]:
        """Yield what each row says, or its problems, all of them; a row that waits for others comes after them."""
        for cells in rows:
            row = _Row(self._profile, cells)
            try:
                if self._profile.kind is Kind.BILLS:
                    yield self._bill(row)
                else:
                    yield from self._value(row)
            except _Unreadable:
                yield row.problems
        for point_id in list(self._waiting):
            yield from self._settled(point_id, None)

    def _place(self, row: _Row) -> Place:
        named = row.has("building")
        key = (row.text("building"), row.text("point")) if named else (row.text("point").replace(" ", ""),)
        place = self._points.get(tuple(part.casefold() for part in key))
        if place is None:
            row.note(
                "point",
                f"Le point {quoted(' — '.join(key))} n'est pas enregistré ; enregistrez-le sur la page de son bâtiment,"
                " ou corrigez son numéro"
                if any(key)
                else "Le point manque",
            )
            raise _Unreadable
        if self._profile.is_volume and place.energy not in {"gas", "water"}:
            row.note("point", "Ce point ne compte ni gaz ni eau ; l'unité du profil (m³) ne peut pas être la sienne")
            raise _Unreadable
        return place

    def _value(self, row: _Row) -> Iterator[Value | list[Problem]]:
        """Yield the rows that waited for this one, then what it says unless it waits too."""
        place = row.attempt("point", lambda: self._place(row))
        written = row.read("time", lambda cell: stamp(cell, self._profile.dates))
        value = row.number("value")
        if value is not None and value < 0:
            row.note("value", f"{value} est négatif ; un compteur ne rend pas ce qu'il a compté")
        if written is None or place is None:
            raise _Unreadable
        if self._profile.kind is not Kind.DAILY and written.has_time:
            waiting = self._waiting.get(place.id, [])
            waits = self._wall.waits(place.id, written)
            if waiting and not (
                waits and waiting[0].wall.date() == written.wall.date() and len(waiting) < MOST_WAITING
            ):
                yield from self._settled(place.id, written)
                waits = self._wall.waits(place.id, written)
            if waits:
                self._waiting.setdefault(place.id, []).append(_Waiting(row, written.wall, value))
                return
        at = row.attempt("time", lambda: self._instant(place.id, written))
        yield self._finished(row, place.id, at, value)

    def _settled(self, point_id: int, following: Stamp | None) -> Iterator[Value | list[Problem]]:
        """Yield what the rows of a point say that waited for `following`."""
        waiting = self._waiting.pop(point_id)
        step = dt.timedelta(minutes=self._profile.step) if self._profile.kind is Kind.CURVE else None
        instants = self._wall.settle(point_id, [one.wall for one in waiting], following, step)
        for place, (row, wall, value) in enumerate(waiting):
            if instants is None:
                row.note("time", str(self._wall.unclear(wall)))
            at = None if instants is None else self._stamped(instants[place])
            try:
                yield self._finished(row, point_id, at, value)
            except _Unreadable:
                yield row.problems

    def _finished(self, row: _Row, point_id: int, at: dt.datetime | None, value: Decimal | None) -> Value:
        if at is not None and at.date() > self._latest:
            row.note("time", f"{row.cell('time')} est dans l'avenir ; vérifiez la date")
        row.end()
        assert at is not None and value is not None  # noqa: PT018, S101 - `end` has raised otherwise
        return Value(row.line, point_id, at, (value * self._profile.scale).quantize(MILLIONTH, ROUND_HALF_EVEN))

    def _instant(self, point_id: int, written: Stamp) -> dt.datetime:
        """Return the instant of an index, or the start of an interval."""
        profile = self._profile
        if profile.kind is Kind.DAILY:
            if written.has_time and written.wall.time() not in {dt.time(), dt.time(profile.day_begins)}:
                raise Unclear(f"{written.wall:%d/%m/%Y %H:%M} n'est pas le début d'un jour")
            whole = written.wall.date() - (ONE_DAY if profile.stamp == "end" else dt.timedelta())
            return self._wall.instant(point_id, Stamp(self._beginning(whole), None, has_time=True))
        if profile.kind is Kind.CURVE:
            if not written.has_time:
                # Midnight is often written without its hour.
                written = written._replace(has_time=True)
            return self._stamped(self._wall.instant(point_id, written))
        if written.has_time:
            return self._wall.instant(point_id, written)
        whole = written.wall.date() + (ONE_DAY if profile.stamp == "end" else dt.timedelta())
        return self._wall.instant(point_id, Stamp(self._beginning(whole), None, has_time=True))

    def _stamped(self, at: dt.datetime) -> dt.datetime:
        """Return the start of the step of a load curve stamped at `at`; an index is read there."""
        profile = self._profile
        ends = profile.kind is Kind.CURVE and profile.stamp == "end"
        return at - dt.timedelta(minutes=profile.step) if ends else at

    def _beginning(self, whole: dt.date) -> dt.datetime:
        return dt.datetime.combine(whole, dt.time(self._profile.day_begins))

    def _bill(self, row: _Row) -> Bill:
        place = row.attempt("point", lambda: self._place(row))
        start = row.read("start", lambda cell: day(cell, self._profile.dates))
        end = row.read("end", lambda cell: day(cell, self._profile.dates))
        if end is not None and self._profile.stamp == "end":
            end += ONE_DAY
        if start is not None and end is not None:
            self._check_period(row, start, end)
        index_start, index_end = row.optional("index_start"), row.optional("index_end")
        if index_start is not None and index_end is not None and index_end < index_start:
            row.note(
                "index_end",
                f"L'index de fin ({index_end}) est plus petit que celui de début ({index_start}) ; si le compteur a été"
                " changé ou est repassé par zéro, donnez l'énergie à la place des index",
            )
        coefficient = row.optional("coefficient")
        if coefficient is not None and not COEFFICIENTS[0] <= coefficient <= COEFFICIENTS[1]:
            row.note("coefficient", f"{coefficient} kWh/m³ n'est pas un coefficient de gaz naturel (8 à 14)")
        estimated = row.read("estimated", flag) if row.has("estimated") else False
        net, gross = (row.optional(role, signed=True) for role in ("net", "gross"))
        gas = place is not None and place.energy == "gas"
        kwh, volume = self._energy(row, coefficient, index_start, index_end, gas=gas)
        row.end()
        assert place is not None and start is not None and end is not None and kwh is not None  # noqa: PT018, S101
        return Bill(
            row.line, place.id, start, end, kwh.quantize(Decimal("0.001"), ROUND_HALF_EVEN), volume, index_start,
            index_end, coefficient, bool(estimated), net, gross, row.text("number") if row.has("number") else "",
        )  # fmt: skip

    def _check_period(self, row: _Row, start: dt.date, end: dt.date) -> None:
        if end <= start:
            row.note("end", f"La période finit ({row.cell('end')}) avant de commencer ({row.cell('start')})")
        elif (end - start).days > LONGEST_BILL:
            row.note("end", "La période dure plus de trois ans ; vérifiez les années")
        elif end > self._latest:
            row.note("end", f"{row.cell('end')} est dans l'avenir ; une facture compte ce qui a été consommé")

    def _energy(
        self,
        row: _Row,
        coefficient: Decimal | None,
        index_start: Decimal | None,
        index_end: Decimal | None,
        *,
        gas: bool,
    ) -> tuple[Decimal | None, Decimal | None]:
        """Return (kWh, m³): as billed, else from volume or indexes; a volume of gas needs its coefficient."""
        energy, volume = row.optional("energy"), row.optional("volume")
        moved = None if index_start is None or index_end is None else index_end - index_start
        if energy is not None:
            scaled = energy * self._profile.scale
            return scaled, volume if volume is not None else (moved if gas else None)
        if volume is None and moved is not None and not gas and not self._profile.is_volume:
            return moved * self._profile.scale, None
        volume = moved if volume is None else volume
        if volume is None:
            if not row.problems:
                row.note("energy", "La ligne ne dit ni énergie, ni volume, ni index")
            return None, None
        if not gas:
            return volume, volume
        if coefficient is None:
            row.note(
                "coefficient",
                "Un volume de gaz sans coefficient ne dit pas d'énergie ; recopiez de la facture les kWh ou le"
                " coefficient de conversion (kWh/m³)",
            )
            return None, volume
        return volume * coefficient, volume


class _Waiting(NamedTuple):
    """A row whose stamp comes twice, and what else it says."""

    row: _Row
    wall: dt.datetime
    value: Decimal | None


class _Row:
    """The cells of a row and the problems met while reading them."""

    def __init__(self, profile: Profile, cells: Cells) -> None:
        self._profile = profile
        self._cells = cells.of
        self.line = cells.line
        self.problems: list[Problem] = []

    def note(self, role: str, sentence: str) -> None:
        self.problems.append(Problem(self.line, heading_of(self._profile, role), f"{sentence}."))

    def end(self) -> None:
        if self.problems:
            raise _Unreadable

    def has(self, role: str) -> bool:
        return bool(self._profile.columns.get(role))

    def cell(self, role: str) -> str:
        return quoted(self._cells.get(role, ""))

    def text(self, role: str) -> str:
        return " ".join(self._cells.get(role, "").split())

    def attempt(self, role: str, act: Callable[[], Result]) -> Result | None:
        """Return what `act` returns; where it cannot, its problem is noted."""
        try:
            return act()
        except Unclear as unclear:
            self.note(role, str(unclear))
        except _Unreadable:
            pass
        return None

    def read(self, role: str, parse: Callable[[str], Result]) -> Result | None:
        """Return what the cell of `role` says; empty is a problem unless `parse` takes it."""
        cell = self._cells.get(role, "")
        if not cell and role in REQUIRED[self._profile.kind]:
            self.note(role, "La cellule est vide")
            return None
        return self.attempt(role, lambda: parse(cell))

    def number(self, role: str) -> Decimal | None:
        profile = self._profile
        return self.read(role, lambda cell: number(cell, decimal=profile.decimal, thousands=profile.thousands))

    def optional(self, role: str, *, signed: bool = False) -> Decimal | None:
        """Return the number of an optional column, None where it is empty; only money may be negative."""
        if not self.has(role) or not self._cells.get(role):
            return None
        value = self.number(role)
        if value is not None and value < 0 and not signed:
            self.note(
                role,
                f"{value} est négatif ; une régularisation s'importe comme correction de la facture qu'elle remplace",
            )
            return None
        return value.quantize(CENT) if value is not None and signed else value
