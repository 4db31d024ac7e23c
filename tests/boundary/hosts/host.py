"""A Python program that makes calls on request and tells how long they took.

    host.py LIBRARY MODE CONFIGURATION...

It opens one engine per configuration and answers lines, see boundary.go. The
mode "native" calls the C functions by ctypes, "binding" the methods of the
package: Engine for calls that wait, AsyncEngine for batches.
"""

import asyncio
import ctypes
import json
import os
import select
import struct
import sys
import time

COLLECT = 64


class Native:
    """The C functions, with what ctypes needs and no more."""

    def __init__(self, configurations):
        from tasker_core import _native  # noqa: PLC0415

        self.library = _native.load()
        self.native = _native
        self.engines = [self.open(text.encode()) for text in configurations]
        self.pollers = [self.poller(engine) for engine in self.engines]
        self.completions = (_native.Completion * COLLECT)()
        first, each = _native.Completion.reply.offset, ctypes.sizeof(_native.Completion)
        self.slots = [ctypes.byref(self.completions, first + each * slot) for slot in range(COLLECT)]

    def open(self, text):
        engine, reply = ctypes.c_uint64(), self.native.Buffer()
        status = self.library.tasker_open(text, len(text), ctypes.byref(engine), ctypes.byref(reply))
        check(status, self.library.take(reply))
        return engine.value

    def poller(self, engine):
        descriptor, poller = ctypes.c_int32(), select.poll()
        check(self.library.tasker_wake_fd(engine, ctypes.byref(descriptor)), "wake_fd")
        poller.register(descriptor.value, select.POLLIN)
        return poller

    def wait(self, which, name, number, request):
        call, engine = self.library.operation(name), self.engines[which]
        take, free = self.library.take, self.library.tasker_buffer_free
        body, reply = request.encode(), self.native.Buffer()
        reference = ctypes.byref(reply)

        def once():
            status = call(engine, body, len(body), reference)
            answer = take(reply)
            free(reference)
            check(status, answer)

        return once

    def batch(self, which, number, size, request):
        body, submit, engine = request.encode(), self.library.tasker_submit_many, self.engines[which]
        text = ctypes.cast(ctypes.c_char_p(body), ctypes.c_void_p)
        submissions = (self.native.Submission * size)(*[(number, text, len(body))] * size)
        ticket, reply, count = ctypes.c_uint64(), self.native.Buffer(), ctypes.c_size_t()
        tickets, replies, counts = ctypes.byref(ticket), ctypes.byref(reply), ctypes.byref(count)
        read, free, completions = ctypes.string_at, self.library.tasker_buffer_free, self.completions
        layout, slots = struct.Struct("QiPN0Q"), self.slots

        def once():
            check(submit(engine, submissions, size, tickets, replies), "submit_many")
            taken = 0
            while taken < size:
                self.pollers[which].poll()
                check(self.library.tasker_collect(engine, completions, COLLECT, counts), "collect")
                answers = zip(layout.iter_unpack(completions), slots[: count.value], strict=False)
                for (_, status, data, length), slot in answers:
                    answer = read(data, length)
                    free(slot)
                    check(status, answer)
                taken += count.value

        return once

    def close(self):
        for engine in self.engines:
            reply = self.native.Buffer()
            self.library.tasker_close(engine, None, 0, ctypes.byref(reply))
            self.library.tasker_buffer_free(ctypes.byref(reply))


class Binding:
    """The package, as a program uses it."""

    def __init__(self, configurations):
        from tasker_core import AsyncEngine, Engine  # noqa: PLC0415

        self.loop = asyncio.new_event_loop()
        self.engines = [Engine.open(**json.loads(text)) for text in configurations]
        self.waiting = [
            self.loop.run_until_complete(self.over(AsyncEngine, engine)) for engine in self.engines
        ]

    async def over(self, kind, engine):
        return kind(engine)

    def wait(self, which, name, number, request):
        call, fields = self.engines[which]._call, json.loads(request)
        return lambda: call(number, name, fields)

    def batch(self, which, number, size, request):
        submit, fields = self.waiting[which]._submit, json.loads(request)

        async def all_of_them():
            await asyncio.gather(*[submit(number, fields) for _ in range(size)])

        return lambda: self.loop.run_until_complete(all_of_them())

    def close(self):
        for engine in self.waiting:
            self.loop.run_until_complete(engine.close())


def check(status, what):
    if status != 0:
        raise RuntimeError(f"status {status}: {what}")


def answer(host, line):
    form, which, function, number, times, size, request = line.rstrip("\n").split(" ", 6)
    if form == "wait":
        once = host.wait(int(which), function.removeprefix("tasker_"), int(number), request)
    else:
        once = host.batch(int(which), int(number), int(size), request)
    took, now = [], time.perf_counter_ns
    for _ in range(int(times)):
        start = now()
        once()
        took.append((now() - start) // int(size))
    return "ok " + " ".join(map(str, took))


def main():
    library, mode, *configurations = sys.argv[1:]
    os.environ["TASKER_CORE_LIBRARY"] = library
    host = (Native if mode == "native" else Binding)(configurations)
    print("ready", flush=True)
    for line in sys.stdin:
        print(answer(host, line), flush=True)
    host.close()


try:
    main()
except Exception as error:
    print("error", repr(error).replace("\n", " "), flush=True)
    raise
