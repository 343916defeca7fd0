/**
 * Ends a test file whose runner has gone: killed, it can tell nobody.
 *
 * Loaded before each test file. What a test starts inherits this as well and is left alone: the test is its
 * parent, not the runner.
 */
import { isMainThread } from 'node:worker_threads'

const EVERY = 500

const runner = Number(process.env['WINDLASS_TEST_RUNNER'] ?? '0')
if (isMainThread && process.ppid === runner) {
  setInterval(() => {
    if (process.ppid !== runner) process.kill(process.pid, 'SIGTERM')
  }, EVERY).unref()
}
