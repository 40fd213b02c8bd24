"""What a report says that both parties have to accept before anything is paid, beside what its plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from baseline.fitting.findings import Finding
from foundation.canonical import canonical_sha256
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

BLOCKING: Final = frozenset(
    {
        "exceptional_baseline",
        "retroactive_plan",
        "hot_water_undeclared",
        "fuel_switch_open",
        "production_unmetered",
        "charging_unmetered",
    }
)
"""No settlement counts a report with one of these until both parties accepted it."""
WITHHELD: Final = "indoor_too_cold"
"""Blocks the saving of its days only: they do not count until both parties accepted it."""
TO_ACCEPT: Final = BLOCKING | {WITHHELD}

UNMETERED: Final = {
    "photovoltaic": (
        "production_unmetered",
        N_(
            "Une production photovoltaïque est déclarée depuis le %(start)s (événement %(event)s) et aucun point du"
            " périmètre ne la mesure : elle passerait pour une économie. Les deux parties doivent l'accepter."
        ),
    ),
    "charge_point": (
        "charging_unmetered",
        N_(
            "Une borne de recharge est déclarée depuis le %(start)s (événement %(event)s) et aucun sous-compteur ne la"
            " mesure : elle cacherait une économie. Les deux parties doivent l'accepter."
        ),
    ),
}


def unmetered(kind: str, event: int, start: dt.date) -> Finding:
    """Return the finding of production or charging (`kind`) that `event` tells of and nothing measures."""
    name, template = UNMETERED[kind]
    return Finding(name, template, {"start": start, "event": event, "about": f"event-{event}"})


def production_counted(point: int, name: str, kwh: Decimal) -> Finding:
    """Return the finding of a point that counts what is made or fed in, beside a boundary that counts no production."""
    return Finding(
        "production_unmetered",
        N_(
            "Le point « %(point)s » compte de l'électricité produite ou injectée (%(kwh)s kWh) et le périmètre ne"
            " mesure aucune production : ce que le bâtiment produit et consomme passerait pour une économie. Ajoutez la"
            " production au périmètre ; sinon les deux parties doivent l'accepter."
        ),
        {"point": name, "kwh": float(kwh), "about": f"point-{point}"},
    )


def days_below_zero(days: Sequence[dt.date]) -> Finding:
    """Return the finding of days on which a boundary without production gave more than it took."""
    return Finding(
        "production_unmetered",
        N_(
            "Pendant %(count)s jours, le compteur du périmètre a rendu plus qu'il n'a pris : quelque chose y produit et"
            " rien ne le mesure. Ajoutez la production au périmètre ; sinon les deux parties doivent l'accepter."
        ),
        {"count": len(days), "first": days[0], "about": f"below-zero-{days[0]:%Y-%m-%d}"},
    )


def fuel_switch_open(event: int, start: dt.date) -> Finding:
    """Return the finding of a change of fuel that one party tells of and the other has not confirmed."""
    return Finding(
        "fuel_switch_open",
        N_(
            "Un changement d'énergie est proposé au %(start)s (événement %(event)s) : s'il a eu lieu, le modèle finit"
            " la veille. Les deux parties doivent trancher l'événement ou accepter ce constat."
        ),
        {"start": start, "event": event, "about": f"event-{event}"},
    )


def too_cold(days: Sequence[dt.date], minimum: Decimal, kwh: Decimal) -> Finding:
    """Return the finding of days colder indoors than promised, whose saving, `kwh`, is not payable."""
    written = [day.isoformat() for day in days]
    return Finding(
        WITHHELD,
        N_(
            "Aux heures d'occupation, il a fait moins de %(minimum)s °C à l'intérieur pendant %(count)s jours : ce"
            " qu'ils ont évité (%(kwh)s kWh) n'est pas dû."
        ),
        {
            "minimum": float(minimum),
            "count": len(days),
            "kwh": float(kwh),
            "days": written,
            "about": canonical_sha256(written)[:16],
        },
    )


def thin_months(months: Sequence[str], least: Decimal, kwh: Decimal) -> Finding:
    """Return the finding of months (YYYY-MM) too little of which was measured for their saving to be proven."""
    return Finding(
        "thin_months",
        N_(
            "Moins de %(least)s %% des jours sont complets pour : %(months)s ; ce que ces mois auraient évité"
            " (%(kwh)s kWh) n'est pas prouvé et ne compte pas."
        ),
        {"least": round(100.0 * float(least), 1), "months": list(months), "kwh": float(kwh)},
    )


def cannot_adjust(event: int, sentence: str) -> Finding:
    """Return the finding of an open event that cannot be adjusted for as it is proposed."""
    return Finding(
        "event_not_adjustable",
        N_("L'événement %(event)s, encore ouvert, ne peut pas s'ajuster tel qu'il est proposé : %(sentence)s"),
        {"event": event, "sentence": sentence},
    )


def held(kwh: Decimal, open_events: Sequence[int]) -> Iterator[Finding]:
    """Yield what is held until both parties decided on the open events."""
    if kwh and open_events:
        yield Finding(
            "held_until_agreed",
            N_(
                "Le chiffre le plus bas compte tant que les deux parties n'ont pas tranché (événements %(events)s) :"
                " %(kwh)s kWh sont retenus."
            ),
            {"kwh": float(kwh), "events": list(open_events)},
        )
