"""RQ with its default worker, which forks for each job. Asked and answering as program.js says: FOLDER is not used,
`process` runs from the start of the first job to the end of the last, `single` is one caller, since its calls wait.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

from redis import Redis
from rq import Queue, Worker

from starts import PAYLOAD, end_with_input, measure_waits, note_start


def handle(payload):
    """The job."""
    note_start(payload)


class TimedWorker(Worker):
    """Says when the first job starts and the last one has ended, and is the default worker otherwise."""

    first = None
    last = None

    def execute_job(self, job, queue):
        self.first = self.first or time.monotonic()
        super().execute_job(job, queue)
        self.last = time.monotonic()


def work(queue, burst):
    worker = TimedWorker([queue], connection=queue.connection)
    worker.work(burst=burst, logging_level="ERROR")
    return worker


def fill(queue, count):
    for start in range(0, count, 1000):
        jobs = [Queue.prepare_data("rq_peer.handle", (PAYLOAD,)) for _ in range(min(1000, count - start))]
        queue.enqueue_many(jobs)


def pickup(queue, count):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "starts")
        args = [sys.executable, __file__, *sys.argv[1:4], "starts", "0", "1"]
        child = subprocess.Popen(args, stdin=subprocess.PIPE, env={**os.environ, "BENCH_STARTS": path})
        try:
            return measure_waits(lambda payload: queue.enqueue("rq_peer.handle", payload), count, path)
        finally:
            child.kill()


def main(url, what, count):
    queue = Queue("bench", connection=Redis.from_url(url))
    if what == "starts":
        work(queue, burst=False)
        return None
    if what == "pickup":
        return pickup(queue, count)
    if what == "process":
        fill(queue, count)
        worker = work(queue, burst=True)
        return {"rate": count / (worker.last - worker.first)}
    since = time.monotonic()
    if what == "bulk":
        fill(queue, count)
    else:
        for _ in range(count):
            queue.enqueue("rq_peer.handle", PAYLOAD)
    return {"rate": count / (time.monotonic() - since)}


if __name__ == "__main__":
    end_with_input()
    print(json.dumps(main(sys.argv[2], sys.argv[4], int(sys.argv[5]))), flush=True)
