"""The picture a telephone reads its secret from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno
from markupsafe import Markup

from fleet.accounts.second_factor import address_for_telephone

if TYPE_CHECKING:
    from fleet.accounts.models import Account, SecondFactor


def qr_of(factor: SecondFactor, account: Account, issuer: str) -> Markup:
    """Return it as SVG, dark on white whatever the page's theme: readers expect that."""
    drawn = segno.make(address_for_telephone(factor, account, issuer), error="m", micro=False)
    return Markup(drawn.svg_inline(scale=4, border=4, light="#fff", dark="#000", svgclass="qr", lineclass=None))  # noqa: S704 - drawn by the library from modules, no text in it
