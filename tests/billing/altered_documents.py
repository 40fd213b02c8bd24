"""An invoice altered with an editor of PDF: a digit of an attachment, a digit of the printed total."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader

from billing.documents.invoice import XML_NAME, page_of
from billing.pack.contents import EVIDENCE, MANIFEST
from foundation.documents.render import EmbeddedFile, render_pdf

if TYPE_CHECKING:
    from collections.abc import Iterator


def attached(pdf: bytes) -> dict[str, bytes]:
    """Return what `pdf` carries."""
    reader = PdfReader(io.BytesIO(pdf))
    return {name: reader.attachments[name][0] for name in (EVIDENCE, MANIFEST, XML_NAME)}


def with_a_digit_changed(pdf: bytes, *, of_each: int) -> Iterator[tuple[str, bytes]]:
    """Yield what was changed and the PDF, `of_each` digits of each attachment, evenly spread; the pages stay."""
    files = attached(pdf)
    for name, content in files.items():
        places = [at for at, byte in enumerate(content) if chr(byte).isdigit()]
        for at in places[:: max(len(places) // of_each, 1)][:of_each]:
            changed = b"1" if content[at] != ord("1") else b"2"
            altered = content[:at] + changed + content[at + 1 :]
            yield f"{name}, byte {at}", _drawn(files[EVIDENCE], {**files, name: altered})


def with_another_total(pdf: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the PDF with each digit of the total to pay printed otherwise; the attachments stay."""
    files = attached(pdf)
    due = json.loads(files[EVIDENCE])["snapshot"]["totals"]["due"]
    for at, digit in enumerate(due):
        if digit.isdigit():
            total = due[:at] + str((int(digit) + 1) % 10) + due[at + 1 :]
            yield f"{due} printed {total}", _drawn(files[EVIDENCE], files, due=total)


def _drawn(evidence: bytes, files: dict[str, bytes], due: str | None = None) -> bytes:
    pack: Any = json.loads(evidence)
    page = page_of(pack["snapshot"], pack["seal"])
    if due is not None:
        snapshot = pack["snapshot"]
        page.context["invoice"] = {**snapshot, "totals": {**snapshot["totals"], "due": due}}
    kept = tuple(EmbeddedFile(name, content, name) for name, content in files.items())
    assert page.facts.instant.tzinfo is dt.UTC
    return render_pdf(page.template, page.context, page.facts, attachments=kept)
