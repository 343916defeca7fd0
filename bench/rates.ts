// Figures of speed, each a ratio of two rates of one run: a real worker process or a client on SQLite with
// synchronous=FULL, against plainjob, against the bare loop, or against itself under other circumstances.

import { join } from 'node:path'

import type { Engine } from '../src/core/engine.ts'
import { mintToken } from '../src/core/ids.ts'
import { newSession } from '../src/testing/samples.ts'
import { Windlass } from '../src/windlass.ts'
import type { Figure, Ground } from './figures.ts'
import { withWorker } from './processes.ts'
import { enqueueMany, fill, processAll, processing, rate, singleEnqueues } from './scenarios.ts'
import { SUBJECTS, withEngine, withFolder } from './stores.ts'
import { INPUT, inputs, noop } from './tasks.ts'

const SQLITE = SUBJECTS.find(({ name }) => name === 'sqlite')

async function withClient<R>(run: (windlass: Windlass, url: string) => Promise<R>): Promise<R> {
  return withFolder(async (folder) => {
    const url = `sqlite:${join(folder, 'store.db')}`
    const windlass = new Windlass({ engine: url, tasks: [noop()] })
    try {
      return await run(windlass, url)
    } finally {
      await windlass.close()
    }
  })
}

/** Tasks per second of one worker process, from the first handler until the last settlement was acknowledged. */
function worked(tasks: number, concurrency: number): Promise<number> {
  return withClient((windlass, url) =>
    withWorker(url, concurrency, async (talk) => {
      for (const chunk of inputs(tasks)) await windlass.enqueueMany('sample', chunk)
      const { count = 0, ms = 1 } = await talk({ ask: 'drain' })
      if (count !== tasks) throw new Error(`${count} of ${tasks} tasks were processed`)
      return (count * 1_000) / ms
    }),
  )
}

function ofPeer(concurrency: number, bounds: Pick<Figure, 'target' | 'floor'>): Figure {
  return {
    name: `no-op tasks of one worker process, ${concurrency} at a time ÷ plainjob`,
    unit: '×',
    ...bounds,
    measure: async ({ tasks, peer }) => {
      if (peer === null) return null
      return (await worked(tasks, concurrency)) / (await peer.rate('process', Math.min(tasks, 20_000)))
    },
  }
}

function ofBare(concurrency: number, bounds: Pick<Figure, 'target' | 'floor'>): Figure {
  return {
    name: `no-op tasks of one worker process, ${concurrency} at a time ÷ bare loop`,
    unit: '×',
    ...bounds,
    measure: async ({ tasks, backlog }) => {
      const bare = (await processing(concurrency).bare?.({ tasks, backlog })) ?? 0
      return (await worked(tasks, concurrency)) / bare
    },
  }
}

const bulk: Figure = {
  name: 'enqueueMany, 1,000 at a time ÷ addMany of plainjob',
  unit: '×',
  target: 0.5,
  floor: 0.35,
  measure: async ({ tasks, peer }) => {
    if (peer === null) return null
    const ours = await withClient((windlass) => manyRate(windlass, tasks))
    return ours / (await peer.rate('bulk', tasks))
  },
}

const bulkOfBare: Figure = {
  name: 'enqueueMany, 1,000 at a time ÷ bare loop',
  unit: '×',
  target: null,
  floor: null,
  measure: async ({ tasks, backlog }) => {
    const ours = await withClient((windlass) => manyRate(windlass, tasks))
    return ours / ((await enqueueMany.bare?.({ tasks, backlog })) ?? 0)
  },
}

async function manyRate(windlass: Windlass, tasks: number): Promise<number> {
  await windlass.engine()
  return rate(async () => {
    for (const chunk of inputs(tasks)) await windlass.enqueueMany('sample', chunk)
    return tasks
  })
}

const singles: Figure = {
  name: '100 concurrent enqueue calls ÷ one commit per call',
  unit: '×',
  target: 15,
  floor: 10,
  measure: async ({ tasks, backlog }) => {
    const ours = await withClient(async (windlass) => {
      await windlass.engine()
      let left = tasks
      const caller = async (): Promise<void> => {
        while (left-- > 0) await windlass.enqueue('sample', INPUT)
      }
      return rate(async () => {
        await Promise.all(Array.from({ length: 100 }, caller))
        return tasks
      })
    })
    return ours / ((await singleEnqueues.bare?.({ tasks, backlog })) ?? 0)
  },
}

/** Tasks per second of claims alone, 100 at a time, beside so many ready and finished rows. */
async function claimed(ready: number, finished: number): Promise<number> {
  if (SQLITE === undefined) return 0
  return withEngine(SQLITE, async (engine) => {
    const session = newSession()
    await engine.startSession([session])
    await fill(engine, finished)
    await processAll(engine, session.id, 500)
    await fill(engine, ready)
    return claimOnly(engine, session.id)
  })
}

async function claimOnly(engine: Engine, session: string): Promise<number> {
  return rate(async () => {
    let count = 0
    while (count < 8_000) {
      const [reply] = await engine.claim([{ session, claimId: mintToken(), queues: ['default'], limit: 100 }])
      if (reply === undefined || reply.tasks.length === 0) break
      count += reply.tasks.length
    }
    return count
  })
}

function claiming(what: 'ready' | 'finished'): Figure {
  return {
    name: `claims beside many ${what} rows ÷ beside 10,000`,
    unit: '×',
    target: 0.9,
    floor: 0.8,
    measure: async ({ rows }: Ground) => {
      const few = await claimed(10_000, what === 'ready' ? 0 : 10_000)
      return (what === 'ready' ? await claimed(rows, 0) : await claimed(10_000, rows)) / few
    },
  }
}

const NO_BOUNDS = { target: null, floor: null }
const PEER = { target: 6, floor: 4 }
const BARE = { target: 0.5, floor: 0.35 }

export const RATES: readonly Figure[] = [
  ofPeer(10, NO_BOUNDS),
  ofPeer(100, PEER),
  ofPeer(500, PEER),
  ofBare(10, NO_BOUNDS),
  ofBare(100, BARE),
  ofBare(500, BARE),
  bulk,
  bulkOfBare,
  singles,
  claiming('ready'),
  claiming('finished'),
]
