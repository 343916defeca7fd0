// One store, its engine time, and the connections of all simulated processes to it. Counts the faults that fire.
// Leaves who uses the connections to fleet.ts and clients.ts.

import { openMemory } from '../../src/engines/memory/engine.ts'
import { MemoryStore } from '../../src/engines/memory/store.ts'
import type { Engine } from '../../src/core/engine.ts'
import { CALM, drawFate, type Weather } from '../../src/testing/faults/fate.ts'
import { faultyEngine } from '../../src/testing/faults/faulty-engine.ts'
import { Recorder } from '../../src/testing/history/recorder.ts'
import { SimulatedNode } from '../../src/testing/simulation/node.ts'
import type { Random } from '../../src/testing/simulation/random.ts'
import type { World } from '../../src/testing/simulation/world.ts'
import { TIMES } from './profile.ts'

/** A store as a wrong engine gets it. */
export interface Opened {
  readonly engine: Engine
  readonly store: MemoryStore
  readonly now: () => number
  /** Resolves after so many ms of engine time: somebody else may come in between. */
  readonly pause: (ms: number) => Promise<void>
}

/** What a planted bug changes; nothing by default. */
export interface Plant {
  /** Stands between the store and everybody: a wrong engine. */
  readonly engine?: (opened: Opened) => Engine
  /** Stands at each client, inside what is recorded: a wrong driver. */
  readonly driver?: (engine: Engine, node: SimulatedNode) => Engine
  /** Stands between a worker and what is recorded: a wrong runtime. */
  readonly runtime?: (engine: Engine, node: SimulatedNode) => Engine
  /** When workers count as deaf, ms; by default after longer than a world lasts. */
  readonly deafAfter?: number
}

const EPOCH = 1_700_000_000_000

export class Cluster {
  readonly world: World
  readonly random: Random
  readonly recorder: Recorder
  /** The store as it is, for looking at it and for setting it up. */
  readonly store: Engine
  readonly plant: Plant
  weather: Weather
  /** Faults that fired, by name. */
  readonly faults = new Map<string, number>()
  #offset = 0
  #away = 0
  #nodes = 0

  constructor(world: World, random: Random, weather: Weather, plant: Plant) {
    this.world = world
    this.random = random
    this.weather = weather
    this.plant = plant
    const store = new MemoryStore()
    const now = (): number => this.engineNow()
    const engine = openMemory({ now }, store)
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void world.after(ms, resolve))
    this.store = plant.engine?.({ engine, store, now, pause }) ?? engine
    this.recorder = new Recorder(
      () => this.engineNow(),
      () => world.now,
    )
  }

  engineNow(): number {
    return Math.floor(EPOCH + this.world.now + this.#offset)
  }

  fired(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1)
  }

  /** The clock of the store jumps. */
  jump(ms: number): void {
    this.#offset += ms
    this.fired(ms < 0 ? 'clock back' : 'clock on')
  }

  /** The store is out of reach for so long. */
  outage(ms: number): void {
    this.#away = Math.max(this.#away, this.world.now + ms)
    this.fired('outage')
  }

  /** From here on nothing goes wrong. */
  heal(): void {
    this.weather = CALM
    this.#away = 0
    this.recorder.heal()
  }

  /** A new process; names never repeat. */
  node(kind: string): SimulatedNode {
    return new SimulatedNode(`${kind}${++this.#nodes}`, this.world, this.random.between(-2e-4, 2e-4))
  }

  /** The store as that process sees it; all it asks is recorded. */
  connect(node: SimulatedNode, worker = false): Engine {
    const random = this.random.fork()
    const away = faultyEngine(this.store, {
      timeout: TIMES.callTimeout,
      fate: (verb) => {
        const cut = this.world.now < this.#away
        const fate = cut
          ? { kind: random.pick(['refuse', 'lost_request', 'lost_reply']), there: 1, back: 1 }
          : drawFate(this.weather, verb, random)
        if (fate.kind !== 'answer') this.fired(fate.kind)
        return fate
      },
      hint: () => (random.chance(this.weather.lostHints) ? false : random.between(0, this.weather.delay)),
      network: (ms, arrive) => void this.world.after(ms, arrive),
      client: (ms, hear) => node.hear(ms, hear),
    })
    const driver = this.plant.driver?.(away, node) ?? away
    const watched = this.recorder.watch(driver, node.name)
    return worker ? (this.plant.runtime?.(watched, node) ?? watched) : watched
  }
}
