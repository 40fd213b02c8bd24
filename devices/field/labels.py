"""Labels to stick on devices, by the sheet: a QR code that the phone reads and the serial a person reads."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import segno

from foundation.documents.render import DocumentFacts, render_pdf
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

PER_SHEET = 24
"""Three by eight of 70 x 37 mm, without margins: the sheets every stationer sells."""
MOST = 10 * PER_SHEET


class Label(NamedTuple):
    """One label."""

    serial: str
    model: str


def print_labels(labels: Sequence[Label], *, company: str, instant: dt.datetime, skip: int = 0) -> bytes:
    """Return the sheets as PDF, the first one begun after `skip` labels that are used already.

    The code is the serial itself: a DevEUI needs no JoinEUI to be found in our register, and TR005 demands one.
    """
    if not labels:
        raise Refusal("Aucun capteur n'est choisi ; choisissez un lot, ou collez des numéros de série.")
    if len(labels) > MOST:
        raise Refusal("Dix planches à la fois ; choisissez moins de {most} capteurs.", most=MOST)
    if not 0 <= skip < PER_SHEET:
        raise Refusal(
            "Une planche a {most} étiquettes ; dites combien sont déjà utilisées.", field="skip", most=PER_SHEET
        )
    assets = {f"qr-{number}.svg": _qr(label.serial) for number, label in enumerate(labels)}
    placed: list[tuple[str, Label] | None] = [None] * skip
    placed += [(f"qr-{number}.svg", label) for number, label in enumerate(labels)]
    sheets = [placed[start : start + PER_SHEET] for start in range(0, len(placed), PER_SHEET)]
    facts = DocumentFacts(title="Étiquettes des capteurs", author=company, instant=instant)
    return render_pdf("labels.html.jinja2", {"sheets": sheets, "company": company}, facts, assets=assets)


def _qr(serial: str) -> bytes:
    """Return the code as SVG; level M survives a scratch, the quiet zone is the standard's (ISO/IEC 18004)."""
    written = io.BytesIO()
    segno.make(serial.upper() if _is_hexadecimal(serial) else serial, error="m").save(written, kind="svg", border=4)
    return written.getvalue()


def _is_hexadecimal(serial: str) -> bool:
    # Upper case alone makes the code alphanumeric, and a third smaller; the reader brings it back (codes.read_code).
    return len(serial) == 16 and all(sign in "0123456789abcdef" for sign in serial)
