"""The C interface as plain ctypes: what a test needs that is to see every status.

It needs nothing but an interpreter, so that also one without the project's
packages runs it.
"""

from __future__ import annotations

import ctypes
import json
import select
from collections.abc import Mapping, Sequence
from typing import Any

OK = 0
INTERNAL = 16

Reply = Mapping[str, Any]


class Buffer(ctypes.Structure):
    """tasker_buffer."""

    _fields_ = (("data", ctypes.c_void_p), ("len", ctypes.c_size_t))


class Submission(ctypes.Structure):
    """tasker_submission."""

    _fields_ = (
        ("operation", ctypes.c_uint32),
        ("request", ctypes.c_char_p),
        ("request_len", ctypes.c_size_t),
    )


class Completion(ctypes.Structure):
    """tasker_completion."""

    _fields_ = (("ticket", ctypes.c_uint64), ("status", ctypes.c_int32), ("reply", Buffer))


class Failure(Exception):
    """A call that did not answer TASKER_OK."""

    def __init__(self, name: str, status: int, reply: Reply) -> None:
        super().__init__(f"{name} answered {status}: {json.dumps(reply)[:600]}")
        self.status = status
        self.reply = reply


class Library:
    """A loaded library."""

    def __init__(self, path: str) -> None:
        self.native = ctypes.CDLL(path)
        self.native.tasker_build_info.restype = ctypes.c_char_p

    def take(self, buffer: Buffer) -> bytes:
        """The bytes of a reply, which is freed."""
        text = ctypes.string_at(buffer.data, buffer.len) if buffer.data else b""
        self.native.tasker_buffer_free(ctypes.byref(buffer))
        return text

    def read(self, buffer: Buffer) -> Reply:
        """A reply as an object, which is freed."""
        text = self.take(buffer)
        reply: Reply = json.loads(text) if text else {}
        return reply

    def open(self, **config: Any) -> Engine:
        """Opens an engine."""
        engine, buffer, text = ctypes.c_uint64(0), Buffer(), json.dumps(config).encode()
        status = self.native.tasker_open(
            text, ctypes.c_size_t(len(text)), ctypes.byref(engine), ctypes.byref(buffer)
        )
        reply = self.read(buffer)
        if status != OK:
            raise Failure("tasker_open", status, reply)
        return Engine(self, engine.value)


class Engine:
    """An open engine."""

    def __init__(self, library: Library, number: int) -> None:
        self.library = library
        self.number = ctypes.c_uint64(number)

    def bytes(self, operation: str, request: bytes) -> tuple[int, bytes]:
        """One call with any bytes: its status and reply."""
        buffer = Buffer()
        function = getattr(self.library.native, "tasker_" + operation)
        status: int = function(self.number, request, ctypes.c_size_t(len(request)), ctypes.byref(buffer))
        return status, self.library.take(buffer)

    def attempt(self, operation: str, /, **request: Any) -> tuple[int, Reply]:
        """One call: its status and reply."""
        status, text = self.bytes(operation, json.dumps(request).encode())
        return status, json.loads(text)

    def call(self, operation: str, /, **request: Any) -> Any:
        """One call that has to succeed."""
        status, reply = self.attempt(operation, **request)
        if status != OK:
            raise Failure(operation, status, reply)
        return reply

    def interrupt(self) -> int:
        """Ends the calls that wait."""
        status: int = self.library.native.tasker_interrupt(self.number)
        return status

    def wake_fd(self) -> int:
        """The descriptor that tells of answers."""
        descriptor = ctypes.c_int32(-1)
        status = self.library.native.tasker_wake_fd(self.number, ctypes.byref(descriptor))
        if status != OK:
            raise Failure("tasker_wake_fd", status, {})
        return descriptor.value

    def submit(self, operation: int, **request: Any) -> int:
        """Submits a request and returns its ticket."""
        ticket, buffer, text = ctypes.c_uint64(0), Buffer(), json.dumps(request).encode()
        status = self.library.native.tasker_submit(
            self.number,
            ctypes.c_uint32(operation),
            text,
            ctypes.c_size_t(len(text)),
            ctypes.byref(ticket),
            ctypes.byref(buffer),
        )
        reply = self.library.read(buffer)
        if status != OK:
            raise Failure("tasker_submit", status, reply)
        return ticket.value

    def submit_many(self, requests: Sequence[tuple[int, Reply]]) -> list[int]:
        """Submits requests together and returns their tickets."""
        texts = [json.dumps(request).encode() for _, request in requests]
        given = (Submission * len(requests))(
            *[Submission(number, text, len(text)) for (number, _), text in zip(requests, texts, strict=True)]
        )
        ticket, buffer = ctypes.c_uint64(0), Buffer()
        status = self.library.native.tasker_submit_many(
            self.number, given, ctypes.c_size_t(len(requests)), ctypes.byref(ticket), ctypes.byref(buffer)
        )
        reply = self.library.read(buffer)
        if status != OK:
            raise Failure("tasker_submit_many", status, reply)
        return [ticket.value + index for index in range(len(requests))]

    def collect(self, capacity: int = 16) -> list[tuple[int, int, Reply]]:
        """The answers that are there: ticket, status and reply of each."""
        slots, count = (Completion * capacity)(), ctypes.c_size_t(0)
        status = self.library.native.tasker_collect(
            self.number, slots, ctypes.c_size_t(capacity), ctypes.byref(count)
        )
        if status != OK:
            raise Failure("tasker_collect", status, {})
        return [(slot.ticket, slot.status, self.library.read(slot.reply)) for slot in slots[: count.value]]

    def await_readable(self, seconds: float) -> bool:
        """Waits until the wake descriptor is readable."""
        return bool(select.select([self.wake_fd()], [], [], seconds)[0])
