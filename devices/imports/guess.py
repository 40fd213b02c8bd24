"""What the head of a file suggests of its profile: a suggestion somebody reads, changes and saves, or not."""

from __future__ import annotations

import codecs
import csv
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from devices.imports.cells import Unclear, clean, number, stamp
from devices.imports.profile import DATES, OPTIONAL, REQUIRED, SEPARATORS, Kind
from devices.imports.table import MOST_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Name = TypeVar("Name")

HEAD: Final = 64 * 1024
SAMPLED: Final = 50
LONGEST_TITLE: Final = 200

# Headings as operators, suppliers and people write them, without accents; the surest pattern first.
_HEADINGS: Final = {
    "point": (
        r"\b(prm|pdl|pce|rae|identifiant (prm|pce)|point( de (mesure|livraison|comptage))?|compteur|sous.?compteur)\b",
    ),
    "building": (r"\b(batiment|site|lieu)\b",),
    "start": (r"\b(du|debut|date de debut|debut (de )?(periode|consommation))\b",),
    "end": (r"\b(au|fin|date de fin|fin (de )?(periode|consommation))\b",),
    "index_start": (r"\b(ancien index|index (de )?(debut|depart|precedent))\b",),
    "index_end": (r"\b(nouvel index|index (de )?(fin|arrivee|actuel))\b",),
    "energy": (r"\b([km]?wh|energie|consommation|conso)\b",),
    "volume": (r"\b(volume|m3)\b",),
    "estimated": (r"\b(estime|estimee|type( de)? (releve|index)|nature)\b",),
    "net": (r"\b(ht|hors taxes?)\b",),
    "gross": (r"\b(ttc|toutes taxes)\b",),
    "number": (r"\b(numero (de )?facture|n.? ?(de )?facture|facture)\b",),
    "coefficient": (r"\b(coefficient|coeff?|coef\.? ?(de )?conversion)\b",),
    "time": (r"\bhoroda", r"\b(releve le|date de releve|timestamp)\b", r"\b(date|jour|heure)\b"),
    "value": (r"\b(valeur|value)\b", r"\b(index|energie|[km]?wh?|m3|consommation|puissance)\b"),
}
_UNITS: Final = (
    ("MWh", r"mwh"),
    ("kWh", r"kwh"),
    ("Wh", r"\bwh\b"),
    ("kW", r"\bkw\b"),
    ("m³", r"\bm3\b"),
    ("W", r"\bw\b"),
)


def guess(content: bytes) -> dict[str, Any]:
    """Return what the head of `content` suggests, in the words of `Profile.to_json`; what it does not say is left out.

    `headings` are the columns of the file, for whoever chooses among them.
    """
    head = content[:HEAD]
    if len(content) > HEAD:
        head = head[: head.rfind(b"\n") + 1] or head
    encoding = _encoding(head)
    text = head.removeprefix(codecs.BOM_UTF8).decode(encoding, "replace")
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    try:
        table = list(csv.reader(text.splitlines(), delimiter=separator))[: SAMPLED + 1]
    except csv.Error:
        table = [first.split(separator)]
    # What is longer than any title, or beyond the last column accepted, is nothing to choose from.
    titles = [clean(heading) for heading in table[0][:MOST_COLUMNS]] if table else []
    headings = [title if len(title) <= LONGEST_TITLE else "" for title in titles]
    found: dict[str, Any] = {"encoding": encoding, "separator": separator, "headings": headings}
    kind, columns = _columns(headings)
    found |= {"kind": kind.value, "columns": columns}
    rows = [dict(zip(headings, row, strict=False)) for row in table[1:] if len(row) == len(headings)]
    dated = columns.get("time") or columns.get("start")
    found |= _dates([row[dated] for row in rows] if dated else [])
    numbers = columns.get("value") or columns.get("energy") or columns.get("index_end")
    found |= _decimal([row[numbers] for row in rows if row[numbers].strip()] if numbers else [])
    unit = _unit(" ".join([numbers or "", *(row.get(h, "") for row in rows[:1] for h in headings if "nit" in h)]))
    return found | ({"unit": unit} if unit else {})


def _encoding(head: bytes) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _plain(heading: str) -> str:
    table = str.maketrans("àâäéèêëîïôöùûüç³°", "aaaeeeeiioouuuc3 ")
    return heading.lower().translate(table).replace("_", " ")


def _columns(headings: Sequence[str]) -> tuple[Kind, dict[str, str]]:
    def pick(roles: Sequence[str]) -> dict[str, str]:
        columns: dict[str, str] = {}
        for role in roles:
            free = [heading for heading in headings if heading and heading not in columns.values()]
            for pattern in _HEADINGS[role]:
                found = next((heading for heading in free if re.search(pattern, _plain(heading))), None)
                if found is not None:
                    columns[role] = found
                    break
        return columns

    # "Index de début" is no beginning of a period: the most particular columns choose first.
    particular = ("index_start", "index_end", "number", "coefficient", "gross", "net", "estimated")
    rest = [role for role in (*REQUIRED[Kind.BILLS], *OPTIONAL[Kind.BILLS]) if role not in particular]
    bills = pick([*particular, *rest])
    if {"start", "end"} <= bills.keys() and bills.keys() & {"energy", "index_end", "gross", "net", "number"}:
        bills.pop("building", None)
        return Kind.BILLS, bills
    columns = pick(["building", "point", "time", "value"])
    words = " ".join(map(_plain, headings))
    if "building" in columns:
        return Kind.SUBMETERS, columns
    if re.search(r"horodat|\bpas\b|courbe|puissance|\bk?w\b", words):
        return Kind.CURVE, columns
    return (Kind.INDEX if "index" in words else Kind.DAILY), columns


def _dates(cells: Sequence[str]) -> dict[str, str]:
    best = _best({dates: partial(stamp, dates=dates) for dates in DATES}, cells)
    return {} if best is None else {"dates": best}


def _decimal(cells: Sequence[str]) -> dict[str, str]:
    pairs = ((",", ""), (",", " "), (".", ""), (".", " "), (",", "."), (".", ","))
    best = _best({pair: partial(number, decimal=pair[0], thousands=pair[1]) for pair in pairs}, cells)
    return {} if best is None else {"decimal": best[0], "thousands": best[1]}


def _best(readers: Mapping[Name, Callable[[str], object]], cells: Sequence[str]) -> Name | None:
    """Return the name of the first reader that reads the most of `cells`; None where none reads any."""

    def read(name: Name) -> int:
        count = 0
        for cell in cells:
            with suppress(Unclear):
                readers[name](cell)
                count += 1
        return count

    best = max(readers, key=read)
    return best if read(best) else None


def _unit(words: str) -> str:
    return next((unit for unit, pattern in _UNITS if re.search(pattern, _plain(words))), "")
