"""HTML of a template to tagged PDF/A-3, by WeasyPrint alone; the same input gives the same bytes."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from weasyprint import HTML, Attachment
from weasyprint.urls import FatalURLFetchingError

from foundation.documents.assets import asset_fetcher
from foundation.documents.templates import environment
from foundation.errors import Refusal
from foundation.look.language import FRENCH, Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIANT = "pdf/a-3a"
"""Archivable (ISO 19005-3), with attachments; level A: tagged, and all of its text can be extracted."""


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
    page = HTML(string=html, base_url="asset:", url_fetcher=asset_fetcher(assets or {}))
    # The variant counts twice, when pages are laid out and when they are written.
    variant = {"pdf_variant": VARIANT}
    try:
        document = page.render(**variant)
        _describe(document.metadata, facts)
        document.metadata.attachments = [_attachment(file, facts.instant) for file in sorted(attachments, key=_name)]
        with warnings.catch_warnings():
            # WeasyPrint leaves the file of its colour profile to the collector.
            warnings.simplefilter("ignore", ResourceWarning)
            pdf: bytes = document.write_pdf(finisher=_finish, **variant)
    except FatalURLFetchingError as error:
        if isinstance(error.__cause__, Refusal):
            raise error.__cause__ from None
        raise Refusal(
            "Le document demande une ressource étrangère ({error}) ; corrigez son modèle.", error=error
        ) from error
    return pdf


def _describe(metadata: Any, facts: DocumentFacts) -> None:
    """Write the facts into the document's metadata, and the further descriptions into its XMP."""
    metadata.title = facts.title
    metadata.authors = [facts.author]
    metadata.created = metadata.modified = facts.instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    plain = metadata.generate_rdf_metadata

    def with_descriptions(*args: Any) -> bytes:
        # WeasyPrint's own option writes outside rdf:RDF, which no validator accepts.
        before, end, after = plain(*args).rpartition(b"</rdf:RDF>")
        return b"".join((before, *facts.xmp_descriptions, end, after))

    metadata.generate_rdf_metadata = with_descriptions


def _name(file: EmbeddedFile) -> str:
    # A name tree is in the order of its names (ISO 32000-1, 7.9.6); readers search it by halves.
    return file.name


def _finish(_document: Any, pdf: Any) -> None:
    """Name each associated file once in the catalogue, where WeasyPrint names it twice."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


def _attachment(file: EmbeddedFile, instant: dt.datetime) -> Attachment:
    return Attachment(
        string=file.content,
        name=file.name,
        description=file.description,
        relationship=file.relationship,
        created=instant.astimezone(dt.UTC),
        modified=instant.astimezone(dt.UTC),
    )
