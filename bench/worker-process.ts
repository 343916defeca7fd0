// One real worker in a process of its own, as `worker()` of the library makes it, heart thread included: what figures
// about workers measure. Started by fork with `URL CONCURRENCY`; does what it is told by messages and answers each.

import { Windlass } from '../src/windlass.ts'
import { noop } from './tasks.ts'

/** What the bench asks of a worker process. */
export type Ask =
  /** Starts, works all off, and answers how long that took from the first handler on. */
  | { readonly ask: 'drain' }
  /** Starts, and notes when each handler starts from now on. */
  | { readonly ask: 'pick' }
  /** The CPU time it used so far, in ms. */
  | { readonly ask: 'cpu' }
  /** When handlers started, by id. */
  | { readonly ask: 'starts' }

export interface Answer {
  readonly count?: number
  readonly ms?: number
  readonly starts?: readonly (readonly [id: string, at: number])[]
}

const [url = '', concurrency = '100'] = process.argv.slice(2)
const starts: [string, number][] = []
let firstAt = 0
let noted = true

function called(id: string): void {
  if (firstAt === 0) firstAt = performance.now()
  if (noted) starts.push([id, Number(process.hrtime.bigint()) / 1e6])
}

const windlass = new Windlass({ engine: url, log: { level: 'error' } })
const worker = windlass.worker({ types: [noop(called)], concurrency: Number(concurrency) })

async function answer({ ask }: Ask): Promise<Answer> {
  switch (ask) {
    case 'drain': {
      noted = false
      await worker.start()
      await worker.drainUntilEmpty()
      const ms = performance.now() - firstAt
      return { count: worker.status()?.counters.settled.succeed ?? 0, ms }
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
