// What the simulated tasks do: return, wait, throw, hang, ignore the signal, enqueue others. What a run does depends on
// the task and the attempt, not on when it runs; each start and end goes into the ledger.

import { sleep } from '../../src/base/clock.ts'
import { Fatal } from '../../src/core/errors.ts'
import { defineTask, type TaskContext, type TaskType } from '../../src/core/task-type.ts'
import type { Recorder } from '../../src/testing/history/recorder.ts'
import type { SimulatedNode } from '../../src/testing/simulation/node.ts'
import { Random } from '../../src/testing/simulation/random.ts'
import { TIMES } from './profile.ts'

interface Payload {
  readonly dice: number
  /** How far it is from the first task of its family. */
  readonly depth: number
  /** Kills the process that runs it. */
  readonly poison?: boolean
}

/**
 * The task types of one worker process.
 * @param die kills the process, guilty: the task `id`
 */
export function taskTypes(node: SimulatedNode, recorder: Recorder, die: (id: string) => void): TaskType[] {
  const work = defineTask({
    name: 'work',
    async run(payload: Payload, context) {
      recorder.run(node.name, 'start', context)
      try {
        if (payload.poison !== true) return await act(payload, context, node)
        await sleep(node, 20, context.signal)
        if (context.signal.aborted) throw context.signal.reason
        die(context.id)
        return await new Promise<never>(() => undefined)
      } finally {
        recorder.run(node.name, 'end', context)
      }
    },
  })
  return [work]
}

async function act(payload: Payload, context: TaskContext, node: SimulatedNode): Promise<unknown> {
  const random = new Random(payload.dice * 31 + context.attempt)
  const dice = random.next()
  const { signal, attempt, id } = context
  const nap = (most: number): Promise<void> => sleep(node, random.between(1, most), signal)
  if (dice < 0.35) return { attempt }
  if (dice < 0.6) {
    await nap(400)
    if (!signal.aborted) return { attempt, dice }
    throw signal.reason
  }
  if (dice < 0.68) {
    await nap(100)
    throw new Error(`dice ${dice}`)
  }
  if (dice < 0.72) throw new Fatal('beyond repair')
  if (dice < 0.76) return context.fail('later', { after: Math.round(random.between(50, 500)) })
  if (dice < 0.81) {
    context.progress(10, 'long')
    await sleep(node, 3 * TIMES.timeout, signal)
    throw signal.aborted ? signal.reason : new Error('slept in')
  }
  if (dice < 0.84) {
    // Deaf to its signal: given up, rerun, and still there.
    await sleep(node, random.between(1, 3) * TIMES.timeout)
    return 'late'
  }
  if (dice < 0.92) {
    const child = { dice: random.below(1e6), depth: payload.depth + 1 }
    const own = { queue: context.queue, retry: { retries: 1, delay: 200 }, timeout: TIMES.timeout }
    if (payload.depth < 2) await context.enqueue('work', child, { id: `${id}/child`, ...own })
    await nap(100)
    return 'parent'
  }
  context.log.info(`dice ${dice}`)
  context.onCleanup(() => nap(50))
  await nap(200)
  return { tail: 'é\u2028' }
}
