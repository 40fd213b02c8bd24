"""The running house, for every scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.databases import Database


@pytest.fixture
def house(database: Database, mqtt_url: str, sensors_url: str, broker_url: str, tmp_path: Path) -> Iterator[House]:
    """Yield the running house, on a database, a broker and a queue nobody else uses."""
    house = House(database, mqtt_url, broker_url, sensors_url, tmp_path)
    try:
        yield house
    finally:
        house.stop()
