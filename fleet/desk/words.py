"""How words are compared: accents and capitals do not count, here and in the database."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, func

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, SQLColumnExpression

LONGEST_QUESTION = 100
_MARKED = "àâäáãåçéèêëíìîïñóòôöõúùûüýÿ"
_PLAIN = "aaaaaaceeeeiiiinooooouuuuyy"
_FOLD = str.maketrans(_MARKED, _PLAIN)


def fold(text: str) -> str:
    """Return `text` as it is compared: small letters without accents."""
    return unicodedata.normalize("NFC", text).lower().translate(_FOLD)


def folded(expression: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Return a column as it is compared, `fold` in SQL."""
    return func.translate(func.lower(cast(expression, String)), _MARKED, _PLAIN)


def words_of(question: str) -> list[str]:
    """Return the words asked for, folded; "" and blanks are none."""
    return fold(question[:LONGEST_QUESTION].replace("\x00", "")).split()
