"""What makes an event agreed, and which savings count until it is: values in, values out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from baseline.fitting.events import METHODS as FITTING_METHODS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from baseline.fitting import Event, SavingsEstimate

KINDS: Final = (
    "area",
    "hours",
    "setpoint",
    "equipment",
    "fuel",
    "photovoltaic",
    "charge_point",
    "meter",
    "closure",
    "force_majeure",
)
METHODS: Final = tuple(FITTING_METHODS)
PARTIES: Final = ("spl", "shareholder")
VERDICTS: Final = ("agreed", "rejected", "withdrawn")

State = Literal["proposed", "agreed", "rejected", "withdrawn"]
Party = Literal["spl", "shareholder"]
Verdict = Literal["agreed", "rejected", "withdrawn"]


def state_of(verdicts: Iterable[tuple[str, str]]) -> State:
    """Return what the (party, verdict) pairs make of an event: nobody agrees for the other."""
    said = set(verdicts)
    verdicts_given = {verdict for _, verdict in said}
    if "withdrawn" in verdicts_given:
        return "withdrawn"
    if "rejected" in verdicts_given:
        return "rejected"
    return "agreed" if all((party, "agreed") in said for party in PARTIES) else "proposed"


class Speaker(NamedTuple):
    """Who speaks for which party."""

    party: Party
    by: str
    account_id: int | None = None
    shareholder_id: int | None = None
    """Of who speaks for a municipality."""


@dataclass(frozen=True)
class Told:
    """An event a report has to do with: agreed, or waiting for one party."""

    id: int
    agreed: bool
    event: Event | None
    """None where it does not touch the period: then it only takes away what it replaces."""
    replaces: int | None = None
    """The agreed event that would no longer count."""
    unmeasured: frozenset[int] = field(default_factory=frozenset)
    """Days (proleptic ordinals) its sub-meter says nothing of: they leave both sides."""


class Reckoning(NamedTuple):
    """One way to tell the events, and the saving it makes."""

    told: tuple[Told, ...]
    savings: SavingsEstimate


@dataclass(frozen=True)
class Outcome:
    """The saving that counts, beside those it might become."""

    unadjusted: SavingsEstimate
    """As if nothing had happened."""
    agreed: Reckoning
    adjusted: Reckoning
    """As if every event were agreed."""
    payable: Reckoning
    """The lowest saving: it counts until both parties decided (truth 5)."""
    highest: Reckoning
    half_widths: Mapping[str, float]
    """By name of interval the widest of all reckonings: what an open event may add to it is not billed either."""
    refused: Mapping[int, str]
    """Events that wait and cannot be adjusted for as they are proposed, with the sentence that says why."""


def reckon(told: Sequence[Told], estimate: Callable[[Sequence[Told]], SavingsEstimate]) -> Outcome:
    """Return the savings `told` events leave open, by `estimate`, the lowest as the payable one.

    Tried are the agreed events alone, each open one beside them, all open ones, and all that lower or raise the saving.
    Raises Refusal where the agreed events cannot be adjusted for; an open one that cannot is left out, and named.
    """
    base = tuple(one for one in told if one.agreed)
    open_ones = [one for one in told if not one.agreed]
    agreed = Reckoning(base, estimate(base))
    unadjusted = estimate(()) if base else agreed.savings
    refused: dict[int, str] = {}

    def tried(*more: Told) -> Reckoning | None:
        chosen = _with(base, more)
        try:
            return Reckoning(chosen, estimate(chosen))
        except Refusal as refusal:
            if len(more) == 1:
                refused[more[0].id] = refusal.sentence
            return None

    alone = [(one, found) for one in open_ones if (found := tried(one)) is not None]
    center = agreed.savings.avoided_energy_kwh
    lowering = [one for one, found in alone if found.savings.avoided_energy_kwh < center]
    raising = [one for one, found in alone if found.savings.avoided_energy_kwh >= center]
    together = [found for some in (lowering, raising) if len(some) > 1 and (found := tried(*some)) is not None]
    whole = tried(*(one for one, _ in alone)) if len(alone) > 1 else (alone[0][1] if alone else agreed)
    candidates = [agreed, *(found for _, found in alone), *together, *([whole] if whole else [])]
    payable = min(candidates, key=lambda one: one.savings.avoided_energy_kwh)
    return Outcome(
        unadjusted,
        agreed,
        whole or agreed,
        payable,
        max(candidates, key=lambda one: one.savings.avoided_energy_kwh),
        {
            name: max(one.savings.intervals[name].half_width for one in candidates if name in one.savings.intervals)
            for name in payable.savings.intervals
        },
        refused,
    )


def _with(base: Sequence[Told], more: Sequence[Told]) -> tuple[Told, ...]:
    gone = {one.replaces for one in more}
    return (*(one for one in base if one.id not in gone), *more)
