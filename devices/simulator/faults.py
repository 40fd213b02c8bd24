"""What goes wrong with sensors, and how often it is asked to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Fault(StrEnum):
    """Each is drawn for a message with the share it was given."""

    DUPLICATE = "duplicate"
    """The message is published twice."""
    OUT_OF_ORDER = "out-of-order"
    """It is published after up to ten others."""
    LATE = "late"
    """It is published after hundreds of others."""
    GAP = "gap"
    """It is never published."""
    CLOCK_SKEW = "clock-skew"
    """Its stamps are those of a clock a year ahead, or of one that has fallen back to 1970."""
    BAD_PAYLOAD = "bad-payload"
    """It is none: empty, cut, not JSON, a number as text, NaN."""
    RESET = "reset"
    """The index starts again at zero."""
    CONFLICT = "conflict"
    """It is published again with other values for the same instants."""


def shares_of(written: Iterable[str]) -> dict[Fault, float]:
    """Read `name=share` words, such as late=0.01; refuse a fault nobody knows or shares beyond 1."""
    shares: dict[Fault, float] = {}
    for word in written:
        name, _, share = word.partition("=")
        try:
            shares[Fault(name)] = float(share)
        except ValueError:
            known = ", ".join(Fault)
            raise Refusal(
                "« {word} » n'est pas une panne ; écrivez nom=part, par exemple late=0.01, avec un de : {known}.",
                word=word,
                known=known,
            ) from None
    _check(shares)
    return shares


def _check(shares: Mapping[Fault, float]) -> None:
    if not all(0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1:
        raise Refusal("Les parts des pannes sont des fractions entre 0 et 1, et leur somme ne dépasse pas 1.")
    if shares.get(Fault.GAP) == 1:
        raise Refusal("Avec gap=1 aucun message ne serait jamais publié ; donnez une part plus petite que 1.")
