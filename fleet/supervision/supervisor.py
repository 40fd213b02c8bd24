"""supervisord, our child: it starts programs again when they fall, with a growing pause, and stops them in order."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from fleet.supervision.programs import APPLICATION, SERVICES, Program
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fleet.supervision.places import Places

START_WITHIN = 60.0
FALLS_FOR = 15.0
STOP_WITHIN = 12.0
REFUSED = 2
ALIVE = frozenset({"STARTING", "RUNNING"})

SUPERVISORD = """\
[supervisord]
nodaemon = true
{user}
logfile = {logs}/supervisord.log
logfile_maxbytes = 1MB
logfile_backups = 1
pidfile = {pid}
umask = 022

[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

# What falls within ten seconds is started again after a pause that grows by a second at each try.
PROGRAM = """
[program:{name}]
command = {command}
directory = {directory}
environment = {environment}
autostart = {autostart}
autorestart = true
startsecs = 10
startretries = 30
stopsignal = {stop_signal}
stopwaitsecs = {patience}
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 1
redirect_stderr = true
"""

GROUP = """
[group:{name}]
programs = {programs}
priority = {priority}
"""


@dataclass(frozen=True, slots=True)
class State:
    """How a program is, in supervisord's words."""

    name: str
    exit_status: int
    pid: int


class Supervisor:
    """supervisord on the programs of one environment, from start to stop."""

    def __init__(self, places: Places, programs: Iterable[Program]) -> None:
        """Write its configuration; nothing runs yet."""
        self._places = places
        self._programs = list(programs)
        self._configuration = places.root / "supervisord.conf"
        self._socket = places.sockets / "supervisord.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration.unlink(missing_ok=True)
        with os.fdopen(os.open(self._configuration, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._written())

    def start(self, environ: Mapping[str, str]) -> None:
        """Start supervisord and the services in `environ`, which each program receives as well."""
        words = ["setpriv", "--pdeathsig", "TERM", "--"]
        words += [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._configuration)]
        # A session of its own: Ctrl-C is for us to receive, and to pass on in order.
        self._process = subprocess.Popen(
            words, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + START_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Refusal("Le superviseur n'a pas démarré ; voyez {logs}/supervisord.log.", logs=self._places.logs)
            time.sleep(0.05)

    def start_application(self, *names: str) -> None:
        """Start these of our own processes, or all that do not run yet; nothing is waited for."""
        for name in names:
            self._rpc.startProcess(f"{APPLICATION}:{name}", False)
        if not names:
            self._rpc.startProcessGroup(APPLICATION, False)

    def wait_for(self, name: str, is_ready: Callable[[], bool]) -> None:
        """Wait until `name` lives and `is_ready`; one that refused to start, or takes too long, is a refusal."""
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline:
            state = self.states()[name]
            if state.name in ALIVE and is_ready():
                return
            if state.name == "BACKOFF":
                # A port may still be held by what is ending: a few tries, not more.
                deadline = min(deadline, time.monotonic() + FALLS_FOR)
            if state.name == "FATAL" or (state.name == "BACKOFF" and state.exit_status == REFUSED):
                break
            time.sleep(0.05)
        raise self.failure_of(name)

    def states(self) -> dict[str, State]:
        """Return how each program is; a refusal where supervisord itself is gone."""
        try:
            found: Any = self._rpc.getAllProcessInfo()
        except (OSError, HTTPException, Fault):  # Fault: it is stopping, because somebody told it to
            raise Refusal("Le superviseur s'est arrêté, et tout avec lui ; relancez la commande.") from None
        return {each["name"]: State(each["statename"], each["exitstatus"], each["pid"]) for each in found}

    def failure_of(self, name: str) -> Refusal:
        """Return, as a refusal, the last words of a program that does not run."""
        log = self._places.logs / f"{name}.log"
        lines = log.read_text("utf-8", errors="replace").splitlines() if log.exists() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "il n'a rien dit")
        return Refusal(
            "« {name} » ne tient pas debout ({last}) ; son journal est {log}.", name=name, last=last, log=log
        )

    def stop(self) -> None:
        """Stop everything, our own processes before the services; what does not end in time is killed."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def _rpc(self) -> Any:
        # The address is not used: the transport goes by the socket.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return ServerProxy("http://localhost", transport=transport).supervisor

    def _answers(self) -> bool:
        try:
            return bool(self._rpc.getState()["statename"] == "RUNNING")
        except (OSError, HTTPException, Fault):
            return False

    def _written(self) -> str:
        logs = _literal(self._places.logs)
        user = "user = root" if os.getuid() == 0 else ""
        pid = _literal(pid_file(self._places))
        parts = [SUPERVISORD.format(user=user, logs=logs, pid=pid, socket=self._socket)]
        for program in self._programs:
            variables = ",".join(f'{name}="{_literal(value)}"' for name, value in program.variables.items())
            parts.append(
                PROGRAM.format(
                    name=program.name,
                    command=_literal(shlex.join(program.command)),
                    directory=_literal(program.directory),
                    environment=variables,
                    autostart="true" if program.group == SERVICES else "false",
                    stop_signal=program.stop_signal,
                    patience=program.patience,
                    logs=logs,
                )
            )
        for priority, group in ((10, SERVICES), (20, APPLICATION)):
            names = [program.name for program in self._programs if program.group == group]
            if names:
                parts.append(GROUP.format(name=group, programs=",".join(names), priority=priority))
        return "".join(parts)


def end_the_previous(places: Places) -> None:
    """See off a supervisord whose parent was killed: it is stopping, and what it runs with it."""
    configuration = str(places.root / "supervisord.conf")
    for sign in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + STOP_WITHIN
        while (pid := _running(places, configuration)) is not None and time.monotonic() < deadline:
            os.kill(pid, sign)
            time.sleep(0.2)


def pid_file(places: Places) -> Path:
    """Return where supervisord says which process it is."""
    return places.root / "supervisord.pid"


def _running(places: Places, configuration: str) -> int | None:
    try:
        pid = int(pid_file(places).read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return None
    return pid if configuration in command else None


def _literal(value: str | Path) -> str:
    """Return `value` as supervisord's file must spell it."""
    return str(value).replace("%", "%%")
