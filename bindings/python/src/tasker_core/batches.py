"""Many requests, and many answers, in one native call."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Sequence

from . import _native, wire
from .errors import from_reply

# Answers that are taken in one native call.
_COLLECT = 64

# tasker_submission and tasker_completion. Reading and writing them as a whole takes
# a third of the time that their fields take through ctypes.
_SUBMISSION = struct.Struct("IPN0P")
_COMPLETION = struct.Struct("QiPN0Q")


class Batches:
    """Submits and collects for one engine. Used by one thread at a time."""

    def __init__(self, library: _native.Library, handle: int) -> None:
        self._library = library
        self._handle = handle
        self._ticket = ctypes.c_uint64()
        self._reply = _native.Buffer()
        self._count = ctypes.c_size_t()
        self._completions = (_native.Completion * _COLLECT)()
        first, size = _native.Completion.reply.offset, _COMPLETION.size
        self._replies = [ctypes.byref(self._completions, first + size * slot) for slot in range(_COLLECT)]

    def submit(self, requests: Sequence[tuple[int, bytes]]) -> int:
        """Starts operations, given by their numbers and requests, all or none.

        Returns the ticket of the first; those of the others follow.
        """
        bodies = b"".join([body for _, body in requests])
        at = ctypes.cast(ctypes.c_char_p(bodies), ctypes.c_void_p).value or 0
        submissions = bytearray()
        for number, body in requests:
            submissions += _SUBMISSION.pack(number, at, len(body))
            at += len(body)
        memory = (ctypes.c_char * len(submissions)).from_buffer(submissions)
        status = self._library.tasker_submit_many(
            self._handle, memory, len(requests), ctypes.byref(self._ticket), ctypes.byref(self._reply)
        )
        if status == 0:
            return self._ticket.value
        try:
            answer = self._library.take(self._reply)
        finally:
            self._library.tasker_buffer_free(ctypes.byref(self._reply))
        raise from_reply(status, wire.decode(answer))

    def collect(self) -> Iterator[tuple[int, int, bytes]]:
        """Takes all answers that are there: ticket, status and reply of each."""
        library, count = self._library, _COLLECT
        while count == _COLLECT:
            status = library.tasker_collect(
                self._handle, self._completions, _COLLECT, ctypes.byref(self._count)
            )
            if status != 0:
                raise from_reply(status, None)
            count = self._count.value
            yield from self._taken(count)

    def _taken(self, count: int) -> list[tuple[int, int, bytes]]:
        """The first answers in the array, whose memory is released."""
        answers = []
        free = self._library.tasker_buffer_free
        for (ticket, status, data, size), reply in zip(
            _COMPLETION.iter_unpack(self._completions), self._replies[:count], strict=False
        ):
            answers.append((ticket, status, ctypes.string_at(data, size) if data else b""))
            free(reply)
        return answers
