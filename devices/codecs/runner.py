"""Runs a codec in a process of its own (`devices.codecs.sandbox`) and says what came of it.

One child for all, started at the first need, started again when a codec has made it end. It gets no environment, no
open file and no address of ours; it ends with us.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import select
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, Self, cast

from devices.codecs.outcome import Outcome, failure
from foundation.errors import Refusal

if TYPE_CHECKING:
    from devices.dialects.uplink import Undecoded

PROGRAM: Final = Path(__file__).with_name("sandbox.py")
PATIENCE: Final = 5.0
"""Seconds until a child that does not answer is killed: its own limit, and what a busy machine may add."""
START: Final = 30.0
LONGEST: Final = 256 * 1024
"""Bytes of a codec; those that makers publish are a quarter of it at most."""
LONGEST_LINE: Final = 1024 * 1024
LIMITS: Final = ("time", "memory")
STRIKES: Final = 3
REST: Final = 60.0
"""A codec that took too much three times in a row is not run for a minute: it holds up all the others."""


class Source(NamedTuple):
    """A codec to run: its name for people, its JavaScript, and the hash it is kept under."""

    name: str
    text: str
    sha256: str


def read_source(content: bytes, title: str, sha256: str = "") -> Source:
    """Return a codec to run; refuse what is no text or too long."""
    if len(content) > LONGEST:
        raise Refusal(
            "Ce codec fait {size} octets, plus que les {longest} permis ; envoyez le seul fichier .js du fabricant.",
            field="source",
            size=len(content),
            longest=LONGEST,
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(
            "Ce fichier n'est pas du texte UTF-8 ; envoyez le fichier .js d'origine du fabricant.", field="source"
        ) from None
    # Each source rests for its own faults: without a hash of their own, those that are only tried would share them.
    return Source(title, text, sha256 or hashlib.sha256(content).hexdigest())


class Runner:
    """Owns the child; several threads may use it, one codec runs at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._strikes: dict[str, int] = {}
        self._resting: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, source: Source, uplink: Undecoded) -> Outcome:
        """Return what `source` makes of `uplink`; `Unreadable` where it makes nothing usable."""
        with self._lock:
            if self._resting.get(source.sha256, 0.0) > time.monotonic():
                raise failure("resting", "", source.name)
            said, text = self._ask(source, uplink)
            self._count(source, struck=said in LIMITS)
        return Outcome.read(said, text, source.name)

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _count(self, source: Source, *, struck: bool) -> None:
        if not struck:
            self._strikes.pop(source.sha256, None)
            return
        self._strikes[source.sha256] = self._strikes.get(source.sha256, 0) + 1
        if self._strikes[source.sha256] >= STRIKES:
            self._resting[source.sha256] = time.monotonic() + REST
            self._strikes.pop(source.sha256)

    def _ask(self, source: Source, uplink: Undecoded) -> tuple[str, str]:
        """Return the child's word for what became of it, and what belongs to the word."""
        question = json.dumps({"source": source.text, "input": given(uplink)}).encode() + b"\n"
        fresh = self._child is None
        line = self._exchange(question)
        if line == b"" and not fresh:
            # It may have ended between two questions: only a child of its own can be a codec's doing.
            line = self._exchange(question)
        if line is None:
            self._end()
            return "time", ""
        if not line:
            # V8 aborts where it finds no more memory (Fatal JavaScript out of memory).
            return "memory", ""
        answer = json.loads(line)
        if answer["said"] in LIMITS:
            self._end()
        return str(answer["said"]), str(answer["text"])

    def _exchange(self, question: bytes) -> bytes | None:
        """Return the child's answer, b"" where it has ended, None where it does not answer in time."""
        child = self._started()
        try:
            pipe = cast("IO[bytes]", child.stdin)
            pipe.write(question)
            pipe.flush()
            line = self._line(child, PATIENCE)
        except OSError:
            line = b""
        if line == b"":
            self._end()
        return line

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        # -I: no environment, no folder of ours on the path.
        child = subprocess.Popen(
            [sys.executable, "-I", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self._child = child
        if not self._line(child, START):
            self._end()
            raise failure("engine", "", "")
        return child

    def _line(self, child: subprocess.Popen[bytes], patience: float) -> bytes | None:
        """Return the next line of `child`, b"" where it has ended, None where it does not answer in time."""
        pipe = cast("IO[bytes]", child.stdout)
        until = time.monotonic() + patience
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            if not ready or len(line) > LONGEST_LINE:
                return None
            part = cast("Any", pipe).read1(65536)
            if not part:
                return b""
            line += part
        return line

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what it had not read any more
        child.wait()


def given(uplink: Undecoded) -> str:
    """Return the input of `decodeUplink` as JSON (TS013-1.0.0 § 3.1); `recvTime` becomes a Date there."""
    return json.dumps(
        {
            "bytes": list(uplink.data),
            "fPort": uplink.f_port,
            "recvTime": uplink.time.isoformat(),
            "variables": {},
        }
    )


@cache
def shared_runner() -> Runner:
    """Return the runner of this process, ended with it."""
    runner = Runner()
    atexit.register(runner.close)
    return runner
