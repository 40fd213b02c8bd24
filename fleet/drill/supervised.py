"""The private services of an environment, stopped and started through its supervisor."""

from __future__ import annotations

import time
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from foundation.errors import Refusal

if TYPE_CHECKING:
    from fleet.drill.ground import Ground

STARTS_WITHIN = 30.0
RUNNING = frozenset({"STARTING", "RUNNING"})


class Supervised:
    """One service under the supervisor of `fleet services`."""

    def __init__(self, ground: Ground, name: str) -> None:
        self._name = f"services:{name}"
        self._socket = Path(ground.environ.get("FLEET_DIRECTORY", "")) / "sockets" / "supervisord.sock"
        try:
            self._state()
        except (OSError, HTTPException, Fault):
            raise Refusal(
                "Cet exercice arrête {name} : il lui faut des services à lui ; lancez-le sans adresses, ou par « "
                "fleet services ».",
                name=name,
            ) from None

    def restart(self) -> None:
        """Stop it as its administrator would, and start it again."""
        self._rpc.stopProcess(self._name, True)
        self._rpc.startProcess(self._name, False)
        self._wait()

    def kill(self) -> None:
        """Kill it; the supervisor starts it again."""
        pid = self._state()["pid"]
        self._rpc.signalProcess(self._name, "KILL")
        deadline = time.monotonic() + STARTS_WITHIN
        while self._state()["pid"] in {0, pid} and time.monotonic() < deadline:
            time.sleep(0.05)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while self._state()["statename"] not in RUNNING:
            if time.monotonic() > deadline:
                raise Refusal("« {name} » n'a pas redémarré ; voyez son journal.", name=self._name)
            time.sleep(0.05)

    def _state(self) -> dict[str, Any]:
        found: dict[str, Any] = self._rpc.getProcessInfo(self._name)
        return found

    @property
    def _rpc(self) -> Any:
        # The address is not used: the transport goes by the socket.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return ServerProxy("http://localhost", transport=transport).supervisor
