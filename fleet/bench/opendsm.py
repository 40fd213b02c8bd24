"""opendsm beside us: an environment of its own, the same years, one thread."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

REQUIREMENTS = ("opendsm==1.2.7", "multimethod<2")
"""With multimethod 2 the import of opendsm 1.2.7 fails on a conflict of metaclasses."""

FOLDER = Path("var/opendsm")

SIDE = Path(__file__).with_name("opendsm_side.py")


class Rows(NamedTuple):
    """A period as it is handed over: NaN where a row does not count."""

    stamps: NDArray[np.datetime64]
    kwh: Array
    celsius: Array


class Theirs(NamedTuple):
    """What opendsm made of a meter; NaN and nothing where it crashed."""

    seconds: float
    """Processor time of the fit."""
    predicted: Array
    """Of the rows of the year after."""

    @property
    def crashed(self) -> bool:
        """Whether there is no model."""
        return bool(np.isnan(self.seconds))


def install(folder: Path, tell: Callable[[str], None]) -> Path:
    """Return the Python of opendsm's environment in `folder`, made first where it is not there (1.2 GB, minutes)."""
    python, stamp = folder / "bin" / "python", folder / "stamp"
    wanted = " ".join((sys.version, *REQUIREMENTS))
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    tell(f"opendsm dans {folder} (quelques minutes, la première fois)")
    venv.create(folder, clear=True, with_pip=True)
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        *REQUIREMENTS,
    ]
    if subprocess.run(command, check=False).returncode:
        raise Refusal(
            "opendsm ne s'installe pas dans {folder} ; vérifiez l'accès à l'index de paquets, puis relancez.",
            folder=str(folder),
        )
    stamp.write_text(wanted, encoding="utf-8")
    return python


def fits(python: Path, model: str, years: Sequence[tuple[Rows, Rows]]) -> list[Theirs]:
    """Return what opendsm's `model` (daily, hourly) makes of each pair of years: fitted on one, foretold the other."""
    columns: dict[str, NDArray[np.float64] | NDArray[np.datetime64]] = {"count": np.array(len(years), dtype=float)}
    for number, pair in enumerate(years):
        for side, rows in zip(("before", "after"), pair, strict=True):
            columns |= {f"{side}_{name}_{number}": column for name, column in rows._asdict().items()}
    one_thread = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder, "given.npz"), Path(folder, "answer.npz")
        np.savez(given, **columns)  # type: ignore[arg-type]  # its stub takes the names for options
        # Without -P the modules beside the script would stand before opendsm itself.
        command: list[str | Path] = [python, "-P", SIDE, model, given, answer]
        if subprocess.run(command, check=False, env=os.environ | one_thread).returncode:
            raise Refusal("opendsm s'est arrêté ; ce qu'il a dit est ci-dessus.")
        with np.load(answer) as found:
            return [Theirs(float(found[f"seconds_{i}"]), found[f"predicted_{i}"]) for i in range(len(years))]
