// Everybody else in a simulation: producers that repeat what is in doubt, operators with restless hands, schedulers that
// race for each tick. They live as long as the faults do.

import { sleep } from '../../src/base/clock.ts'
import { appliedOf } from '../../src/core/errors.ts'
import type { Engine } from '../../src/core/engine.ts'
import type { NewTask } from '../../src/core/hot-verbs.ts'
import { QUEUE_DOCUMENT, writeQueueSettings } from '../../src/core/queue-settings.ts'
import type { SimulatedNode } from '../../src/testing/simulation/node.ts'
import type { Random } from '../../src/testing/simulation/random.ts'
import { newTask } from '../../src/testing/samples.ts'
import type { Cluster } from './cluster.ts'
import { TIMES, type Profile } from './profile.ts'

const CRASH = { crashes: 3, losses: 5, delays: [0, 100, 500] }
const KEEP = { succeeded: 30 * 86_400_000, dead: 30 * 86_400_000 }
const SCHEDULE = 'every 700 ms'

export class Clients {
  readonly #cluster: Cluster
  readonly #profile: Profile
  readonly #random: Random
  readonly #ids: string[] = []
  readonly #end = new AbortController()
  #active = 0

  constructor(cluster: Cluster, profile: Profile) {
    this.#cluster = cluster
    this.#profile = profile
    this.#random = cluster.random.fork()
  }

  start(): void {
    for (const share of [0.5, 0.5])
      void this.#as('client', (node, engine) => this.#produce(node, engine, share))
    if (Number.isFinite(this.#profile.operator))
      void this.#as('operator', (node, engine) => this.#operate(node, engine))
    if (this.#random.chance(0.4))
      for (const name of ['a', 'b']) void this.#as('ticker', (node, engine) => this.#tick(node, engine, name))
  }

  /** Those who have not gone home yet. */
  get active(): number {
    return this.#active
  }

  /** Everybody goes home. */
  end(): void {
    this.#end.abort()
  }

  /** No queue is paused any more: what was asked before the end may have paused one after it. */
  async resume(): Promise<void> {
    const { documents } = this.#cluster.store
    for (const { key, version } of await documents.list(QUEUE_DOCUMENT, null, 100)) {
      const body = writeQueueSettings({ paused: false })
      await documents.put([{ kind: QUEUE_DOCUMENT, key, version, body }])
    }
  }

  async #as(kind: string, act: (node: SimulatedNode, engine: Engine) => Promise<void>): Promise<void> {
    const node = this.#cluster.node(kind)
    this.#active++
    await act(node, this.#cluster.connect(node))
    this.#active--
  }

  /** Sleeps, but not past the end. */
  #nap(node: SimulatedNode, ms: number): Promise<void> {
    return sleep(node, ms, this.#end.signal)
  }

  async #produce(node: SimulatedNode, engine: Engine, share: number): Promise<void> {
    const random = this.#random.fork()
    const most = Math.ceil(this.#profile.tasks * share)
    for (let made = 0; made < most && !this.#end.signal.aborted;) {
      await this.#nap(node, random.between(1, (1.5 * this.#profile.safety) / most))
      const tasks = Array.from({ length: 1 + random.below(3) }, (_, i) =>
        this.#task(random, `${node.name}-${made + i}`),
      )
      made += tasks.length
      this.#ids.push(...tasks.map(({ id }) => id))
      await this.#send(node, engine, tasks, random)
    }
  }

  /** The same ids until the answer is known; a refusal is taken for an answer now and then. */
  async #send(node: SimulatedNode, engine: Engine, tasks: readonly NewTask[], random: Random): Promise<void> {
    for (let attempt = 0; attempt < 8; attempt++) {
      try {
        await engine.enqueue(attempt === 0 ? tasks : tasks.map((task) => ({ ...task, minted: false })))
        return
      } catch (error) {
        if (appliedOf(error) === 'no' && random.chance(0.3)) return
        await sleep(node, random.between(50, 300))
      }
    }
  }

  #task(random: Random, id: string): NewTask {
    const dice = random.below(1e6)
    const poison = random.chance(this.#profile.poison) ? { poison: true } : {}
    return newTask({
      id,
      type: 'work',
      queue: random.pick(['q0', 'q1']),
      priority: random.pick([0, 0, 5, 10]),
      // With spaces, which must come back.
      payload: JSON.stringify(
        { dice, depth: 0, ...poison, text: random.pick(['', 'é', '\u2028"']) },
        null,
        1,
      ),
      due: random.chance(0.25) ? { after: random.below(3_000) } : { after: 0 },
      expires: random.chance(0.08) ? { after: random.below(4_000) } : null,
      unique: random.chance(0.3)
        ? { key: `key ${random.below(3)}`, for: random.chance(0.3) ? 2_000 : null }
        : null,
      retry: { kind: 'fixed', retries: random.below(3), delay: random.below(500) },
      crash: CRASH,
      timeout: random.chance(0.1) ? null : TIMES.timeout,
      keep: KEEP,
      minted: true,
    })
  }

  async #operate(node: SimulatedNode, engine: Engine): Promise<void> {
    const random = this.#random.fork()
    while (!this.#end.signal.aborted) {
      await this.#nap(node, random.between(1, 2 * this.#profile.operator))
      const id = random.oneOf(this.#ids)
      if (this.#end.signal.aborted || id === undefined) continue
      try {
        await this.#meddle(engine, id, random)
      } catch {
        // Unknown or refused: an operator shrugs and does something else.
      }
    }
  }

  async #meddle(engine: Engine, id: string, random: Random): Promise<void> {
    const verb = random.pick(['cancel', 'cancel', 'requeue', 'delete', 'reprioritise', 'pause', 'resume'])
    if (verb !== 'pause' && verb !== 'resume') {
      const action = verb === 'reprioritise' ? { verb, id, priority: random.below(11) } : { verb, id }
      await engine.records.act([action])
      return
    }
    const key = { kind: QUEUE_DOCUMENT, key: random.pick(['q0', 'q1']) }
    const [known] = await engine.documents.get([key])
    const body = writeQueueSettings({ paused: verb === 'pause' })
    await engine.documents.put([{ ...key, version: known?.version ?? 0, body }])
  }

  /** Two of them look at the same schedule; each tick may be fired by one only. */
  async #tick(node: SimulatedNode, engine: Engine, name: string): Promise<void> {
    const random = this.#random.fork()
    const dueAt = this.#cluster.engineNow()
    await this.#cluster.store.schedules.put([
      { name: SCHEDULE, version: 0, body: '{}', paused: false, dueAt },
    ])
    for (let turn = 0; !this.#end.signal.aborted; turn++) {
      await this.#nap(node, random.between(100, 500))
      try {
        const { now, schedules } = await engine.schedules.due(10)
        for (const { version, dueAt } of this.#end.signal.aborted ? [] : schedules) {
          const task = { ...this.#task(random, `tick-${name}-${turn}`), queue: 'ticks', unique: null }
          const nextDueAt = Math.max(now, dueAt ?? 0) + 700
          await engine.schedules.fire([
            { name: SCHEDULE, version, dueAt: dueAt ?? 0, nextDueAt, tasks: [task], journal: [] },
          ])
        }
      } catch {
        // The next turn looks again.
      }
    }
  }
}
