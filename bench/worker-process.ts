// One real worker in a process of its own, as `worker()` of the library makes it, heart thread included: what figures
// about workers measure. Started by fork with `URL CONCURRENCY`; does what it is told by messages and answers each.

import { setTimeout as sleep } from 'node:timers/promises'

import { Windlass } from '../src/windlass.ts'
import { noop } from './tasks.ts'

/** What the bench asks of a worker process. */
export type Ask =
  /** Starts, works so many off, and answers how long that took from the first handler to the last settlement. */
  | { readonly ask: 'drain'; readonly count: number }
  /** Starts, and notes when each handler starts from now on. */
  | { readonly ask: 'pick' }
  /** The CPU time it used so far, in ms. */
  | { readonly ask: 'cpu' }
  /** When handlers started, by id. */
  | { readonly ask: 'starts' }

export interface Answer {
  readonly ms?: number
  /** Handlers started per second in each fifth of what was drained. */
  readonly fifths?: readonly number[]
  readonly starts?: readonly (readonly [id: string, at: number])[]
}

const [url = '', concurrency = '100'] = process.argv.slice(2)
const starts: [string, number][] = []
/** When handlers started, in ms. */
const times: number[] = []
let noted = true

function called(id: string): void {
  if (noted) starts.push([id, Number(process.hrtime.bigint()) / 1e6])
  else times.push(performance.now())
}

/** Handlers started per second in each fifth. */
function fifthsOf(all: readonly number[]): number[] {
  const part = Math.floor((all.length - 1) / 5)
  return Array.from({ length: 5 }, (_, i) => {
    const took = (all[(i + 1) * part] ?? 0) - (all[i * part] ?? 0)
    return (part * 1_000) / took
  })
}

const windlass = new Windlass({ engine: url, log: { level: 'error' } })
const worker = windlass.worker({ types: [noop(called)], concurrency: Number(concurrency) })

async function answer(asked: Ask): Promise<Answer> {
  switch (asked.ask) {
    case 'drain': {
      noted = false
      await worker.start()
      // Not until the queue is seen empty: that is looked at now and then only.
      while ((worker.status()?.counters.settled.succeed ?? 0) < asked.count) await sleep(1)
      return { ms: performance.now() - (times[0] ?? 0), fifths: fifthsOf(times) }
    }
    case 'pick':
      await worker.start()
      return {}
    case 'cpu': {
      const { user, system } = process.cpuUsage()
      return { ms: (user + system) / 1_000 }
    }
    case 'starts':
      return { starts }
  }
}

// The process is booted and the store is open before anything is measured.
await windlass.engine()
process.on('message', (message: Ask) => {
  void answer(message).then((said) => process.send?.(said))
})
process.on('disconnect', () => {
  void windlass.close().then(() => process.exit(0))
})
process.send?.({})
