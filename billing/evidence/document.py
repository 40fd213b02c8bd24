"""Whether an invoice holds, from its PDF alone: no database, no settings, no word of ours to take for granted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from billing.documents.invoice import XML_NAME, render_invoice
from billing.documents.structured import structured
from billing.einvoice.cii import to_cii
from billing.pack.contents import EVIDENCE, MANIFEST, sha256_of
from billing.pack.hourly import hours_contradict
from billing.pack.manifest import read_manifest
from billing.pack.printed import embedded, figures, opened
from billing.pack.recompute import contradictions
from foundation.canonical import canonical_json
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from billing.pack.manifest import Manifest
    from billing.pack.signing import PublicKey

UNREADABLE = N_("Le dossier de preuve de cette facture ne se lit pas : il a été changé ou coupé.")


@dataclass(frozen=True)
class Verdict:
    """What was found in an invoice; it holds where nothing was."""

    number: str
    key: str
    """Fingerprint of the key that signed, to compare with the one the SPL publishes."""
    gross: str
    found: Sequence[Refusal] = field(default=())

    @property
    def holds(self) -> bool:
        """Whether every figure was found again."""
        return not self.found


def verify_pdf(pdf: bytes, *, published: PublicKey | None = None, hourly: Sequence[bytes] = ()) -> Verdict:
    """Recompute the invoice in `pdf`; `hourly` are the files of hours it names, where one has them.

    Raises Refusal for what is no invoice of ours at all.
    """
    reader = opened(pdf)
    evidence, xml = embedded(reader, EVIDENCE), embedded(reader, XML_NAME)
    manifest = read_manifest(embedded(reader, MANIFEST), published)
    try:
        pack: Any = json.loads(evidence)
        snapshot = pack["snapshot"]
        number, gross = str(snapshot["invoice_number"]), str(snapshot["totals"]["gross"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(UNREADABLE) from error
    found = [
        *_signed(manifest, {EVIDENCE: evidence, XML_NAME: xml}, pack),
        *_guarded(lambda: contradictions(pack)),
        *_guarded(lambda: _xml(snapshot, xml)),
        *_guarded(lambda: _printed(snapshot, pack["seal"], xml, pdf)),
        *(one for content in hourly for one in _guarded(partial(hours_contradict, pack, content))),
    ]
    return Verdict(number, manifest.key.fingerprint, gross, tuple(found))


def _guarded(check: Callable[[], Iterator[Refusal]]) -> list[Refusal]:
    """Return what `check` finds; data it cannot even read is itself something found."""
    found: list[Refusal] = []
    try:
        found.extend(check())
    except Refusal as refusal:
        found.append(refusal)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError):
        found.append(Refusal(UNREADABLE))
    return found


def _signed(manifest: Manifest, files: Mapping[str, bytes], pack: Mapping[str, Any]) -> Iterator[Refusal]:
    if not manifest.genuine:
        yield Refusal("La signature n'est pas celle de la clé de la SPL : le manifeste a été changé.")
    for name, content in files.items():
        if manifest.files.get(name) != sha256_of(content):
            yield Refusal("La pièce jointe {name} n'est pas celle qui a été signée.", name=name)
    if (manifest.invoice_number, manifest.seal) != (pack["snapshot"]["invoice_number"], pack.get("seal")):
        yield Refusal("Le manifeste est celui d'une autre facture.")
    if sha256_of(pack["previous_seal"].encode() + canonical_json(pack["snapshot"])) != pack["seal"]:
        yield Refusal("L'empreinte de la facture ne se retrouve pas : son contenu a été changé.")


def _xml(snapshot: Any, xml: bytes) -> Iterator[Refusal]:
    if xml != to_cii(structured(snapshot)):
        yield Refusal("La facture structurée (XML) ne dit pas ce que dit le dossier de preuve.")


def _printed(snapshot: Any, seal: str, xml: bytes, pdf: bytes) -> Iterator[Refusal]:
    """Compare every figure of the pages with those of the pages drawn anew from the data."""
    on_paper, meant = figures(opened(pdf)), figures(opened(render_invoice(snapshot, xml, sha256=seal)))
    if len(on_paper) != len(meant):
        yield Refusal("La facture a {pages} pages ; il en faut {meant}.", pages=len(on_paper), meant=len(meant))
    for page, (read, right) in enumerate(zip(on_paper, meant, strict=False), start=1):
        for word in sorted((read - right).keys()):
            yield Refusal("Page {page} : « {figure} » est imprimé et ne vient d'aucun calcul.", page=page, figure=word)
        for word in sorted((right - read).keys()):
            yield Refusal("Page {page} : « {figure} » devrait être imprimé et ne l'est pas.", page=page, figure=word)
