"""What every check of an invoice returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document cannot be sent: the rule's name, a sentence, and the term or XPath it is about."""

    rule: str
    sentence: str
    location: str
