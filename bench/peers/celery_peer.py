"""Celery on Redis with its default pool of processes (prefork), no result backend, early acknowledgement: its
defaults, a weaker promise than the others'. Asked and answering as program.js says. `process` runs from the start of
the first task to the end of the last; `single` is one caller, since its calls wait; it has no bulk call.
"""

import glob
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from mmap import mmap

from celery import Celery
from celery.signals import worker_process_init

from starts import PAYLOAD, end_with_input, measure_waits, note_start

app = Celery("celery_peer", broker=os.environ.get("BENCH_BROKER"))
app.conf.worker_hijack_root_logger = False

# How many, the first start, the last end: each process of the pool keeps its own in a file that is its memory.
RECORD = struct.Struct("qdd")
kept = None
count = 0
first = 0.0


@worker_process_init.connect
def keep_record(**_):
    global kept
    path = os.path.join(os.environ["BENCH_FOLDER"], f"{os.getpid()}.record")
    with open(path, "w+b") as file:
        file.truncate(RECORD.size)
        kept = mmap(file.fileno(), RECORD.size)


@app.task(name="handle", ignore_result=True)
def handle(payload):
    global count, first
    count += 1
    first = first or time.monotonic()
    note_start(payload)
    RECORD.pack_into(kept, 0, count, first, time.monotonic())


def records(folder):
    for path in glob.glob(os.path.join(folder, "*.record")):
        with open(path, "rb") as file:
            data = file.read()
        if len(data) == RECORD.size:
            yield RECORD.unpack(data)


def with_worker(run, concurrency):
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "BENCH_FOLDER": folder, "BENCH_STARTS": os.path.join(folder, "starts")}
        if run is drained:
            del env["BENCH_STARTS"]
        args = [sys.executable, "-m", "celery", "-A", "celery_peer", "worker", "--loglevel", "ERROR"]
        pool = ["--pool", "prefork", "--concurrency", concurrency]
        env["C_FORCE_ROOT"] = "1"
        child = subprocess.Popen(
            [*args, *pool], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=os.path.dirname(__file__)
        )
        try:
            return run(folder)
        finally:
            child.terminate()
            child.wait(10)


def drained(folder):
    wanted = int(sys.argv[5])
    while True:
        seen = list(records(folder))
        if sum(done for done, _, _ in seen) >= wanted:
            break
        time.sleep(0.02)
    started = min(at for done, at, _ in seen if done > 0)
    return {"rate": wanted / (max(at for _, _, at in seen) - started)}


def picked_up(folder):
    return measure_waits(handle.delay, int(sys.argv[5]), os.path.join(folder, "starts"))


def main(what, wanted, concurrency):
    if what == "pickup":
        return with_worker(picked_up, concurrency)
    since = time.monotonic()
    for _ in range(wanted):
        handle.delay(PAYLOAD)
    if what == "process":
        return with_worker(drained, concurrency)
    return {"rate": wanted / (time.monotonic() - since)}


if __name__ == "__main__":
    os.environ["BENCH_BROKER"] = app.conf.broker_url = sys.argv[2]
    end_with_input()
    print(json.dumps(main(sys.argv[4], int(sys.argv[5]), sys.argv[6])), flush=True)
