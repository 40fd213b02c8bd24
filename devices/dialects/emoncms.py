"""emoncms: nodes and their inputs, without units.

Topics `emon/{node}/{input}` with a number, `emon/{node}` with numbers separated by commas (channels `1`, `2`, …) or a
JSON object `{"input": number, "group": {"input": number}, "time": …}`. Serial: the node. Channels: the inputs, as they
are written. Inputs have no unit unless their name ends in one; the installation's factor says it. `time` (any case)
is seconds since 1970 or ISO 8601; without it, the reception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from devices.dialects.instants import stamped
from devices.dialects.making import Maker, Meaning
from devices.dialects.measurement import Dialect, Said, Understood, Unreadable
from devices.dialects.naming import measured, serial_of
from devices.dialects.quantities import quantity_of, unit_in
from devices.dialects.strict_json import read

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = "emon/"
LEVELS: Final = 3
"""Topic levels of a single input: root, node, input."""


def understand(said: Said) -> Understood:
    """Return the inputs of a node."""
    levels = said.topic.split("/", 2)
    node, place = (levels[1], levels[2:]) if said.topic.startswith(ROOT) else (said.topic, [])
    text = said.payload.strip()
    # A list of numbers separated by commas is JSON but for its brackets.
    value = read(text if text.startswith(b"{") else b"[" + text + b"]")
    written = None
    if isinstance(value, dict):
        written = next((value[key] for key in value if key.lower() == "time"), None)
    elif not isinstance(value, list) or any(isinstance(one, list | dict) for one in value):
        raise Unreadable("wrong_shape", "Un message emoncms est un nombre, des nombres séparés par des virgules ou"
                         " un objet JSON ; corrigez ce que publie le nœud.")  # fmt: skip
    elif place and len(value) == 1:
        value = value[0]
    maker = Maker(serial_of(node, "le sujet"), *stamped(written, said))
    found = [one for path, number in _inputs(value, tuple(place)) for one in maker.of(path, number, _meaning(path[-1]))]
    if not found:
        raise Unreadable(
            "no_number", f"Le message du nœud {maker.serial} ne porte aucun nombre ; vérifiez ses entrées."
        )
    return Understood(tuple(found))


def _inputs(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every input with its path; a text where a number should be is refused, true and false are no inputs."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if path or key.lower() != "time":
                yield from _inputs(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _inputs(inner, (*path, str(number)))
    elif not isinstance(value, bool):
        yield path, measured(value, ".".join(path))


def _meaning(name: str) -> Meaning:
    unit = unit_in(name)
    return Meaning(quantity_of(unit), unit)


def uses(topic: str) -> bool:
    """Say whether a topic is under emoncms' root."""
    return topic.startswith(ROOT) and 1 < len([level for level in topic.split("/") if level]) <= LEVELS


DIALECT: Final = Dialect("emoncms", (f"{ROOT}#",), uses, understand, local_names=True)
