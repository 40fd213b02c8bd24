"""JSON read strictly: what two readers could understand differently is refused (RFC 8259 § 4 to § 6)."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Context, Decimal
from typing import Any, Never

from devices.dialects.measurement import Unreadable

# No register has more digits; beyond lie 1e400 and integers of 10,000 digits. Decimals: a float written in full.
MAX_DIGITS = 15
MAX_DECIMALS = 20
MAX_LITERAL = 40
MAX_FOREIGN_DIGITS = 20
_UNUSUAL = re.compile("[-eE]")
_LAST_DECIMAL = Decimal(1).scaleb(-MAX_DECIMALS)
_WIDE = Context(prec=MAX_LITERAL + MAX_DECIMALS)


def _number(literal: str) -> Decimal:
    """Return the exact number `literal` writes."""
    if len(literal) <= MAX_DIGITS and not _UNUSUAL.search(literal):
        return Decimal(literal)  # too short to exceed anything: nearly all of them
    value = Decimal(literal) if len(literal) <= MAX_LITERAL else None
    if value is None or value.adjusted() >= MAX_DIGITS or int(value.as_tuple().exponent) < -MAX_DECIMALS:
        raise Unreadable(
            "out_of_range",
            f"Le nombre « {literal[:20]}{'…' if len(literal) > 20 else ''} » dépasse {MAX_DIGITS} chiffres ou"
            f" {MAX_DECIMALS} décimales ; envoyez la valeur du registre telle qu'il l'affiche.",
        )
    if value.is_zero() and value.is_signed():
        raise Unreadable("out_of_range", "« -0 » n'est pas la valeur d'un registre ; envoyez 0.")
    return value


def _constant(literal: str) -> Never:
    raise Unreadable(
        "not_a_number",
        f"« {literal} » n'est pas un nombre ; n'envoyez pas de relevé quand le capteur n'a pas de valeur.",
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        key = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise Unreadable("duplicate_key", f"La clé « {key[:40]} » est écrite deux fois ; gardez-en une seule.")
    return found


def _foreign_number(literal: str) -> Decimal:
    """Return the number `literal` writes; what programs we do not own compute ends in float noise, cut at 10^-20."""
    value = Decimal(literal) if len(literal) <= MAX_LITERAL else None
    if value is None or value.adjusted() >= MAX_FOREIGN_DIGITS:
        raise Unreadable(
            "out_of_range",
            f"Le nombre « {literal[:20]}{'…' if len(literal) > 20 else ''} » dépasse {MAX_FOREIGN_DIGITS} chiffres ;"
            " corrigez le programme qui l'écrit.",
        )
    if int(value.as_tuple().exponent) < -MAX_DECIMALS:
        value = value.quantize(_LAST_DECIMAL, context=_WIDE)
    return abs(value) if value.is_zero() else value


_DECODER = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_constant, object_pairs_hook=_object)
_FOREIGN = json.JSONDecoder(
    parse_float=_foreign_number, parse_int=_foreign_number, parse_constant=_constant, object_pairs_hook=_object
)


def read(payload: bytes) -> Any:
    """Return the JSON value of a payload other programs wrote, as `loads` but kinder to numbers we do not keep.

    Identifiers of 19 digits, float noise and -0 are numbers there; what becomes a measurement is judged when it does.
    """
    return loads(payload, _FOREIGN)


def loads(payload: bytes, decoder: json.JSONDecoder = _DECODER) -> Any:
    """Return the JSON value of `payload`, numbers as Decimal; `Unreadable` where two readers could disagree."""
    try:
        return decoder.decode(payload.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Unreadable(
            "not_utf8", f"Le message n'est pas du texte UTF-8 (octet {error.start}) ; encodez le JSON en UTF-8."
        ) from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            "not_json",
            f"Le message n'est pas du JSON (ligne {error.lineno}, colonne {error.colno}) ;"
            " vérifiez guillemets, virgules et accolades.",
        ) from None
    except RecursionError:
        raise Unreadable(
            "not_json", "Le message emboîte trop d'objets les uns dans les autres ; envoyez une liste plate de relevés."
        ) from None
