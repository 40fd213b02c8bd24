"""Where an environment keeps its things, and who its services run as.

Everything stands under `var/<environment>`, with two exceptions that a symbolic link shows there: sockets, whose path
may not exceed about a hundred bytes, and data that the services' user could not reach (a checkout under /root).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ELSEWHERE = Path("/var/lib/fleet")


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The user PostgreSQL, Mosquitto and Redis run as: `postgres` where we are root, ourselves elsewhere."""

    uid: int
    gid: int

    def command(self, signal: str, *words: str | Path) -> list[str]:
        """Return `words` as a command of this user that receives `signal` when its parent dies, however it dies."""
        become = [] if self.uid == os.getuid() else [f"--reuid={self.uid}", f"--regid={self.gid}", "--init-groups"]
        return ["setpriv", *become, "--pdeathsig", signal, "--", *map(str, words)]

    def own(self, path: Path, mode: int) -> None:
        """Give `path` to this user with `mode`."""
        os.chown(path, self.uid, self.gid)
        path.chmod(mode)


def service_user() -> ServiceUser:
    """Return who the services run as: PostgreSQL, where it is installed, brings a user and refuses to run as root."""
    if os.getuid() == 0:
        with contextlib.suppress(KeyError):
            postgres = pwd.getpwnam("postgres")
            return ServiceUser(postgres.pw_uid, postgres.pw_gid)
    return ServiceUser(os.getuid(), os.getgid())


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one environment."""

    root: Path
    user: ServiceUser

    @property
    def name(self) -> str:
        """The environment's name, as its folder is called: demo, test."""
        return self.root.name

    @property
    def settings(self) -> Path:
        """Addresses and secrets, made once."""
        return self.root / "settings.env"

    @property
    def lock(self) -> Path:
        """Held while the environment is up."""
        return self.root / "lock"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.root / "log"

    @property
    def services(self) -> Path:
        """What the services keep; where it really is, since their user may not be able to follow the link to it."""
        return (self.root / "services").resolve()

    @property
    def sockets(self) -> Path:
        """A short, private folder for Unix sockets (the link's target: 108 bytes is all a socket's path may have)."""
        return (self.root / "sockets").readlink()


def prepare_places(root: Path) -> Places:
    """Make the folders of the environment `root`, or find them as they were left."""
    places = Places(root.absolute(), service_user())
    places.logs.mkdir(parents=True, exist_ok=True)
    _prepare_services(places)
    _prepare_sockets(places)
    return places


def _prepare_services(places: Places) -> None:
    here = places.root / "services"
    if here.exists():
        return
    here.unlink(missing_ok=True)  # a link that leads nowhere any more
    if _reaches(places.user, places.root):
        fresh = Path(tempfile.mkdtemp(prefix="services.", dir=places.root))
        places.user.own(fresh, 0o700)
        fresh.rename(here)
        return
    ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{places.name}.", dir=ELSEWHERE))
    places.user.own(fresh, 0o700)
    here.symlink_to(fresh)


def _reaches(user: ServiceUser, folder: Path) -> bool:
    return subprocess.run(user.command("KILL", "test", "-x", folder), cwd="/", check=False).returncode == 0


def _prepare_sockets(places: Places) -> None:
    link = places.root / "sockets"
    if link.is_symlink() and _is_private(link.readlink(), places.user):
        return
    fresh = Path(tempfile.mkdtemp(prefix="fleet-", dir="/tmp"))
    places.user.own(fresh, 0o700)
    following = places.root / f"sockets.{fresh.name}"
    following.symlink_to(fresh)
    following.rename(link)


def _is_private(folder: Path, user: ServiceUser) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user.uid and stat.S_IMODE(found.st_mode) == 0o700
