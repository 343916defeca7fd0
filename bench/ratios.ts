// Figures that are ratios, as all engines have them: what each needs is measured at once, the other's part first, and
// told as a part. A ratio to the best of several takes whichever of them can be had here.

import type { Figure, Ground } from './figures.ts'
import { LeftOut } from './left-out.ts'
import { enqueuedMany, enqueuedSingly, pickups, steadily, worked } from './ours.ts'
import type { PeerSpec } from './peer-list.ts'
import { enqueueMany, processing, singleEnqueues } from './scenarios.ts'
import { withBare, type Subject } from './stores.ts'

/** Above or below what a figure is to be; null: it is told beside. */
export type Bounds = Pick<Figure, 'target' | 'floor'>

export const BESIDE: Bounds = { target: null, floor: null }
export const BARE: Bounds = { target: 0.5, floor: 0.35 }

const OURS = 'windlass'

/** Ours, by one worker process. */
function processed(ground: Ground, subject: Subject, concurrency: number): Promise<number> {
  return ground.take(`tasks processed per second, ${concurrency} at a time`, OURS, () =>
    worked(subject, ground.tasks, concurrency),
  )
}

function processedBy(ground: Ground, peer: PeerSpec, concurrency: number): Promise<number> {
  return ground.take(`tasks processed per second, ${concurrency} at a time`, peer.name, () =>
    ground.peers.rate(peer, 'process', ground.tasks, concurrency),
  )
}

/** The best of what can be had. */
async function best(
  all: readonly (() => Promise<number>)[],
  better: (...values: number[]) => number,
): Promise<number> {
  const values: number[] = []
  let left: unknown = new LeftOut('there is nothing to compare with')
  for (const one of all) {
    try {
      values.push(await one())
    } catch (error) {
      if (!(error instanceof LeftOut)) throw error
      left = error
    }
  }
  if (values.length === 0) throw left
  return better(...values)
}

/** One peer or several manners of it, each in its best of these concurrencies. */
export interface Rivals {
  readonly name: string
  readonly peers: readonly PeerSpec[]
  readonly concurrencies: readonly number[]
}

/** Tasks processed by one worker process of ours ÷ by that of the best of the peers. */
export function processedByRivals(
  subject: Subject,
  concurrency: number,
  { name, peers, concurrencies }: Rivals,
  bounds: Bounds,
): Figure {
  return {
    name: `${subject.name}: no-op tasks of one worker process, ${concurrency} at a time ÷ ${name}`,
    unit: '×',
    ...bounds,
    measure: async (ground) => {
      const pairs = peers.flatMap((peer) => concurrencies.map((at) => [peer, at] as const))
      const theirs = await best(
        pairs.map(
          ([peer, at]) =>
            () =>
              processedBy(ground, peer, at),
        ),
        Math.max,
      )
      return (await processed(ground, subject, concurrency)) / theirs
    },
  }
}

/** Tasks processed by one worker process of ours ÷ by the bare loop. */
export function processedByBare(subject: Subject, concurrency: number, bounds: Bounds): Figure {
  const scenario = processing(concurrency)
  return {
    name: `${subject.name}: no-op tasks of one worker process, ${concurrency} at a time ÷ bare loop`,
    unit: '×',
    ...bounds,
    measure: async (ground) => {
      const bare = await ground.take(
        `tasks processed per second, ${concurrency} at a time`,
        'bare loop',
        () => withBare(subject, async (loop) => (await scenario.bare?.(loop, ground)) ?? 0),
      )
      return (await processed(ground, subject, concurrency)) / bare
    },
  }
}

