// The worker processes of a simulation and what befalls them: crash, pause, clean stop, and somebody who sees a death
// and says so. The workers are the real ones; only clock, chance and engine are given to them.

import { Worker } from '../../src/worker/worker.ts'
import type { Engine } from '../../src/core/engine.ts'
import type { SimulatedNode } from '../../src/testing/simulation/node.ts'
import type { Random } from '../../src/testing/simulation/random.ts'
import type { Cluster } from './cluster.ts'
import { taskTypes } from './handlers.ts'
import { TIMES, type Profile } from './profile.ts'

interface Member {
  readonly node: SimulatedNode
  readonly worker: Worker
  stopping: boolean
}

export class Fleet {
  readonly #cluster: Cluster
  readonly #profile: Profile
  readonly #random: Random
  readonly #supervisor: { readonly node: SimulatedNode; readonly engine: Engine }
  #members: Member[] = []
  #unstopped = 0

  constructor(cluster: Cluster, profile: Profile) {
    this.#cluster = cluster
    this.#profile = profile
    this.#random = cluster.random.fork()
    const node = cluster.node('boss')
    this.#supervisor = { node, engine: cluster.connect(node) }
  }

  /** Clean stops that have not come to their end. */
  get unstopped(): number {
    return this.#unstopped
  }

  /** Starts a worker process; one that cannot start is given up and another one is started. */
  start(): void {
    const { recorder } = this.#cluster
    const node = this.#cluster.node('worker')
    const random = this.#random.fork()
    const { lease, grace, callTimeout, doubt } = TIMES
    const { deafAfter = 3_600_000 } = this.#cluster.plant
    const worker = new Worker({
      engine: this.#cluster.connect(node, true),
      types: taskTypes(node, recorder, (id) => this.#die(member, id)),
      queues: random.chance(0.5) ? null : [{ name: 'q0', weight: 2 }, 'q1', 'ticks'],
      concurrency: this.#profile.concurrency,
      name: node.name,
      lease,
      grace,
      callTimeout,
      doubt,
      deafAfter,
      drain: Math.round(random.between(0, 1_500)),
      clock: node,
      neighbours: false,
      random: random.next,
    })
    const member: Member = { node, worker, stopping: false }
    this.#members.push(member)
    worker.start().catch(() => {
      this.#forget(member)
      node.crash()
      this.#cluster.world.after(random.between(50, 500), () => this.start())
    })
  }

  /** Kills a worker process; mostly its supervisor sees it, and another one is started. */
  crash(): void {
    const member = this.#random.oneOf(this.#members)
    if (member === undefined) return
    this.#cluster.fired('crash')
    this.#die(member, null)
  }

  #die(member: Member, guilty: string | null): void {
    if (!member.node.alive) return
    const { session, running } = member.worker.status()
    if (member.stopping) this.#unstopped--
    this.#forget(member)
    member.node.crash()
    const named = this.#random.chance(0.5)
    const some = running.filter(() => this.#random.chance(0.5)).map(({ id }) => id)
    const culprits = named ? (guilty === null ? some : [guilty]) : null
    if (session !== null && this.#random.chance(0.6)) this.#witness(session, culprits)
    this.#cluster.world.after(this.#random.between(50, 1_500), () => this.start())
  }

  /** SIGSTOP for a while, up to four leases. */
  pause(): void {
    const member = this.#random.oneOf(this.#members)
    if (member === undefined || member.node.paused) return
    this.#cluster.fired('pause')
    member.node.pause()
    this.#cluster.world.after(this.#random.between(0.2, 4) * TIMES.lease, () => member.node.resume())
  }

  /** SIGTERM, and another one is started. */
  restart(): void {
    const member = this.#random.oneOf(this.#members.filter(({ stopping }) => !stopping))
    if (member === undefined || !member.worker.running) return
    this.#stop(member)
    this.start()
  }

  /** Nobody stands still any more, and somebody works. */
  heal(): void {
    for (const { node } of this.#members) node.resume()
    this.start()
  }

  /** Clean stops of all. */
  stopAll(): void {
    for (const member of this.#members) if (!member.stopping) this.#stop(member)
  }

  #stop(member: Member): void {
    member.stopping = true
    this.#unstopped++
    const stop = this.#random.chance(0.2) ? member.worker.release() : member.worker.stop()
    void stop.then(() => {
      this.#unstopped--
      this.#forget(member)
      member.node.crash()
    })
  }

  /** The parent of a killed process says so, until it is heard. */
  #witness(session: string, culprits: readonly string[] | null): void {
    const { node, engine } = this.#supervisor
    const say = (): void => {
      engine.endSession([{ session, cause: 'killed', culprits }]).catch(() => node.timer(200, say))
    }
    node.timer(this.#random.between(1, 50), say)
  }

  #forget(member: Member): void {
    this.#members = this.#members.filter((one) => one !== member)
  }
}
