"""The files of the application: the same for everybody, without a word about anyone; kept by the phone."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from foundation.look.assets import NODE_MODULES
from foundation.look.tokens import STYLE_SHEET

if TYPE_CHECKING:
    from foundation.look.language import Language

HERE: Final = Path(__file__).with_name("static")
OWN: Final = tuple(sorted(path.name for path in HERE.iterdir()))
LAZY: Final = {
    "scanner.js": NODE_MODULES / "barcode-detector" / "dist" / "iife" / "ponyfill.js",
    "zxing_reader.wasm": NODE_MODULES / "zxing-wasm" / "dist" / "reader" / "zxing_reader.wasm",
}
"""What only a phone without a detector of its own loads, and after the first screen."""
FILES: Final = {
    **{name: HERE / name for name in OWN if name not in {"index.html", "worker.js"}},
    "tokens.css": STYLE_SHEET,
    "idb.js": NODE_MODULES / "idb" / "build" / "index.js",
    **LAZY,
}
"""What is served under /field/shell/, by name."""
TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".html": "text/html",
    ".json": "application/json",
}
SPOKEN: Final = re.compile(r'\b_\(\s*"((?:[^"\\]|\\.)*)"')
"""A French sentence in a script."""


class File(NamedTuple):
    """A file ready to be sent."""

    media_type: str
    content: bytes
    packed: bytes
    """The same by gzip: at 400 kbit/s every kilobyte is a fiftieth of a second."""


@cache
def version() -> str:
    """Return what changes whenever a file of the application does."""
    digest = hashlib.sha256()
    for name, path in sorted({**FILES, "index.html": HERE / "index.html", "worker.js": HERE / "worker.js"}.items()):
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def file(name: str) -> File | None:
    """Return a file by its name, None where there is none."""
    path = FILES.get(name)
    return None if path is None else _ready(path.suffix, path.read_bytes())


@cache
def page() -> File:
    """Return the one page of the application; every module is announced in it, so that none waits for another."""
    modules = [name for name in OWN if name.endswith(".js") and name != "worker.js"] + ["idb.js"]
    links = "".join(f'<link rel="modulepreload" href="/field/shell/{name}">' for name in modules)
    written = (HERE / "index.html").read_text("utf-8").replace("<!-- modules -->", links)
    return _ready(".html", written.replace("VERSION", version()).encode())


@cache
def worker(languages: tuple[str, ...]) -> File:
    """Return the service worker: its text names the version, so that a new one replaces it."""
    first = ["/field/", "/field/manifest.json", *(f"/field/words-{code}.json" for code in languages)]
    first += [f"/field/shell/{name}" for name in FILES if name not in LAZY]
    facts = {"version": version(), "first": first, "later": [f"/field/shell/{name}" for name in LAZY]}
    written = (HERE / "worker.js").read_text("utf-8").replace("FACTS", json.dumps(facts, sort_keys=True))
    return _ready(".js", written.encode())


def words(language: Language) -> File:
    """Return the sentences of the scripts in `language`: French sentence -> as it is said."""
    sentences = {
        json.loads(f'"{found}"')
        for name in OWN
        if name.endswith(".js")
        for found in SPOKEN.findall((HERE / name).read_text("utf-8"))
    }
    return _ready(".json", json.dumps({one: language.translate(one) for one in sorted(sentences)}).encode())


def _ready(suffix: str, content: bytes) -> File:
    return File(TYPES[suffix], content, gzip.compress(content, mtime=0))
