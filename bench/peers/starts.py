"""What the Python peers share: the handler, the waits from call to start, and an end when nobody waits any more.

The handler does nothing, unless it is told a file into which it notes its start. Times are of the monotonic clock
that all processes of a machine share. Standard input ends with whoever started the program.
"""

import os
import random
import signal
import threading
import time

PAYLOAD = {"path": "/data/input/file.bin", "note": "x" * 160}


def note_start(payload):
    """Appends number and time to the file; one short write of an append, so that processes may share it."""
    path = os.environ.get("BENCH_STARTS")
    if path is not None:
        with open(path, "a") as file:
            file.write(f"{payload.get('n', -1)} {time.monotonic_ns()}\n")


def end_with_input():
    """Ends this process and all that it started, a group of their own, when standard input ends."""

    def watch():
        while os.read(0, 65536):
            pass
        os.killpg(0, signal.SIGKILL)

    os.setpgid(0, 0)
    threading.Thread(target=watch, daemon=True).start()


def read_starts(path):
    with open(path) as file:
        return [tuple(map(int, line.split())) for line in file]


def wait_for(look):
    """Waits until it is true, or for as long as waiting makes sense."""
    deadline = time.monotonic() + 20
    while not look() and time.monotonic() < deadline:
        time.sleep(0.1)


def measure_waits(call, count, path):
    """p50 and p99 from the call to the start of the handler, in ms, one call every 10 to 30 ms."""
    warm = 20
    sent = []
    call({**PAYLOAD, "n": -1})
    wait_for(lambda: os.path.exists(path))
    for n in range(warm + count):
        time.sleep(0.01 + random.random() * 0.02)
        sent.append(time.monotonic_ns())
        call({**PAYLOAD, "n": n})
    wait_for(lambda: len(read_starts(path)) > len(sent))
    waits = sorted((at - sent[n]) / 1e6 for n, at in read_starts(path) if n >= warm)
    if len(waits) != count:
        raise RuntimeError(f"{len(waits)} of {count} tasks were picked up")
    return {"p50": waits[int((count - 1) * 0.5)], "p99": waits[int((count - 1) * 0.99)]}
