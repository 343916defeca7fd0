/**
 * A producer that does not rest while a fleet is changed, and its handlers, which write down each begin and each end.
 * Judges afterwards every record and every run. Leaves what is done to the fleet to the cases.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Engine } from '../../src/core/engine.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { newTask } from '../../src/testing/samples.ts'
import { LONG } from './fleet.ts'
import { TASKS_ONLY } from './up-cases.ts'

const LEDGER = 'ledger'

/** `noted` says what it does in a file; `waits` keeps its thread busy, the first time, until a file is there. */
const HANDLERS = `
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineTask } from 'windlass'

const note = (what, id) => appendFileSync(join(import.meta.dirname, '${LEDGER}'), what + ' ' + id + '\\n')
export const noted = defineTask({
  name: 'noted',
  run: async ({ ms }, { id }) => {
    note('begins', id)
    await sleep(ms)
    note('ends', id)
  },
})
export const waits = defineTask({
  name: 'waits',
  run: ({ until }, { attempt }) => {
    const cell = new Int32Array(new SharedArrayBuffer(4))
    while (attempt === 1 && !existsSync(until)) Atomics.wait(cell, 0, 0, 20)
    return { attempt }
  },
})
`

/** A config for fleets. @param lease as in the config */
export function fleetFiles(lease = '30s'): Record<string, string> {
  return {
    ...TASKS_ONLY,
    'fleet-tasks.ts': HANDLERS,
    'windlass.config.ts': `import { defineConfig } from 'windlass'
      export default defineConfig({ tasks: ['tasks.ts', 'fleet-tasks.ts'], lease: '${lease}' })`,
  }
}

/** A few milliseconds each, and now and then one that a drain has to wait for. */
const LENGTHS = [1, 5, 20, 1, 5, 20, 1, 5, 20, 150]
const PAUSE = LONG ? 20 : 50
const PATIENCE = 60_000

export interface Ended {
  readonly tasks: readonly TaskRecord[]
  /** How often each began and ended, by id. */
  readonly begins: ReadonlyMap<string, number>
  readonly ends: ReadonlyMap<string, number>
}

/** Enqueues ten tasks, again and again, until it is ended. */
export class FleetLoad {
  readonly ids: string[] = []
  readonly #engine: Engine
  readonly #folder: string
  readonly #producing: Promise<void>
  #over = false

  /** @param folder of the config, where the handlers write */
  constructor(engine: Engine, folder: string) {
    this.#engine = engine
    this.#folder = folder
    this.#producing = this.#produce()
    // Told by `end`; nobody may be waiting for it when it comes.
    this.#producing.catch(() => {})
  }

  /** Waits until so many more have ended. */
  async runs(more: number): Promise<void> {
    const wanted = (await this.#counts()).succeeded + more
    for (
      const late = performance.now() + PATIENCE;
      (await this.#counts()).succeeded < wanted;
      await sleep(50)
    )
      assert.ok(performance.now() < late, 'the load does not run')
  }

  /** Nothing new from now on. */
  async rest(): Promise<void> {
    this.#over = true
    await this.#producing
  }

  /** Nothing new; resolves when all have ended. */
  async end(): Promise<Ended> {
    await this.rest()
    for (const late = performance.now() + PATIENCE; ; await sleep(50)) {
      const { ready, running, scheduled } = await this.#counts()
      if (ready + running + scheduled === 0) break
      assert.ok(performance.now() < late, `tasks are left: ${ready} ready, ${running} running`)
    }
    const tasks: TaskRecord[] = []
    for (let at = 0; at < this.ids.length; at += 500)
      for (const task of await this.#engine.records.get(this.ids.slice(at, at + 500)))
        if (task !== null) tasks.push(task)
    assert.equal(tasks.length, this.ids.length, 'a task is lost')
    for (const { id, state } of tasks) assert.equal(state, 'succeeded', id)
    return { tasks, ...this.#ledger() }
  }

  #ledger(): Pick<Ended, 'begins' | 'ends'> {
    const counts = { begins: new Map<string, number>(), ends: new Map<string, number>() }
    const lines = readFileSync(join(this.#folder, LEDGER), 'utf8').split('\n').slice(0, -1)
    for (const line of lines) {
      const [what = '', id = ''] = line.split(' ')
      assert.ok(what === 'begins' || what === 'ends', line)
      counts[what].set(id, (counts[what].get(id) ?? 0) + 1)
    }
    return counts
  }

  async #produce(): Promise<void> {
    for (; !this.#over; await sleep(PAUSE)) {
      const tasks = LENGTHS.map((ms) =>
        newTask({ type: 'noted', queue: 'default', payload: JSON.stringify({ ms }) }),
      )
      this.ids.push(...tasks.map(({ id }) => id))
      await this.#engine.enqueue(tasks)
    }
  }

  async #counts() {
    const [stats] = await this.#engine.records.stats(['default'])
    const none = { ready: 0, running: 0, scheduled: 0, succeeded: 0 }
    return stats?.counts ?? none
  }
}

/** Nothing was charged, and each ran once from its begin to its end: as if the fleet had been left alone. */
export function assertUntouched({ tasks, begins, ends }: Ended): void {
  for (const { id, failures, crashes, losses } of tasks) {
    assert.deepEqual([failures, crashes, losses], [0, 0, 0], id)
    assert.deepEqual([begins.get(id), ends.get(id)], [1, 1], id)
  }
}

/**
 * Whoever was cut off is charged with a crash each time and ran again; all others ran once.
 * @returns how many were cut off
 */
export function countCut({ tasks, begins, ends }: Ended): number {
  for (const { id, failures, crashes, losses } of tasks) {
    assert.equal(failures, 0, id)
    // Claimed but not begun, or ended but not settled, is cut off as well.
    assert.ok((begins.get(id) ?? 0) <= 1 + crashes + losses, `${id} began ${begins.get(id)} times`)
    assert.ok((ends.get(id) ?? 0) >= 1, `${id} never ended`)
  }
  return tasks.filter(({ crashes, losses }) => crashes + losses > 0).length
}
