"""What a phone may say of each step: read strictly, numbers exact, everything else refused. Pure.

A phone writes JSON; numbers come as text, so that no index passes through a float.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""A random UUID (RFC 9562, version 4), as browsers make them."""
_NUMBER: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
LONGEST: Final = 500
STROKES, POINTS = 200, 4000
WIDE, HIGH = 1000, 400
"""The box a signature is drawn in."""
DESTINATIONS: Final = ("in_van", "stocked", "faulty", "retired")
"""Where a device goes that was taken off."""


def text_of(said: Mapping[str, Any], name: str, *, needed: str = "") -> str:
    """Return a line of text; `needed` is the sentence that refuses its absence."""
    value = said.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise Refusal("Ce que dit le téléphone n'est pas compris ({name}) ; mettez l'application à jour.", name=name)
    value = " ".join("".join(c for c in unicodedata.normalize("NFC", value) if c.isprintable() or c.isspace()).split())
    if needed and not value:
        raise Refusal(needed, field=name)
    return value


def number_of(said: Mapping[str, Any], name: str) -> Decimal | None:
    """Return an exact number, or None where there is none."""
    value = said.get(name)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise Refusal("« {value} » n'est pas un index ; écrivez des chiffres.", field=name, value=str(value)[:30])
    return Decimal(value)


def factor_of(said: Mapping[str, Any], planned: Decimal) -> Decimal:
    """Return pulse weight x current transformer ratio; where the plate was not copied, what was planned."""
    weight, ratio = number_of(said, "pulse_weight"), number_of(said, "ct_ratio")
    if weight is None and ratio is None:
        return planned
    factor = (weight if weight is not None else Decimal(1)) * (ratio if ratio is not None else Decimal(1))
    if factor <= 0:
        raise Refusal("Le poids d'impulsion et le rapport de TC sont plus grands que zéro.", field="pulse_weight")
    return factor


def dial_of(said: Mapping[str, Any], name: str, photos: Mapping[str, Any]) -> Decimal | None:
    """Return what the dial showed: typed and photographed, or None with the reason why it could not be read."""
    dial = number_of(said, name)
    if dial is None:
        text_of(
            said, f"{name}_unreadable", needed="Écrivez l'index du cadran, ou dites pourquoi il ne peut pas être lu."
        )
        return None
    if "dial" not in photos.values():
        raise Refusal("Photographiez le cadran : l'index écrit doit pouvoir être vérifié.", field=name)
    return dial


def signature_of(said: Mapping[str, Any]) -> list[list[list[int]]]:
    """Return the strokes of a signature; Refusal where there is none or it is no drawing."""
    strokes = said.get("signature")
    if not isinstance(strokes, list) or not strokes:
        raise Refusal("Faites signer le responsable du site, ou écrivez qui n'a pas pu signer.", field="signature")
    drawn = [[[_coordinate(x, WIDE), _coordinate(y, HIGH)] for x, y in _pairs(stroke)] for stroke in strokes[:STROKES]]
    if sum(map(len, drawn)) > POINTS:
        raise Refusal("Cette signature est trop longue ; recommencez-la.", field="signature")
    return drawn


def _pairs(stroke: object) -> list[Any]:
    if not isinstance(stroke, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in stroke):
        raise Refusal("Cette signature n'est pas un dessin ; recommencez-la.", field="signature")
    return stroke


def _coordinate(value: object, most: int) -> int:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refusal("Cette signature n'est pas un dessin ; recommencez-la.", field="signature")
    return round(value)