/** Tasks enqueued ÷ by the best of the peers: `single` calls with 100 in flight, or 1,000 in each call. */
export function enqueuedByRivals(
  subject: Subject,
  what: 'single' | 'bulk',
  name: string,
  peers: readonly PeerSpec[],
  bounds: Bounds,
): Figure {
  const how = what === 'single' ? '100 in flight' : '1,000 a call'
  return {
    name: `${subject.name}: tasks enqueued, ${how} ÷ ${name}`,
    unit: '×',
    ...bounds,
    measure: async (ground) => {
      const label = `tasks enqueued per second, ${how}`
      const theirs = await best(
        peers.map(
          (peer) => () => ground.take(label, peer.name, () => ground.peers.rate(peer, what, ground.tasks)),
        ),
        Math.max,
      )
      const enqueue = what === 'single' ? enqueuedSingly : enqueuedMany
      return (await ground.take(label, OURS, () => enqueue(subject, ground.tasks))) / theirs
    },
  }
}

/** The wait of an idle worker process for a task ÷ that of the best of the peers, p50. */
export function pickupByRivals(
  subject: Subject,
  name: string,
  peers: readonly PeerSpec[],
  bounds: Bounds,
): Figure {
  return {
    name: `${subject.name}: pickup by another idle process, p50 ÷ ${name}`,
    unit: '×',
    less: true,
    ...bounds,
    measure: async (ground) => {
      const theirs = await best(
        peers.map((peer) => async () => {
          const waits = await ground.once(`pickup ${peer.name}`, () =>
            ground.peers.waits(peer, 'pickup', ground.pickups),
          )
          await tellWaits(ground, 'pickup while idle', peer.name, waits)
          return waits.p50
        }),
        Math.min,
      )
      const ours = await ground.once('pickup', () => pickups(subject, ground.pickups, ground.idle))
      await tellWaits(ground, 'pickup while idle', OURS, ours)
      return ours.p50 / theirs
    },
  }
}

/** From enqueue to start at 1,000 tasks a second ÷ the best of the peers, p99. */
export function steadyByRivals(
  subject: Subject,
  name: string,
  peers: readonly PeerSpec[],
  bounds: Bounds,
): Figure {
  return {
    name: `${subject.name}: from enqueue to start at 1,000 tasks/s, p99 ÷ ${name}`,
    unit: '×',
    less: true,
    ...bounds,
    measure: async (ground) => {
      const theirs = await best(
        peers.map((peer) => async () => {
          const waits = await ground.peers.waits(peer, 'steady', ground.steady)
          await tellWaits(ground, 'from enqueue to start at 1,000 tasks/s', peer.name, waits)
          return waits.p99
        }),
        Math.min,
      )
      const ours = await steadily(subject, ground.steady)
      await tellWaits(ground, 'from enqueue to start at 1,000 tasks/s', OURS, ours)
      return ours.p99 / theirs
    },
  }
}

/** Tasks enqueued ÷ by the bare loop: 1,000 a call, or single calls ÷ one commit per call. */
export function enqueuedByBare(subject: Subject, what: 'single' | 'bulk', bounds: Bounds): Figure {
  const [how, beside] =
    what === 'single' ? ['100 in flight', 'one commit per call'] : ['1,000 a call', 'bare loop']
  const scenario = what === 'single' ? singleEnqueues : enqueueMany
  return {
    name: `${subject.name}: tasks enqueued, ${how} ÷ ${beside}`,
    unit: '×',
    ...bounds,
    measure: async (ground) => {
      const label = `tasks enqueued per second, ${how}`
      const bare = await ground.take(label, beside, () =>
        withBare(subject, async (loop) => (await scenario.bare?.(loop, ground)) ?? 0),
      )
      const enqueue = what === 'single' ? enqueuedSingly : enqueuedMany
      return (await ground.take(label, OURS, () => enqueue(subject, ground.tasks))) / bare
    },
  }
}

async function tellWaits(
  ground: Ground,
  what: string,
  who: string,
  waits: { readonly p50: number; readonly p99: number },
): Promise<void> {
  await ground.take(`${what}, p50 in ms`, who, async () => waits.p50)
  await ground.take(`${what}, p99 in ms`, who, async () => waits.p99)
}
