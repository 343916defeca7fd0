// The one table of reasons: why a task is dead or cancelled, or why it waits again, and what to do about it.
// `docs/reference/reasons.md` and `windlass explain` follow it. Words are stable; their meaning may be reworded. When a
// reason is given is decide.ts's business.

import type { Reason } from './record.ts'

/** `meaning`: what happened. `hint`: what the reader should do. */
export interface ReasonEntry {
  readonly meaning: string
  readonly hint: string
}

const TABLE = {
  expired: {
    meaning: 'The task did not start before its `expires` time and was cancelled.',
    hint: 'Add workers or raise `expires`; `windlass retry` runs it after all.',
  },
  cancelled: {
    meaning: 'Somebody cancelled the task.',
    hint: '`windlass retry` runs it again.',
  },
  poison: {
    meaning: 'The process that ran the task died again and again, so the task is not tried any more.',
    hint: 'See the error of its attempts (memory, exit code, signal), mend the handler, then `windlass retry`.',
  },
  lost: {
    meaning: 'The workers that ran the task vanished again and again without a word.',
    hint: 'Check the hosts, their network and whether handlers block, then `windlass retry`.',
  },
  fatal: {
    meaning: 'The handler threw `Fatal` or an error that is not worth a retry.',
    hint: 'Read the error, mend its cause, then `windlass retry`.',
  },
  failed: {
    meaning: 'The handler threw an error. While retries are left the task waits for the next one.',
    hint: 'Read the error. A task without retries that is to be tried again needs `retry`.',
  },
  retries_exhausted: {
    meaning: 'The handler failed in the first run and in every retry.',
    hint: 'Read the errors of its attempts, mend the cause, then `windlass retry`; or allow more retries.',
  },
  invalid_payload: {
    meaning: 'The payload does not fit the input schema of the task type any more.',
    hint: 'Enqueue it anew with a payload that fits, or mend the schema, then `windlass retry`.',
  },
  invalid_result: {
    meaning: 'The handler returned what is no JSON or is too large.',
    hint: 'Return plain, small JSON values, or store the data elsewhere and return a reference.',
  },
  timeout: {
    meaning: 'The handler ran longer than the timeout of the task.',
    hint: 'Raise `timeout`, make the handler faster, or let it end when `ctx.signal` aborts.',
  },
  unknown_type: {
    meaning: 'The worker that took the task did not know its type, and handed it back.',
    hint: 'Deploy the task type to every worker of the queue, or give it a queue of its own.',
  },
  unknown_codec: {
    meaning: 'The worker that took the task did not know the codec of its payload, and handed it back.',
    hint: 'Configure the codec, with its key, on every worker.',
  },
  unknown_version: {
    meaning: 'The worker that took the task knows an older version of its type, and handed it back.',
    hint: 'Deploy the newer version of the task type to every worker of the queue.',
  },
  child_failed: {
    meaning: 'The thread or process for the task could not be started, and the task was handed back.',
    hint: 'Read the log of the worker: memory, limits of processes, a file that throws while it is loaded.',
  },
  drained: {
    meaning: 'The worker stopped before the task was done and handed it back; nothing was charged.',
    hint: 'Nothing: it runs again. Give workers a longer `drain` when it happens often.',
  },
  bystander: {
    meaning: 'The process that ran the task was ended because of another task; nothing was charged.',
    hint: 'Nothing: it runs again. The log of that worker names the culprit; `isolation` keeps such a type apart.',
  },
  unclaimed: {
    meaning: 'The task was claimed for a worker that never got the answer, and was handed back.',
    hint: 'Nothing: it runs again. Check the network to the store when it happens often.',
  },
} as const

/** Every reason. */
export const REASONS: Readonly<Record<Reason, ReasonEntry>> = TABLE
