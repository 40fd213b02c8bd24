"""The states of a device and the ways from one to another. Pure: a table and what it says.

Source: the client's list (stocked, in_van, installed, commissioned, faulty, lost, retired). `installed` and
`commissioned` mean that it serves a point; `retired` is the end; what was lost may be found again.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

STATES: Final = ("stocked", "in_van", "installed", "commissioned", "faulty", "lost", "retired")
IN_PLACE: Final = frozenset({"installed", "commissioned"})
"""States that only an installation gives and that last as long as one does."""
OUT_OF_SERVICE: Final = frozenset({"lost", "retired"})
"""States in which a device serves nothing and its broker account is closed."""

AFTER: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "stocked": frozenset({"in_van", "installed", "faulty", "lost", "retired"}),
        "in_van": frozenset({"stocked", "installed", "faulty", "lost", "retired"}),
        "installed": frozenset({"stocked", "in_van", "commissioned", "faulty", "lost"}),
        "commissioned": frozenset({"stocked", "in_van", "installed", "faulty", "lost"}),
        "faulty": frozenset({"stocked", "in_van", "installed", "commissioned", "lost", "retired"}),
        "lost": frozenset({"stocked", "in_van", "faulty", "retired"}),
        "retired": frozenset(),
    }
)
"""For each state those that may follow it."""

WORDS: Final = {
    "stocked": N_("en stock"),
    "in_van": N_("en tournée"),
    "installed": N_("posé"),
    "commissioned": N_("en service"),
    "faulty": N_("en panne"),
    "lost": N_("perdu"),
    "retired": N_("réformé"),
}


def check_transition(before: str, after: str, *, serving: bool) -> None:
    """Refuse what may not follow `before`; `serving` says whether the device is installed on a point."""
    if after not in STATES:
        raise Refusal("L'état « {after} » n'existe pas ; choisissez dans la liste.", field="state", after=after)
    if after == before:
        raise Refusal("Ce capteur est déjà « {state} » ; il n'y a rien à changer.", field="state", state=WORDS[before])
    if after not in AFTER[before]:
        ways = ", ".join(f"« {WORDS[state]} »" for state in STATES if state in AFTER[before])
        raise Refusal(
            f"Un capteur « {WORDS[before]} » ne devient pas « {WORDS[after]} » ; "
            + (f"après cet état viennent {ways}." if ways else "cet état est le dernier : rien ne le suit."),
            field="state",
        )
    if after in IN_PLACE and not serving:
        raise Refusal(
            "Un capteur n'est « {state} » que s'il sert un point ; posez-le d'abord sur un point de mesure.",
            field="state",
            state=WORDS[after],
        )
    if after in {"stocked", "in_van", "retired"} and serving:
        raise Refusal(
            "Ce capteur sert encore un point ; déposez-le d'abord, avec son index de fin, puis dites-le « {state} ».",
            field="state",
            state=WORDS[after],
        )
