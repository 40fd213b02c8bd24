"""Schematron stylesheets (XSLT 2.0) run by Saxon: compiled once per process, on the one thread that may touch them."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from lxml import etree
from saxonche import PySaxonProcessor

from billing.einvoice.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from saxonche import PyXsltExecutable

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_RULE = re.compile(r"^\s*\[?((?:BR|CII|PEPPOL|UBL)-[A-Z0-9-]*[A-Z0-9])(?:/[^\]:]*)?\]?\s*[-:]?\s*")
_NAMESPACE_TEST = re.compile(r"\*:(\w+)\[namespace-uri\(\)='[^']*'\]")


def findings(xml: str, stylesheet: Path) -> tuple[Problem, ...]:
    """Return what `stylesheet` finds wrong with `xml` (well-formed, without DOCTYPE); warnings do not count."""
    report = etree.fromstring(_saxon_thread().submit(_transform, xml, stylesheet).result().encode())
    # A failed assertion says what must be there, a successful report what must not (elements outside the profile).
    found = report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
    return tuple(_problem(finding) for finding in found if finding.get("flag") != "warning")


@cache
def _saxon_thread() -> ThreadPoolExecutor:
    # SaxonC binds what it makes to the thread that made it.
    return ThreadPoolExecutor(1, thread_name_prefix="saxon")


@cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _compiled(stylesheet: Path) -> PyXsltExecutable:
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(stylesheet))


def _transform(xml: str, stylesheet: Path) -> str:
    node = _processor().parse_xml(xml_text=xml)
    report: str = _compiled(stylesheet).transform_to_string(xdm_node=node)
    return report


def _forget() -> None:
    """Start anew in a forked child: the parent's thread and its processor did not follow."""
    _saxon_thread.cache_clear()
    _processor.cache_clear()
    _compiled.cache_clear()


os.register_at_fork(after_in_child=_forget)


def _problem(finding: etree._Element) -> Problem:
    text = " ".join("".join(finding.itertext()).split())
    named = _RULE.match(text)
    # The Factur-X stylesheet numbers its own assertions; the rule of the standard is the one people can look up.
    rule = named.group(1) if named else finding.get("id", "FACTUR-X")
    sentence = text[named.end() :] if named else text
    location = _NAMESPACE_TEST.sub(r"\1", finding.get("location", ""))
    return Problem(rule, f"La règle {rule} n'est pas respectée : {sentence}", location)
