/**
 * A fleet for tests with real processes: `windlass start` on a store, what it is asked over its socket, how it ends, and
 * what its events say of the workers that took work. Leaves the load to fleet-load.ts and what is judged to the cases.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Engine } from '../../src/core/engine.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { askSupervisor } from '../../src/supervisor/ask.ts'
import type { ControlRequest, WorkerFacts } from '../../src/supervisor/control.ts'
import { placeOf } from '../../src/supervisor/place.ts'
import type { Document, Place, Running } from '../cli/launch.ts'
import { gone } from './isolation-rig.ts'
import type { StorePlace } from './store-place.ts'
import { events } from './up-cases.ts'

/** Full counts. */
export const LONG = process.env['WINDLASS_LONG'] === '1'

/** Resolves when all its workers take work. */
export async function startFleet(cli: Place, count: number, env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const up = cli.start(['start', '--json', '-c', String(count)], env)
  await up.until((one) => events(one, 'all_ready').length > 0, 30_000)
  return up
}

/** Lets it drain: it must end in order and leave no process. */
export async function endFleet(up: Running): Promise<void> {
  up.signal('SIGTERM')
  const { code, stderr } = await up.ended
  assert.deepEqual([code, stderr], [0, ''])
  await allGone(up)
}

/** Waits until no worker that it started or took in is left. */
export async function allGone(up: Running): Promise<void> {
  await Promise.all(pidsOf(up).map((pid) => gone(pid, 15_000)))
}

/** Of each worker process that it told of. */
export function pidsOf(up: Running): number[] {
  return [...events(up, 'started'), ...events(up, 'adopted')].map((one) => Number(one['pid']))
}

/** Its workers, when what was asked is done. */
export async function ask(cli: Place, request: ControlRequest): Promise<readonly WorkerFacts[]> {
  return (await askSupervisor(placeOf(cli.folder), request)).workers
}

/** The smallest number of workers that took work at any moment after all were ready, by the order of its events. */
export function fewestTaking(up: Running): number {
  const taking = new Set<unknown>()
  let fewest = Number.POSITIVE_INFINITY
  let begun = false
  for (const one of up.objects) {
    const { event, pid } = one as Document & { event?: unknown; pid?: unknown }
    if (event === 'ready') taking.add(pid)
    if (event === 'draining' || event === 'ended') taking.delete(pid)
    begun ||= event === 'all_ready'
    if (begun) fewest = Math.min(fewest, taking.size)
  }
  return fewest
}

/** A process that is stopped inside a transaction keeps its locks, and then others have to wait: not here. */
export async function stopBetweenCommits(place: StorePlace, pid: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    process.kill(pid, 'SIGSTOP')
    if (await place.isCalm()) return
    assert.ok(tries < 20, 'stopped inside a transaction, again and again')
    process.kill(pid, 'SIGCONT')
  }
}

/** The task, as soon as it fits. */
export function becomes(engine: Engine, id: string, is: (task: TaskRecord) => boolean): Promise<TaskRecord> {
  return until(async () => {
    const [task] = await engine.records.get([id])
    return task !== null && task !== undefined && is(task) ? task : undefined
  })
}

/** What `find` answers first. */
export async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (const late = performance.now() + 20_000; ; await sleep(20)) {
    const found = await find()
    if (found !== undefined) return found
    assert.ok(performance.now() < late, 'it did not come')
  }
}
