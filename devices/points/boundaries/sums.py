"""A boundary as a sum: its versions, how it reads, and whether the keys of a shared point make one. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.points.shares import in_french

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

MINUS: Final = "\u2212"
WHOLE: Final = Fraction(1)


class Term(NamedTuple):
    """A point counted with `coefficient` during [start, end) of local days; `end` None: from `start` on."""

    name: str
    coefficient: Fraction
    start: dt.date
    end: dt.date | None


class Version(NamedTuple):
    """What a boundary sums during [start, end)."""

    start: dt.date
    end: dt.date | None
    terms: tuple[Term, ...]

    @property
    def words(self) -> str:
        """The sum as one reads it."""
        return in_words([(term.name, term.coefficient) for term in self.terms])


class Amiss(NamedTuple):
    """From `day` on the keys of a point make `total` and not 1; `boundaries` share it then."""

    day: dt.date
    total: Fraction
    boundaries: tuple[str, ...]


def versions_of(terms: Iterable[Term]) -> list[Version]:
    """Return the versions of a sum in order of time: a new one begins wherever a term begins or ends."""
    known = list(terms)
    edges = sorted({edge for term in known for edge in (term.start, term.end) if edge is not None})
    ends: list[dt.date | None] = [*edges[1:], None]
    cut = [
        Version(start, end, tuple(term for term in known if _counts(term, start)))
        for start, end in zip(edges, ends, strict=True)
    ]
    return [version for version in cut if version.terms]


def in_words(terms: Sequence[tuple[str, Fraction]]) -> str:
    """Return a sum of named points as one reads it: "Général + 0,35 × Chaufferie - Antenne" (true minus sign)."""
    said = []
    for name, coefficient in sorted(terms, key=lambda term: term[1] < 0):
        size = abs(coefficient)
        times = "" if size == WHOLE else f"{in_french(size)} × "
        sign = f"{MINUS} " if coefficient < 0 else "+ "
        said.append(f"{sign}{times}{name}")
    return " ".join(said).removeprefix("+ ")


def keys_amiss(uses: Iterable[Term], since: dt.date) -> Amiss | None:
    """Return the first day from `since` on where the boundaries that count a point do not count the whole of it, once.

    `uses` are the terms of one point, each named by its boundary. What is deducted (a negative coefficient) is counted
    elsewhere and is no key; a point nobody counts is nobody's concern.
    """
    known = [use for use in uses if use.coefficient > 0]
    edges = {edge for use in known for edge in (use.start, use.end) if edge is not None and edge > since}
    for day in sorted({since, *edges}):
        there = [use for use in known if _counts(use, day)]
        total = sum((use.coefficient for use in there), Fraction(0))
        if there and total != WHOLE:
            return Amiss(day, total, tuple(sorted(use.name for use in there)))
    return None


def _counts(term: Term, day: dt.date) -> bool:
    return term.start <= day and (term.end is None or day < term.end)
