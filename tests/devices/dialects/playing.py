"""Vectors: messages of our own making, and what they say (vectors/DIALECT/*.json)."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.dialects.measurement import Observation, Quality, Said, Stamp
from devices.dialects.quantities import Quantity
from devices.dialects.registry import understand

FOLDER = Path(__file__).parent / "vectors"
VECTORS = sorted(FOLDER.glob("*/*.json"))
RECEIVED = "2026-03-01T12:00:00+00:00"


def payload_of(message: dict) -> bytes:
    """Return the bytes of a message: written as JSON, as text or in hexadecimal."""
    if "hex" in message:
        return bytes.fromhex(message["hex"])
    if "text" in message:
        return message["text"].encode()
    return json.dumps(message["payload"], ensure_ascii=False).encode()


def said_by(vector: dict, message: dict) -> Said:
    zone = ZoneInfo(vector["zone"]) if "zone" in vector else None
    received_at = dt.datetime.fromisoformat(vector.get("received_at", RECEIVED))
    return Said(message["topic"], payload_of(message), received_at, zone)


def play(vector: dict):
    """Understand the messages before, then the vector's own."""
    memory: dict = {}
    for message in vector.get("before", []):
        memory = understand(said_by(vector, message), memory=memory, retained=message.get("retained", False)).memory
    return understand(
        said_by(vector, vector), memory=memory, name=vector.get("as_dialect"), retained=vector.get("retained", False)
    )


def observation(wanted: dict) -> Observation:
    return Observation(
        wanted["serial"],
        wanted["channel"],
        dt.datetime.fromisoformat(wanted["time"]),
        Decimal(wanted["value"]),
        Quantity(wanted["quantity"]),
        wanted["unit"],
        Stamp(wanted["stamp"]),
        Quality(wanted["quality"]),
        wanted.get("phase", ""),
    )
