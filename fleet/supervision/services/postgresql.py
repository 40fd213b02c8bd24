"""A private PostgreSQL: a cluster made once, reached by a private socket only, that never forgets a commit."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from foundation.errors import Refusal

if TYPE_CHECKING:
    from fleet.supervision.places import Places

OLDEST = 15
DEBIAN_VERSIONS = Path("/usr/lib/postgresql")
ADMINISTRATOR = "postgres"
SETTINGS = {
    "listen_addresses": "",
    # Truth 10: acknowledged means committed, and committed means on disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "timezone": "UTC",
    "shared_buffers": "256MB",
    # Row-level security makes short queries look expensive; compiling them takes longer than running them.
    "jit": "off",
}


def programs(version: int | None = None) -> Path:
    """Return the folder of the server programs of major `version`, or of the newest there is."""
    if version is None:
        found = sorted(int(folder.name) for folder in DEBIAN_VERSIONS.glob("[1-9][0-9]"))
        version = found[-1] if found else 0
    folder = DEBIAN_VERSIONS / str(version) / "bin"
    if version < OLDEST or not (folder / "postgres").exists():
        raise Refusal(
            "PostgreSQL {version} n'est pas installé ; installez le paquet postgresql (version {oldest} ou plus"
            " récente), ou donnez un serveur par la variable DATABASE_URL.",
            version=version or OLDEST,
            oldest=OLDEST,
        )
    return folder


def prepare(places: Places, password: str) -> None:
    """Make the cluster of `places`, whose administrator signs in with `password`; one that stands is left as it is.

    It is made aside and takes its name when it is complete: killed in between, the next start makes another.
    """
    cluster = _cluster(places)
    if cluster.exists():
        return
    for unfinished in places.services.glob("postgresql.*"):
        shutil.rmtree(unfinished)
    fresh = Path(tempfile.mkdtemp(prefix="postgresql.", dir=places.services))
    secret = fresh.with_name("postgresql.password")
    secret.touch(mode=0o600)
    secret.write_text(password)
    for path in (fresh, secret):
        places.user.own(path, 0o700 if path is fresh else 0o600)
    words = (
        *(programs() / "initdb", f"--pgdata={fresh}", f"--username={ADMINISTRATOR}", f"--pwfile={secret}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"),
    )
    made = subprocess.run(
        places.user.command("KILL", *words), cwd=fresh, check=False, capture_output=True, text=True, timeout=300
    )
    secret.unlink()
    if made.returncode:
        raise Refusal(
            "La base privée n'a pas pu être créée : {error}", error=made.stderr.strip() or made.stdout.strip()
        )
    fresh.rename(cluster)


def command(places: Places) -> list[str]:
    """Return the command of the server; SIGINT, on its parent's death too, is its fast shutdown."""
    cluster = _cluster(places)
    version = int((cluster / "PG_VERSION").read_text())
    settings = SETTINGS | {"unix_socket_directories": str(places.sockets)}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return places.user.command("INT", programs(version) / "postgres", "-D", cluster, *words)


def forget_the_dead(places: Places) -> bool:
    """Remove what a killed server left; False while that server still runs (it is shutting down)."""
    left = _cluster(places) / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError):
        if _is_postgres(int(left.read_text().split()[0])):
            return False
    left.unlink(missing_ok=True)
    for socket in places.sockets.glob(".s.PGSQL.*"):
        socket.unlink()
    return True


def is_ready(administrator_url: str) -> bool:
    """Say whether the server answers its administrator."""
    try:
        psycopg.connect(administrator_url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Refusal(
                "La base privée a été créée avec un autre mot de passe que celui de settings.env ; "
                "remettez ce fichier, ou supprimez le dossier de cet environnement sous var/ pour repartir de rien."
            ) from None
        return False
    return True


def address(places: Places, user: str, password: str, database: str) -> str:
    """Return how `user` reaches `database` by the private socket."""
    return f"postgresql://{user}:{password}@/{database}?host={places.sockets}"


def _cluster(places: Places) -> Path:
    return places.services / "postgresql"


def _is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name == "postgres"
    except (FileNotFoundError, PermissionError):
        return False
