"""The file of the dynamic security plugin on disk: read whole, written whole."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from foundation.errors import Refusal

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> dict[str, Any]:
    """Return what the file at `path` says, nothing where there is none."""
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise Refusal(
            "Le fichier des comptes du courtier, « {path} », ne se lit pas ; mettez-le de côté, relancez, puis "
            "remplissez le nouveau depuis la base : fleet devices provision --file.",
            path=path,
        ) from None
    return document


def write(path: Path, document: dict[str, Any]) -> None:
    """Write `document` to `path` all at once, owned and readable as the file before it."""
    before = path.stat() if path.exists() else None
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    if before:
        os.chown(fresh, before.st_uid, before.st_gid)
        fresh.chmod(before.st_mode & 0o777)
    fresh.rename(path)
