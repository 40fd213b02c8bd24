"""Which flow a file is, by its name or what it says of itself, and who reads it."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.sources.enedis import c68, daily, r4, r50, r63, r64, r67, r151, r171
from devices.sources.enedis.objects import header_of
from devices.sources.enedis.table import plain
from devices.sources.envelope.names import flow_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from devices.sources.reading import Record

BEGINNING: Final = 16 * 1024
_ROOT = re.compile(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_ROOTS: Final = {"R151": "R151", "R50": "R50", "R171": "R171", "Courbe": "R4"}


class Recognised(NamedTuple):
    """A flow, the form it is in (xml, json, csv), and all of its bytes."""

    flow: str
    form: str
    pieces: Iterable[bytes]


def recognise(name: str, pieces: Iterable[bytes]) -> Recognised:
    """Return which flow a file is; what it says of itself decides, its name where it says nothing.

    Raises:
        Unreadable: neither says a flow we know, or they contradict each other.

    """
    parts = iter(pieces)
    beginning = b""
    for part in parts:
        beginning += part
        if len(beginning) >= BEGINNING:
            break
    whole = chain([beginning], parts)
    form, said = _said(beginning)
    named = flow_in(name)
    flow = said or named
    if not flow or _family(flow) not in _FAMILIES:
        raise Unreadable(
            "unknown_flow",
            "« {name} » n'est pas un flux Enedis connu (R151, R50, R171, R4Q, R4H, R4M, R63 à R67, C68) ; vérifiez son"
            " nom et son contenu.",
            name=name[:80],
        )
    if named and said and _family(named) != _family(said):
        raise Unreadable(
            "other_flow",
            "« {name} » porte le nom d'un flux {named} mais contient un flux {said} ; vérifiez le dépôt.",
            name=name[:80], named=named, said=said,
        )  # fmt: skip
    if named and len(named) > len(flow):
        flow = named
    return Recognised(flow, form, whole)


def read(recognised: Recognised, *, segments: Mapping[str, str] | None = None) -> Iterator[Record]:
    """Yield everything a file says; readings come before the end of the file is known to be sound.

    Raises:
        Unreadable: the file is not what its flow writes; whoever stores readings takes all of it or nothing.

    """
    flow, form, _pieces = recognised
    family = _family(flow)
    if (family, form) not in _READERS:
        raise Unreadable(
            "other_form",
            "Un flux {flow} n'est pas écrit en {form} ; vérifiez le fichier.", flow=flow, form=form.upper(),
        )  # fmt: skip
    return _sound(_READERS[family, form](recognised, segments or {}), flow)


def _sound(records: Iterator[Record], flow: str) -> Iterator[Record]:
    """Yield `records`; a field of another kind than the guide says (a list for a text) is a refusal too."""
    try:
        yield from records
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise Unreadable(
            "bad_shape",
            "Le fichier n'a pas la forme d'un flux {flow} ; demandez-le de nouveau au gestionnaire de réseau.",
            flow=flow,
        ) from error


_READERS: Final[dict[tuple[str, str], Callable[[Recognised, Mapping[str, str]], Iterator[Record]]]] = {
    ("R151", "xml"): lambda one, _: r151.read(one.pieces),
    ("R50", "xml"): lambda one, _: r50.read(one.pieces),
    ("R171", "xml"): lambda one, _: r171.read(one.pieces),
    ("R4", "xml"): lambda one, _: r4.read(one.pieces),
    ("R63", "json"): lambda one, known: r63.read_json(one.pieces, flow=one.flow, segments=known),
    ("R63", "csv"): lambda one, known: r63.read_csv(one.pieces, flow=one.flow, segments=known),
    ("R64", "json"): lambda one, _: r64.read_json(one.pieces),
    ("R64", "csv"): lambda one, _: r64.read_csv(one.pieces),
    ("R65", "json"): lambda one, _: daily.read_json(one.pieces, flow="R65"),
    ("R65", "csv"): lambda one, _: daily.read_csv(one.pieces, flow="R65"),
    ("R66", "json"): lambda one, _: daily.read_json(one.pieces, flow="R66"),
    ("R66", "csv"): lambda one, _: daily.read_csv(one.pieces, flow="R66"),
    ("R67", "json"): lambda one, _: r67.read_json(one.pieces),
    ("R67", "csv"): lambda one, _: r67.read_csv(one.pieces),
    ("C68", "json"): lambda one, _: c68.read_json(one.pieces),
    ("C68", "csv"): lambda one, _: c68.read_csv(one.pieces),
}
_FAMILIES: Final = frozenset(family for family, _ in _READERS)


def _family(flow: str) -> str:
    """Return R4 for R4Q, R63 for R63A: what is read the same way."""
    return "R4" if flow.startswith("R4") else flow.rstrip("AB")


def _said(beginning: bytes) -> tuple[str, str]:
    """Return the form of a file and the flow it says it is ("" where it does not)."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        root = _ROOT.search(text)
        return "xml", _ROOTS.get(root[1].decode(), "") if root else ""
    shown = text.decode("utf-8", "replace")
    if text[:1] in {b"{", b"["}:
        said = header_of(shown).get("codeFlux", "")
        return "json", said or ("C68" if '"situationsContractuelles"' in shown else "")
    columns = shown.partition("\n")[0].split(";")
    return "csv", _by_columns(columns)


def _by_columns(columns: list[str]) -> str:
    found = {plain(column) for column in columns}
    for flow, wanted in (
        ("C68", {"identifiant prm", "puissance souscrite"}),
        ("R67", {"identifiant prm", "code nature"}),
        ("R64", {"identifiant prm", "cadran"}),
        ("R63", {"identifiant prm", "horodate", "nature"}),
        ("R65", {"identifiant prm", "mode de calcul"}),
        ("R66", {"identifiant prm", "date", "pas"}),
    ):
        if wanted <= found:
            return flow
    return ""
