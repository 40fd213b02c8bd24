"""XML read piece by piece: no entity, no network, no document type, and no more memory than one block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def blocks(pieces: Iterable[bytes], *, root: str, each: tuple[str, ...], forget: tuple[str, ...]) -> Iterator[Any]:
    """Yield each element named in `each` once it is complete, in the order of the file, whatever its namespace.

    Elements named in `forget` are dropped from memory after they were yielded or passed.

    Raises:
        Unreadable: what was read is no XML, ends too early, declares a document type, or has another root.

    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=(f"{{*}}{root}", *(f"{{*}}{name}" for name in (*each, *forget))),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    wanted, dropped = frozenset(each), frozenset(forget)
    seen = False
    try:
        for piece in pieces:
            parser.feed(piece)
            for event, element in parser.read_events():
                name = local(element)
                if event == "start":
                    if not seen:
                        _check_root(element, root)
                        seen = True
                    continue
                if name in wanted:
                    yield element
                if name in dropped:
                    _drop(element)
        if not seen:
            raise _other(root)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            "not_xml",
            "Le fichier n'est pas du XML entier ({error}) ; demandez-le de nouveau au gestionnaire de réseau.",
            error=str(error)[:120],
        ) from None


def local(element: Any) -> str:
    """Return the name of an element without its namespace."""
    name: str = element.tag
    return name.rpartition("}")[2]


def texts(element: Any) -> dict[str, str]:
    """Return the texts of the children of `element` by their names; of several with one name, the last."""
    return {local(child): child.text or "" for child in element}


def _check_root(element: Any, root: str) -> None:
    tree = element.getroottree()
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise Unreadable(
            "document_type",
            "Le fichier déclare un type de document, ce qu'aucun flux d'Enedis ne fait ; ne le lisez pas et"
            " signalez-le.",
        )
    if local(tree.getroot()) != root:
        raise _other(root)


def _other(root: str) -> Unreadable:
    return Unreadable(
        "other_flow",
        "Le fichier n'est pas un flux dont la racine est « {root} » ; vérifiez son nom et son contenu.",
        root=root,
    )


def _drop(element: Any) -> None:
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
