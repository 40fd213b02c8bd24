"""The figures printed on the pages of a PDF, to compare with those its data say."""

from __future__ import annotations

import io
import re
from collections import Counter

from pypdf import PdfReader

from foundation.errors import Refusal

_SPACES = re.compile("(?<=[0-9])[\u00a0\u202f ](?=[0-9]{3}(?![0-9]))")
_FIGURE = re.compile(r"[0-9][0-9A-Za-z.,:/%-]*")


def opened(pdf: bytes) -> PdfReader:
    """Return a reader of `pdf`; Refusal where it is none."""
    try:
        reader = PdfReader(io.BytesIO(pdf))
        reader.attachments  # noqa: B018 - read now, so that a broken file is refused here and nowhere else
    except Exception as error:  # pypdf raises whatever a broken file makes it raise
        raise Refusal("Ce fichier n'est pas un PDF lisible ; donnez la facture telle que vous l'avez reçue.") from error
    return reader


def embedded(reader: PdfReader, name: str) -> bytes:
    """Return the content of the one file attached as `name`; Refusal where there is none or more than one."""
    found = reader.attachments.get(name, [])
    if len(found) != 1:
        raise Refusal("Le PDF ne porte pas la pièce jointe {name} ; ce n'est pas l'original de la facture.", name=name)
    return bytes(found[0])


def figures(reader: PdfReader) -> list[Counter[str]]:
    """Return of each page every word that begins with a digit, and how often it stands there."""
    return [Counter(_FIGURE.findall(_SPACES.sub("", page.extract_text()))) for page in reader.pages]
