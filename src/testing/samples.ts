// Sample builders: whole records from the few fields a test is about. Defaults are the product's own.
// Ids are drawn unless given. What is built is plain data for the verbs of an engine; nothing is checked here.

import type { NewSession, NewTask, Outcome } from '../core/hot-verbs.ts'
import { mintId, mintToken } from '../core/ids.ts'
import { wordsAsError } from '../core/kept-error.ts'
import { DEFAULTS } from '../core/limits.ts'
import { digestOfTask } from '../core/new-task.ts'
import type { KeptError } from '../core/record.ts'
import { DEFAULT_CRASH, DEFAULT_RETRY } from '../core/retry.ts'

/** A task due now in queue `default`. The digest is that of its fields unless it is given. */
export function newTask(overrides: Partial<NewTask> = {}): NewTask {
  const id = overrides.id ?? mintId()
  const task: Omit<NewTask, 'digest'> = {
    id,
    type: 'sample',
    queue: DEFAULTS.queue,
    priority: DEFAULTS.priority,
    payload: '{"n":1}',
    payloadVersion: 1,
    codec: null,
    retry: DEFAULT_RETRY,
    crash: DEFAULT_CRASH,
    timeout: DEFAULTS.timeout,
    keep: DEFAULTS.keep,
    tags: [],
    meta: null,
    group: null,
    parentId: null,
    rootId: id,
    traceContext: null,
    origin: 'client',
    due: { after: 0 },
    expires: null,
    unique: null,
    minted: false,
    ...overrides,
  }
  return { ...task, digest: overrides.digest ?? digestOfTask(task, task.payload) }
}

/** A session that takes from all queues. */
export function newSession(overrides: Partial<NewSession> = {}): NewSession {
  return {
    id: mintToken(),
    name: 'worker-1',
    queues: null,
    types: ['sample'],
    concurrency: DEFAULTS.concurrency,
    lease: DEFAULTS.lease,
    host: 'host-1',
    bootId: 'boot-1',
    pidSpace: 'pid:[1]',
    pid: 4_321,
    startTime: '1000',
    ...overrides,
  }
}

/** An error as it is kept. */
export function newError(message = 'it broke'): KeptError {
  return wordsAsError(null, 'Error', message)
}

const PLAIN: Outcome = {
  kind: 'release',
  to: 'ready',
  delay: 0,
  charge: {},
  reason: null,
  result: null,
  error: null,
  warnings: [],
}

/** Outcomes as core decides them, one builder for each kind; `more` replaces any field. */
export const outcomes = {
  succeed: (result: string | null = '{"ok":true}', more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'succeed',
    to: 'succeeded',
    result,
    ...more,
  }),
  retry: (delay: number = DEFAULTS.retryDelay, more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'retry',
    to: 'scheduled',
    delay,
    charge: { failures: 1 },
    reason: 'failed',
    error: newError(),
    ...more,
  }),
  die: (more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'die',
    to: 'dead',
    charge: { failures: 1 },
    reason: 'fatal',
    error: newError(),
    ...more,
  }),
  cancel: (more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'cancel',
    to: 'cancelled',
    reason: 'cancelled',
    ...more,
  }),
  snooze: (delay = 5_000, more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'snooze',
    to: 'scheduled',
    delay,
    charge: { snoozes: 1 },
    ...more,
  }),
  /** Without a delay back to its old place. */
  release: (delay = 0, more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    to: delay > 0 ? 'scheduled' : 'ready',
    delay,
    charge: { releases: 1 },
    reason: 'drained',
    ...more,
  }),
  crash: (delay = 0, more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'crash',
    to: 'scheduled',
    delay,
    charge: { crashes: 1 },
    error: newError('the process died'),
    ...more,
  }),
  loss: (delay = 0, more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'loss',
    to: 'scheduled',
    delay,
    charge: { losses: 1 },
    error: newError('the lease ran out'),
    ...more,
  }),
  deadline: (delay: number = DEFAULTS.retryDelay, more: Partial<Outcome> = {}): Outcome => ({
    ...PLAIN,
    kind: 'deadline',
    to: 'scheduled',
    delay,
    charge: { failures: 1 },
    reason: 'timeout',
    error: newError('ran too long'),
    ...more,
  }),
} as const
