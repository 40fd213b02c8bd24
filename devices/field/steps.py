"""What does each kind of submission."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from devices.field.outings import close, load, start, unload
from devices.field.works import install_new, off, other_meter, swap, undo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devices.field.step import Done, Step

STEPS: Final[Mapping[str, Callable[[Step], Done]]] = MappingProxyType(
    {
        "load": load,
        "unload": unload,
        "start": start,
        "install": install_new,
        "swap": swap,
        "meter": other_meter,
        "removal": off,
        "undo": undo,
        "close": close,
    }
)
"""Each takes what was said and changes the register, or refuses in a sentence."""
