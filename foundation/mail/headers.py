"""What may stand in the headers of a letter."""

from __future__ import annotations

import re
import unicodedata

# RFC 5321 § 4.1.2 without quoted local parts: what people have; nothing that ends a header or begins a second address.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
LONGEST_SUBJECT = 200


def one_line(text: str) -> str:
    """Return `text` as a subject: one line, no control character, not too long, never empty."""
    shown = "".join(" " if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else sign for sign in text)
    return " ".join(shown.split())[:LONGEST_SUBJECT] or "…"
