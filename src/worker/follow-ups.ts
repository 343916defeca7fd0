// Tasks that a handler enqueues: kept with the attempt and sent in the unit that settles its success, or at once.
// The input is checked where the mistake is made, as any enqueue does. Order and identity are the store's.

import { checkInput } from '../core/check-input.ts'
import { buildTask } from '../core/new-task.ts'
import type { EnqueueOptions } from '../core/enqueue-options.ts'
import { appliedOf, WindlassError } from '../core/errors.ts'
import type { NewTask } from '../core/hot-verbs.ts'
import { PAYLOAD_CODES, toJsonText } from '../core/json.ts'
import { LIMITS } from '../core/limits.ts'
import type { Attempt } from './attempt.ts'
import type { EnqueueFromTask, RunSettings } from './context.ts'

const REPEATS = 3
const BYTES_MOST = 8 * LIMITS.batchBytes

/** The `ctx.enqueue` of a worker. */
export function createEnqueue(settings: RunSettings): EnqueueFromTask {
  return async (attempt, named, input, { now = false, ...options }) => {
    const type = typeof named === 'string' ? (settings.types.get(named) ?? named) : named
    refuseEnded(attempt)
    const text = toJsonText(input, 'payload', PAYLOAD_CODES, settings.payloadBytes)
    const checking = typeof type === 'string' ? undefined : checkInput(type, text)
    // Without a wait where none is needed: a handler that forgets to await has enqueued all the same.
    if (checking !== undefined) {
      await checking
      refuseEnded(attempt)
    }
    const task = buildTask(type, { text }, options, {
      codecs: settings.codecs,
      payloadBytes: settings.payloadBytes,
      origin: `task:${attempt.id}`.slice(0, LIMITS.keyBytes),
      parent: { id: attempt.id, rootId: attempt.task.rootId },
      bareUnit: 1,
      ...(settings.defaults === null ? {} : { defaults: settings.defaults }),
    })
    if (now || options.tx !== undefined) return sendNow(settings, task, options)
    if (attempt.completed)
      throw new WindlassError('refused', 'the task was completed; enqueue before that, or with `tx` or `now`')
    keep(attempt, task)
    return task.id
  }
}

function refuseEnded(attempt: Attempt): void {
  if (attempt.stage !== 'running')
    throw new WindlassError('refused', 'the attempt has ended; it cannot enqueue any more')
}

/** They travel in one unit with the ending, so their number and size are bounded. */
function keep(attempt: Attempt, task: NewTask): void {
  attempt.followUps ??= []
  let bytes = task.payload.length
  for (const { payload } of attempt.followUps) bytes += payload.length
  if (attempt.followUps.length < LIMITS.batch && bytes <= BYTES_MOST) {
    attempt.followUps.push(task)
    return
  }
  throw new WindlassError(
    'refused',
    `an attempt can enqueue ${LIMITS.batch} tasks of ${BYTES_MOST} bytes together with its success`,
    { hint: 'Enqueue with `now: true`, or from a task of its own.' },
  )
}

/** The id makes a repeat harmless, so an unknown outcome is asked again. */
async function sendNow(
  settings: RunSettings,
  task: NewTask,
  { tx, notify = false }: Pick<EnqueueOptions, 'tx' | 'notify'>,
): Promise<string> {
  for (let repeat = 0; ; repeat++) {
    try {
      const sent = repeat === 0 ? task : { ...task, minted: false }
      const [reply] = await settings.engine.enqueue([sent], tx === undefined ? {} : { tx, notify })
      if (reply === undefined) throw new WindlassError('internal', 'the engine gave no answer to an enqueue')
      if (reply.outcome !== 'conflict') return reply.id
      throw new WindlassError('id_conflict', `the id ${task.id} belongs to a task with other content`)
    } catch (error) {
      if (appliedOf(error) !== 'unknown' || tx !== undefined || repeat >= REPEATS) throw error
    }
  }
}
