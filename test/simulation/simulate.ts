// One seed from beginning to end: a world with faults, then healed and drained, then judged.
// Promises that the same seed gives the same history, event for event. Leaves judging to the checker.

import { createHash } from 'node:crypto'

import type { TaskRecord } from '../../src/core/record.ts'
import { checkHistory, type Verdict } from '../../src/testing/history/checker.ts'
import type { Final, History } from '../../src/testing/history/history.ts'
import { Random } from '../../src/testing/simulation/random.ts'
import { World } from '../../src/testing/simulation/world.ts'
import { Clients } from './clients.ts'
import { Cluster, type Plant } from './cluster.ts'
import { Fleet } from './fleet.ts'
import { drawProfile, type Profile } from './profile.ts'

/** Virtual time in which everything must have ended when faults have stopped. */
const DRAIN_WITHIN = 40_000
/** And in which every worker must have stopped. */
const STOP_WITHIN = 30_000
/** Requests that were sent before the end of the faults arrive within it. */
const LAST_WAY = 2_000
const LOOK_EVERY = 500

export interface Simulated {
  readonly seed: number
  readonly history: History
  readonly verdict: Verdict
  readonly faults: ReadonlyMap<string, number>
  /** Events of the world, a measure of its size. */
  readonly events: number
  /** The same for the same seed. */
  readonly digest: string
}

/** Runs one seed. */
export async function simulate(seed: number, plant: Plant = {}): Promise<Simulated> {
  const random = new Random(seed)
  const profile = drawProfile(random)
  const world = new World(random.fork())
  const cluster = new Cluster(world, random.fork(), profile.weather, plant)
  const fleet = new Fleet(cluster, profile)
  const clients = new Clients(cluster, profile)
  await cluster.store.migrate()
  world.after(0, () => {
    for (let i = 0; i < profile.workers; i++) fleet.start()
    clients.start()
  })
  disasters(cluster, fleet, profile)
  world.after(profile.safety, () => {
    cluster.heal()
    fleet.heal()
    clients.end()
  })
  await world.run(profile.safety + LAST_WAY)
  const now = await drain(cluster, fleet, clients)
  const final = await lookAt(cluster, now)
  const history = cluster.recorder.history(final)
  const faults = [...cluster.faults.values()].reduce((sum, times) => sum + times, 0)
  const verdict = checkHistory(history, faults)
  if (fleet.unstopped > 0) {
    const says = `${fleet.unstopped} workers never came to the end of their stop`
    const violations = [...verdict.violations, { check: 'liveness' as const, id: 'worker', says }]
    return result({ ...verdict, violations })
  }
  return result(verdict)

  function result(judged: Verdict): Simulated {
    return {
      seed,
      history,
      verdict: judged,
      faults: cluster.faults,
      events: world.events,
      digest: digestOf(history),
    }
  }
}

/** Lets each kind of disaster come again and again until the faults end. */
function disasters(cluster: Cluster, fleet: Fleet, profile: Profile): void {
  const { world } = cluster
  const random = cluster.random.fork()
  const again = (mean: number, happen: () => void): void => {
    if (!Number.isFinite(mean)) return
    world.after(random.between(0, 2 * mean), () => {
      if (world.now >= profile.safety) return
      happen()
      again(mean, happen)
    })
  }
  again(profile.crash, () => fleet.crash())
  again(profile.pause, () => fleet.pause())
  again(profile.restart, () => fleet.restart())
  again(profile.outage, () => cluster.outage(random.between(200, random.chance(0.3) ? 9_000 : 3_000)))
  again(profile.jump, () => {
    const far = random.chance(0.3) ? 7_200_000 : 10_000
    cluster.jump(random.chance(0.3) ? -random.between(1, 5_000) : random.between(1, far))
  })
}

/** Turns the world until nothing is left to do; then stops all workers. Answers when nothing was left. */
async function drain(cluster: Cluster, fleet: Fleet, clients: Clients): Promise<number> {
  const { world, store } = cluster
  let drained = false
  const look = async (): Promise<void> => {
    await clients.resume()
    const { tasks } = await store.records.find({
      states: ['ready', 'running', 'scheduled'],
      limit: 1,
      cursor: null,
    })
    drained = tasks.length === 0 && clients.active === 0
    if (!drained) world.after(LOOK_EVERY, () => void look())
  }
  world.after(LOOK_EVERY, () => void look())
  await world.run(world.now + DRAIN_WITHIN, () => drained)
  const now = cluster.engineNow()
  world.after(0, () => fleet.stopAll())
  await world.run(world.now + STOP_WITHIN, () => world.events % 16 === 0 && fleet.unstopped === 0)
  return now
}

async function lookAt({ store }: Cluster, now: number): Promise<Final> {
  const tasks: TaskRecord[] = []
  let cursor: string | null = null
  do {
    const page = await store.records.find({ limit: 1_000, cursor })
    tasks.push(...page.tasks)
    cursor = page.next
  } while (cursor !== null)
  const stats = await store.records.stats(null)
  return { now, tasks, stats, paused: [] }
}

function digestOf({ calls, runs, final }: History): string {
  const hash = createHash('sha256')
  for (const { node, verb, invoked, returned, at, status } of calls)
    hash.update(`${node} ${verb} ${invoked} ${returned} ${at} ${status}\n`)
  for (const { node, what, id, attempt, position } of runs)
    hash.update(`${node} ${what} ${id} ${attempt} ${position}\n`)
  for (const { id, state, attempt } of final.tasks) hash.update(`${id} ${state} ${attempt}\n`)
  return hash.digest('hex').slice(0, 16)
}
