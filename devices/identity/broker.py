"""Orders to Mosquitto's dynamic security plugin, over MQTT as its administrator; saved before they are answered."""

from __future__ import annotations

import json
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from devices.identity.rules import PREFIX, Account, acls, device_rights
from devices.ingest.address import BrokerAddress
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from paho.mqtt.client import MQTTMessage

ORDERS = "$CONTROL/dynamic-security/v1"
ANSWERS = f"{ORDERS}/response"
PATIENCE = 30.0
AT_ONCE = 5
"""Accounts in one message: while it carries it out the broker does nothing else, and it writes its whole file for each
order (50 microseconds an account of its file)."""
GONE_ALREADY = {"Client not found", "Role not found"}
THERE_ALREADY = {"Client already exists", "Role already exists"}

Order = dict[str, Any]


class DynamicSecurity:
    """A connection to the plugin, for a few orders."""

    def __init__(self, url: str) -> None:
        self._address = BrokerAddress.parse(url)
        self._ready = threading.Event()
        self._refused = ""
        self._answers: dict[str, dict[str, Any]] = {}
        self._answered = threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._address.prepare(self._client)

    def __enter__(self) -> Self:
        self._address.connect(self._client)
        self._client.loop_start()
        if not self._ready.wait(PATIENCE) or self._refused:
            self._leave()
            raise Refusal(
                "Le courtier MQTT {host} ne nous laisse pas gérer ses comptes ({reason}) ; donnez dans"
                " FLEET_PROVISIONING_MQTT_URL l'adresse de son administrateur, et chargez son greffon de sécurité"
                " dynamique.",
                host=self._address.host,
                reason=self._refused or "timeout",
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    # Accounts.

    def put(self, wanted: Sequence[tuple[Account, str]]) -> None:
        """Make each account with its password; where it was there with another one, whoever uses that is cut off."""
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            failed = self._order([order for one, password in some for order in _make(one, password)])
            if failed <= {None} | THERE_ALREADY and failed != {None}:
                failed = self._order(
                    [order for one, password in some for order in (*_unmake(one.username), *_make(one, password))]
                )
            _demand(failed, GONE_ALREADY)

    def remove(self, usernames: Iterable[str]) -> None:
        """Take accounts away and end their connections; one that is gone already is no failure."""
        names = list(usernames)
        for start in range(0, len(names), AT_ONCE):
            orders = [order for name in names[start : start + AT_ONCE] for order in _unmake(name)]
            _demand(self._order(orders), GONE_ALREADY)

    def mend(self, account: Account) -> None:
        """Give an account that is there the client id and the rights it should have; its password stays."""
        name = account.username
        # Never deleteRole here: 2.0.11 keeps pointers to a role that somebody holds, and crashes at the next order.
        _demand(self._order([_role(account, "createRole")]), THERE_ALREADY)
        client = {"username": name, "clientid": account.client_id, "groups": [], "roles": [{"rolename": name}]}
        failed = self._order(
            [
                _role(account, "modifyRole"),
                {"command": "modifyClient", **client},
                {"command": "enableClient", "username": name},
            ]
        )
        _demand(failed, set())

    def accounts(self) -> dict[str, Account]:
        """Return the accounts of devices as the broker has them, by user name."""
        roles = {
            role["rolename"]: [(acl["acltype"], acl["topic"]) for acl in role.get("acls", []) if acl["allow"]]
            for role in self._list("listRoles", "roles")
        }
        found = {}
        for client in self._list("listClients", "clients"):
            name = client["username"]
            if name.startswith(PREFIX):
                held = [right for role in client.get("roles", []) for right in roles.get(role["rolename"], [])]
                # A right of another kind is not the device's: it makes the account differ from the one it should be.
                topics = frozenset(topic if kind == "publishClientSend" else f"{kind} {topic}" for kind, topic in held)
                found[name] = Account(
                    name,
                    client.get("textdescription", ""),
                    topics,
                    client.get("clientid", ""),
                    enabled=not client.get("disabled", False) and not client.get("groups"),
                )
        return found

    def _list(self, command: str, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            order = {"command": command, "verbose": True, "count": 200, "offset": len(found)}
            (answer,) = self._ask([order])
            page = answer["data"][what]
            found += page
            if not page or len(found) >= answer["data"]["totalCount"]:
                return found

    # The plugin's own way of speaking.

    def _order(self, orders: Sequence[Order]) -> set[str | None]:
        """Give orders in one message, carried out in turn; return what was said of those that failed, None for none."""
        return {answer.get("error") for answer in self._ask(orders)} or {None}

    def _ask(self, orders: Sequence[Order]) -> list[dict[str, Any]]:
        # Every administrator hears every answer: each order carries a mark of our own.
        marked = [order | {"correlationData": secrets.token_hex(8)} for order in orders]
        marks = [order["correlationData"] for order in marked]
        self._client.publish(ORDERS, json.dumps({"commands": marked}), qos=1)
        deadline = time.monotonic() + PATIENCE
        with self._answered:
            while not all(mark in self._answers for mark in marks):
                if not self._answered.wait(max(0.0, deadline - time.monotonic())):
                    raise Refusal(
                        "Le courtier MQTT {host} n'a pas répondu à temps ; recommencez : ce qui est fait le reste.",
                        host=self._address.host,
                    )
            return [self._answers.pop(mark) for mark in marks]

    def _on_connect(self, client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = str(reason)
            self._ready.set()
        else:
            client.subscribe(ANSWERS, qos=1)

    def _on_subscribe(self, _client: Client, _userdata: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        self._refused = next((str(reason) for reason in reasons if reason.is_failure), "")
        self._ready.set()

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        answers = json.loads(message.payload)["responses"]
        with self._answered:
            self._answers |= {answer["correlationData"]: answer for answer in answers if "correlationData" in answer}
            self._answered.notify_all()


def _role(account: Account, command: str) -> Order:
    return {"command": command, "rolename": account.username, "acls": acls(device_rights(account.topics))}


def _make(account: Account, password: str) -> list[Order]:
    client = {
        "command": "createClient",
        "username": account.username,
        "password": password,
        "clientid": account.client_id,
        "textdescription": account.generation,
        "roles": [{"rolename": account.username}],
    }
    return [_role(account, "createRole"), client]


def _unmake(username: str) -> list[Order]:
    # In this order: a role that is deleted while somebody holds it makes 2.0.11 crash.
    return [{"command": "deleteClient", "username": username}, {"command": "deleteRole", "rolename": username}]


def _demand(failed: set[str | None], harmless: set[str]) -> None:
    serious = {text for text in failed if text is not None} - harmless
    if serious:
        raise Refusal(
            "Le courtier MQTT n'a pas fait ce qui lui était demandé ({reasons}) ; recommencez.",
            reasons=", ".join(sorted(serious)),
        )
