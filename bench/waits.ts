// Figures of waiting and of size: how soon another process picks a task up, what an idle worker costs, how soon a task
// runs again after a kill, and after a claim whose reply never came. Times are of the monotonic clock that all
// processes of a machine share.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { createLog } from '../src/base/log.ts'
import type { Engine } from '../src/core/engine.ts'
import { WindlassError } from '../src/core/errors.ts'
import { openEngine } from '../src/engines/open.ts'
import { Windlass } from '../src/windlass.ts'
import { Worker } from '../src/worker/worker.ts'
import type { Figure } from './figures.ts'
import { now, pickups, type Pickups } from './ours.ts'
import { preparePlace, startsIn, withCommand } from './processes.ts'
import { withFolder, type Subject } from './stores.ts'
import { INPUT, noop } from './tasks.ts'

function pickup(
  subject: Subject,
  name: string,
  part: keyof Pickups,
  bounds: Pick<Figure, 'unit' | 'target' | 'floor'>,
): Figure {
  return {
    name: `${subject.name}: ${name}`,
    ...bounds,
    less: true,
    // The parts of one round come from the same measurement.
    measure: async ({ once, pickups: count, idle }) =>
      (await once('pickup', () => pickups(subject, count, idle)))[part],
  }
}

/** Resident memory of an idle worker as it is shipped, in MB (10⁶ bytes). */
const memory: Figure = {
  name: 'memory of an idle worker process from dist, heart thread included',
  unit: 'MB',
  less: true,
  target: 95,
  floor: 115,
  measure: ({ settle }) =>
    withFolder((folder) => {
      preparePlace(folder)
      return withCommand(folder, ['worker'], async (pid) => {
        await sleep(settle)
        const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
        return (Number(kib) * 1_024) / 1e6
      })
    }),
}

async function until<R>(look: () => R | undefined, most = 20_000): Promise<R> {
  for (const since = now(); now() - since < most; await sleep(3)) {
    const found = look()
    if (found !== undefined) return found
  }
  throw new Error('what the bench waited for did not happen')
}

const rescue: Figure = {
  name: 'kill -9 of a worker under `windlass up`: its task runs again',
  unit: 's',
  less: true,
  target: 1.5,
  floor: 3,
  measure: () =>
    withFolder(async (folder) => {
      const url = preparePlace(folder)
      return withCommand(folder, ['up', '--workers', '2'], async () => {
        const windlass = new Windlass({ engine: url })
        try {
          await windlass.enqueue('slow', {})
          const first = await until(() => startsIn(folder)[0])
          await sleep(300)
          const killed = now()
          process.kill(first.pid, 'SIGKILL')
          const second = await until(() => startsIn(folder)[1])
          return (second.at - killed) / 1_000
        } finally {
          await windlass.close()
        }
      })
    }),
}

/** An engine that takes a claim and never says so, `times` in a row. */
function forgetful(engine: Engine, times: number, dropped: () => void): Engine {
  let left = times
  const claim: Engine['claim'] = async (requests) => {
    const replies = await engine.claim(requests)
    if (left === 0 || replies.every((reply) => reply.tasks.length === 0)) return replies
    left--
    dropped()
    throw new WindlassError('engine_busy', 'the reply was dropped', {
      applied: 'unknown',
    })
  }
  return new Proxy(engine, {
    get: (target, key) => {
      if (key === 'claim') return claim
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value
    },
  })
}

const dropped: Figure = {
  name: 'a claim whose reply was dropped, session alive: its task runs',
  unit: 's',
  less: true,
  target: 1,
  floor: 20,
  measure: () =>
    withFolder(async (folder) => {
      const engine = await openEngine(`sqlite:${join(folder, 'store.db')}`)
      await engine.migrate()
      let droppedAt = 0
      const { promise, resolve } = Promise.withResolvers<number>()
      const worker = new Worker({
        engine: forgetful(engine, 1, () => (droppedAt = now())),
        types: [noop(() => resolve(now()))],
        log: SILENT,
      })
      const windlass = new Windlass({ engine: `sqlite:${join(folder, 'store.db')}`, tasks: [noop()] })
      try {
        await worker.start()
        await windlass.enqueue('sample', INPUT)
        return ((await promise) - droppedAt) / 1_000
      } finally {
        await worker.stop()
        await windlass.close()
        await engine.close()
      }
    }),
}

const SILENT = createLog({ level: 'error', redact: [], destination: { write: () => {} } })

/** Figures of waiting, on an embedded file. */
export function waitsOf(subject: Subject): Figure[] {
  return [
    pickup(subject, 'pickup by another idle process, p50', 'p50', { unit: 'ms', target: 1, floor: 3 }),
    pickup(subject, 'pickup by another idle process, p99', 'p99', { unit: 'ms', target: 5, floor: 15 }),
    pickup(subject, 'that process while idle', 'idle', { unit: '% of a core', target: 1.5, floor: null }),
    memory,
    rescue,
    dropped,
  ]
}
