"""HTML of a template to tagged PDF/A-3, by WeasyPrint alone; the same input gives the same bytes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weasyprint import HTML, Attachment
from weasyprint.urls import FatalURLFetchingError

from foundation.documents.assets import asset_fetcher
from foundation.documents.templates import environment
from foundation.errors import Refusal
from foundation.look.language import FRENCH, Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIANT = "pdf/a-3a"
"""Archivable (ISO 19005-3), with attachments, level A: tagged and searchable."""


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A file inside the PDF; `relationship` is a value of ISO 32000-2, 7.11.3 (Alternative, Data, Source…)."""

    name: str
    content: bytes
    description: str
    relationship: str = "Data"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What a PDF says about itself; `instant` (UTC) stands for the moment of rendering, which is never asked."""

    title: str
    author: str
    instant: dt.datetime
    xmp_descriptions: Sequence[bytes] = field(default=())
    """Elements `rdf:Description` for the XMP metadata, each with `rdf:about=""`."""


def render_pdf(
    template: str,
    context: Mapping[str, object],
    facts: DocumentFacts,
    *,
    attachments: Sequence[EmbeddedFile] = (),
    assets: Mapping[str, bytes] | None = None,
    language: Language = FRENCH,
) -> bytes:
    """Return `template` filled with `context`, as a PDF/A-3a.

    The template's strings are escaped; an SVG made by this product comes as `markupsafe.Markup`. Refused where a
    font is missing or the document asks for anything but a known asset.
    """
    html = environment(language).get_template(template).render(context, title=facts.title)
    # Options count twice, when pages are laid out and when they are written.
    options = {"pdf_variant": VARIANT}
    try:
        document = HTML(string=html, base_url="asset:", url_fetcher=asset_fetcher(assets or {})).render(**options)
    except FatalURLFetchingError as error:
        if isinstance(error.__cause__, Refusal):
            raise error.__cause__ from None
        raise Refusal(
            f"Le document demande une ressource qui n'est pas à lui ({error}) ; corrigez son modèle."
        ) from error
    metadata = document.metadata
    metadata.title = facts.title
    metadata.authors = [facts.author]
    metadata.created = metadata.modified = facts.instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata.attachments = [
        Attachment(
            string=file.content,
            name=file.name,
            description=file.description,
            relationship=file.relationship,
            created=facts.instant,
            modified=facts.instant,
        )
        for file in attachments
    ]
    describe = metadata.generate_rdf_metadata

    def with_descriptions(variant: str, version: int, conformance: str) -> bytes:
        # WeasyPrint's own option writes outside rdf:RDF, which no PDF/A reader accepts.
        rdf: bytes = describe(variant, version, conformance)
        return rdf.replace(b"</rdf:RDF>", b"".join((*facts.xmp_descriptions, b"</rdf:RDF>")))

    metadata.generate_rdf_metadata = with_descriptions
    pdf: bytes = document.write_pdf(**options)
    return pdf
