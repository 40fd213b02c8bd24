"""What the sheet is asked for: the whole state of the table as the address says it, and back (pure).

An address is a view: whoever opens it sees the same rows, columns, order and groups. What it says and nobody knows is
left out, so that a link outlives the column it named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LONGEST = 200
MANY = frozenset({"shareholder", "use", "energy", "state", "tag", "city"})
"""Filters that take several values: `?energy=gas&energy=heat`."""
ALERTED = ("open", "none")
SERVED = ("bare", "spare")
"""Rows without a device, rows without a point."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The state of the table."""

    columns: tuple[str, ...]
    text: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    """(name, value) in the order they were asked for, without repetition."""
    sort: str = "building"
    descending: bool = False
    group: str = ""
    page: int = 1

    def values(self, name: str) -> list[str]:
        """Return what filter `name` asks for."""
        return [value for asked, value in self.filters if asked == name]

    def pairs(self) -> list[tuple[str, str]]:
        """Return the state as pairs of an address, without its page."""
        pairs = [("columns", ",".join(self.columns)), ("sort", ("-" if self.descending else "") + self.sort)]
        if self.text:
            pairs.append(("q", self.text))
        if self.group:
            pairs.append(("group", self.group))
        return [*pairs, *self.filters]

    def without(self, name: str, value: str) -> Asked:
        """Return the state less one filter, on its first page."""
        return replace(self, filters=tuple(pair for pair in self.filters if pair != (name, value)), page=1)

    def without_text(self) -> Asked:
        """Return the state less the words it looks for, on its first page."""
        return replace(self, text="", page=1)

    def with_sort(self, column: str) -> Asked:
        """Return the state sorted by `column`, the other way round where it already is."""
        return replace(self, sort=column, descending=self.sort == column and not self.descending, page=1)


def read(
    pairs: Iterable[tuple[str, str]],
    *,
    known: Sequence[str],
    usual: Sequence[str],
    sorts: frozenset[str],
    groups: frozenset[str],
    filters: Mapping[str, frozenset[str] | None],
) -> Asked:
    """Return the state the pairs of an address ask for.

    `known` are the columns there are, `usual` those shown unless asked otherwise, `filters` the names of filters with
    their possible values, or None where any text is one.
    """
    said: dict[str, list[str]] = {}
    for name, value in pairs:
        said.setdefault(name, []).append(value[:LONGEST].replace("\x00", "").strip())
    wanted = [column for column in ",".join(said.get("columns", [])).split(",") if column in known]
    sort = said.get("sort", ["building"])[-1]
    group = said.get("group", [""])[-1]
    number = said.get("page", ["1"])[-1]
    asked = [
        (name, value)
        for name, values in said.items()
        if name in filters
        for value in values
        if value and ((among := filters[name]) is None or value in among)
    ]
    return Asked(
        columns=tuple(dict.fromkeys(wanted)) or tuple(usual),
        text=said.get("q", [""])[-1],
        filters=tuple(dict.fromkeys(asked)),
        sort=sort.removeprefix("-") if sort.removeprefix("-") in sorts else "building",
        descending=sort.startswith("-"),
        group=group if group in groups else "",
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
    )
