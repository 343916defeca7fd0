// Finds out what doctor-rules.ts judges: asks the store, the machine and the file system, changes nothing.
// Looks at up to 10,000 ready and 10,000 running tasks. Leaves judging to doctor-rules.ts.

import { existsSync, realpathSync, statfsSync } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { dirname } from 'node:path'

import { maskSecrets } from '../core/secrets.ts'
import type { Engine } from '../core/engine.ts'
import { LIMITS } from '../core/limits.ts'
import type { TaskRecord, TaskState } from '../core/record.ts'
import { fileSystemOf, networkFileSystem } from '../engines/sqlite/file-system.ts'
import { askSupervisor } from '../supervisor/ask.ts'
import { DEFAULT_NAME, placeOf } from '../supervisor/place.ts'
import { holderOf } from '../supervisor/survivors.ts'
import type { SupervisorState } from './doctor-supervisor.ts'
import { leftBehind } from './left-behind.ts'
import { tellFailure } from './exit-codes.ts'
import { processesOf } from './running-processes.ts'
import { isNotRunning } from './supervisor-place.ts'
import type { MachineFacts, Seen, StoreFacts, WorkFacts } from './doctor-rules.ts'

const PAGES = 10
/** A supervisor that lives answers in a few ms. */
const SUPERVISOR_PATIENCE = 3_000

/** This machine. */
export function machineFacts(): MachineFacts {
  return { node: process.versions.node, cores: availableParallelism(), host: hostname() }
}

/** The file of a SQLite URL; null: another engine, or in memory. */
export function sqliteFile(url: string): string | null {
  const path = /^sqlite:([^?]*)/.exec(url)?.[1] ?? null
  return path === ':memory:' ? null : path
}

/** The store itself. */
export async function storeFacts(engine: Engine, url: string): Promise<StoreFacts> {
  const before = Date.now()
  const now = await engine.now()
  const middle = (before + Date.now()) / 2
  const file = sqliteFile(url)
  return {
    engine: engine.name,
    url: maskSecrets(url),
    durability: await engine.durability(),
    instance: engine.instanceId,
    processes: processesOf(url),
    examined: await engine.examine(),
    disk: file === null ? null : diskFacts(file),
    clockOffset: Math.round(now - middle),
  }
}

/** The supervisor of this config, and what of it is left. */
export async function supervisorFacts(root: string, name: string | null): Promise<SupervisorState> {
  const place = placeOf(root, name ?? DEFAULT_NAME)
  const facts = { name: place.name, status: null, mute: null, pid: null, left: [] }
  try {
    const status = await askSupervisor(place, { verb: 'status' }, { patience: SUPERVISOR_PATIENCE })
    return { ...facts, status }
  } catch (error) {
    if (isNotRunning(error)) return { ...facts, left: leftBehind(place) }
    return { ...facts, mute: tellFailure(error, null).message, pid: holderOf(place) }
  }
}

/** What lies in the store, and who works on it. */
export async function workFacts(engine: Engine): Promise<WorkFacts> {
  const [queues, live] = await Promise.all([
    engine.records.stats(null),
    engine.records.sessions({ state: 'live', host: null }),
  ])
  const known = new Set(live.map(({ id }) => id))
  const [ready, running] = [await tasksIn(engine, 'ready'), await tasksIn(engine, 'running')]
  return {
    queues,
    live,
    ready: count(ready, (task) => task.type),
    orphans: count(
      running.filter(({ session }) => session !== null && !known.has(session)),
      (task) => task.session ?? '',
    ),
  }
}

async function tasksIn(engine: Engine, state: TaskState): Promise<TaskRecord[]> {
  const tasks: TaskRecord[] = []
  let cursor: string | null = null
  for (let page = 0; page < PAGES; page++) {
    const found = await engine.records.find({ states: [state], limit: LIMITS.page, cursor })
    tasks.push(...found.tasks)
    cursor = found.next
    if (cursor === null) break
  }
  return tasks
}

function count(tasks: readonly TaskRecord[], nameOf: (task: TaskRecord) => string): Seen[] {
  const seen = new Map<string, Seen>()
  for (const task of tasks) {
    const name = nameOf(task)
    const key = JSON.stringify([name, task.queue])
    seen.set(key, { name, queue: task.queue, count: (seen.get(key)?.count ?? 0) + 1 })
  }
  return [...seen.values()]
}

function diskFacts(file: string): StoreFacts['disk'] {
  const folder = dirname(file)
  if (!existsSync(folder)) return null
  const system = fileSystemOf(realpathSync(folder))
  const { bavail, bsize } = statfsSync(folder)
  const network = networkFileSystem(system)
  return { type: network ?? system.name ?? 'local', network: network !== null, freeBytes: bavail * bsize }
}
