"""The catalogues, read once from their .po files: nothing to compile, nothing to forget to compile."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from foundation.look.language import FRENCH, Language

CATALOGUES = Path(__file__).parents[1] / "locale"


@cache
def languages() -> dict[str, Language]:
    """Return every language pages can be read in, by its code; the sentences of the code are French already."""
    return {"fr": FRENCH, "en": _language("en")}


def _language(code: str) -> Language:
    with (CATALOGUES / code / "LC_MESSAGES" / "fleet.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    translations = Translations(compiled)

    def plural(singular: str, plural: str, number: float) -> str:
        return str(translations.ungettext(singular, plural, int(number)))

    return Language(code, translations.ugettext, plural)
