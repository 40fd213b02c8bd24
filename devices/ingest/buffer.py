"""What has arrived and is not committed yet: bounded in number and in bytes, so that memory is."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devices.ingest.message import Message

MAX_MESSAGES = 8_000
MAX_BYTES = 32 * 1024 * 1024


class Buffer:
    """A queue between the network thread, which never blocks on it, and the writer, which waits on it.

    The network thread stops reading its socket while `has_room` is false: the broker then waits (TCP).
    """

    def __init__(self, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def has_room(self) -> bool:
        """Whether one more message may be put."""
        return len(self._messages) < self._max_messages and self._bytes < self._max_bytes

    @property
    def half_empty(self) -> bool:
        """Whether it is worth asking the broker for messages again."""
        return len(self._messages) <= self._max_messages // 2 and self._bytes <= self._max_bytes // 2

    def put(self, message: Message) -> None:
        """Append `message`."""
        with self._changed:
            self._messages.append(message)
            self._bytes += len(message.payload)
            self._changed.notify()

    def take(self, at_most: int, timeout: float) -> list[Message]:
        """Return up to `at_most` messages in order of arrival, waiting up to `timeout` seconds for the first."""
        with self._changed:
            if not self._messages and not self._closed:
                self._changed.wait(timeout)
            taken = [self._messages.popleft() for _ in range(min(at_most, len(self._messages)))]
            self._bytes -= sum(len(message.payload) for message in taken)
            return taken

    def close(self) -> None:
        """Let nobody wait on it any more: what it holds is all there will be."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def exhausted(self) -> bool:
        """Whether it was closed and everything was taken."""
        return self._closed and not self._messages
