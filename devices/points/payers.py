"""Who pays for what a point counts, and whether a saving reaches that payer (truth 7). Pure.

French contracts for heat: a price a MWh (MC, CP) passes a saving on, a fixed price (MF, PF) keeps it with the operator,
profit share (MTI, CPI, PFI: intéressement) already shares it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

ONE_DAY: Final = dt.timedelta(days=1)


class Contract(StrEnum):
    """How the energy of a point is paid for."""

    SUPPLY = "supply"
    """Per kWh: less used is less paid."""
    FIXED_PRICE = "fixed_price"
    """A fixed price of heat, whatever is used."""
    PROFIT_SHARE = "profit_share"
    """An operator is paid for heat and already shares what is saved."""
    RECHARGED = "recharged"
    """Paid per kWh, then recharged to a tenant."""


CONTRACTS: Final = tuple(contract.value for contract in Contract)


@dataclass(frozen=True, slots=True)
class Payment:
    """Who pays during [start, end) of local days, `end` None for now on; `shareholder` is its number, if it is one."""

    start: dt.date
    end: dt.date | None
    contract: Contract
    payer: str
    shareholder: int | None = None
    supplier: str = ""


class Hindrance(NamedTuple):
    """Why a saving does not reach the payer during [start, end): a stable code and a French sentence.

    Codes: the contract's, "unknown" (nobody is said to pay), "other_payer" (not the one who was asked about).
    """

    start: dt.date
    end: dt.date
    code: str
    sentence: str


def hindrances(
    point: str, payments: Iterable[Payment], start: dt.date, end: dt.date, *, shareholder: int | None = None
) -> list[Hindrance]:
    """Return why a saving at the point named `point` does not reach who pays it during [start, end); [] if it does.

    With `shareholder`, the payer has to be that one: the party whose agreement shares the saving. `payments` do not
    overlap; days none of them covers are "unknown".
    """
    found = []
    at = start
    for one in sorted(payments, key=lambda payment: payment.start):
        first, last = max(one.start, start), min(one.end or dt.date.max, end)
        if first >= last:
            continue
        if at < first:
            found.append(_unknown(point, at, first))
        said = _said(point, one, shareholder)
        if said is not None:
            code, sentence = said
            found.append(Hindrance(first, last, code, f"{_on(first, last)}, {sentence}"))
        at = last
    if at < end:
        found.append(_unknown(point, at, end))
    return found


def _said(point: str, one: Payment, shareholder: int | None) -> tuple[str, str] | None:
    """Return code and sentence of what keeps a saving from the payer, None where it arrives."""
    operator = one.supplier or "l'exploitant"
    if one.contract is Contract.FIXED_PRICE:
        return one.contract, (
            f"« {point} » est payé à prix fixe à {operator} : consommer moins ne fait pas payer moins {one.payer}."
            " Renégociez ce contrat avant de partager une économie, ou retirez ce point."
        )
    if one.contract is Contract.PROFIT_SHARE:
        return one.contract, (
            f"« {point} » est exploité par {operator} avec intéressement : l'économie y est déjà partagée."
            " Partagez-la une seule fois : modifiez ce contrat, ou retirez ce point."
        )
    if one.contract is Contract.RECHARGED:
        return one.contract, (
            f"l'énergie de « {point} » est refacturée par {one.payer} à un occupant : c'est lui que l'économie atteint."
            " Faites-en une partie de l'accord, ou retirez ce point."
        )
    if shareholder is not None and one.shareholder != shareholder:
        return "other_payer", (
            f"« {point} » est payé par {one.payer}, qui n'est pas la collectivité de l'accord : l'économie ne"
            " l'atteint pas. Faites l'accord avec qui paie, ou retirez ce point."
        )
    return None


def _unknown(point: str, start: dt.date, end: dt.date) -> Hindrance:
    return Hindrance(
        start,
        end,
        "unknown",
        f"{_on(start, end)}, nous ne savons pas qui paie l'énergie de « {point} » ; dites-le sur la page de ce point.",
    )


def _on(start: dt.date, end: dt.date) -> str:
    if end == dt.date.max:
        return f"Depuis le {start:%d/%m/%Y}"
    return f"Du {start:%d/%m/%Y} au {end - ONE_DAY:%d/%m/%Y}"
