"""Sentences marked for the catalogue where they are written, and translated only where they are shown."""

from __future__ import annotations


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which extraction looks for
    """Return `sentence` unchanged; extraction finds it by this call."""
    return sentence
