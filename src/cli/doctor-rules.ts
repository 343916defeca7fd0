// What is wrong with a system: a pure function from facts to findings, each with the command that mends it.
// Owns the limits and the words. Promises that a healthy system has no wrong finding, an idle one included. Leaves
// finding out the facts to doctor-facts.ts and printing to doctor.ts.

import { formatDuration } from '../core/duration.ts'
import type { QueueStats } from '../core/cold-verbs.ts'
import type { EngineFacts } from '../core/engine-facts.ts'
import { takersOf, unservedQueues } from '../core/queue-health.ts'
import type { SessionRecord } from '../core/record.ts'
import { judgeEngine } from './doctor-server-rules.ts'
import { finding, type Finding } from './finding.ts'

/** A kind of waiting or running task, and how many of it were seen. */
export interface Seen {
  readonly name: string
  readonly queue: string
  readonly count: number
}

export interface MachineFacts {
  /** `26.10.0` */
  readonly node: string
  readonly cores: number
  readonly host: string
}

export interface StoreFacts {
  readonly engine: string
  readonly url: string
  readonly durability: { readonly class: string; readonly text: string }
  readonly instance: string
  /** Processes on this machine that were given this URL, and the store each has open. */
  readonly processes: readonly { readonly pid: number; readonly instance: string }[]
  /** What the engine told of itself. */
  readonly examined: EngineFacts
  /** Where the database file lies; null: not on this machine, or not known. */
  readonly disk: { readonly type: string; readonly network: boolean; readonly freeBytes: number } | null
  /** Engine time minus the time of this machine, in ms. */
  readonly clockOffset: number
}

export interface WorkFacts {
  readonly queues: readonly QueueStats[]
  readonly live: readonly SessionRecord[]
  /** Types of ready tasks, by queue. */
  readonly ready: readonly Seen[]
  /** Running tasks whose session is not live, by session. */
  readonly orphans: readonly Seen[]
}

const OLDEST_NODE = 24
const MIB = 1024 * 1024
const LEAST_DISK = 512 * MIB
const MOST_OFFSET = 2_000
const MOST_WORKERS_PER_CORE = 2

/** What can be said before a store is opened. */
export function judgeMachine(facts: MachineFacts): Finding[] {
  const ok = Number.parseInt(facts.node, 10) >= OLDEST_NODE
  return [finding('node', ok, `Node ${facts.node}`, `install Node ${OLDEST_NODE} or newer`)]
}

/**
 * What can be said of the store itself.
 * @param live worker processes that use it
 */
export function judgeStore(facts: StoreFacts, live: number): Finding[] {
  const { durability, examined, disk, clockOffset, instance } = facts
  const found = [
    finding('engine', true, `${facts.engine} at ${facts.url}`, ''),
    judgeInstance(instance, facts.processes),
    finding('durability', true, `${durability.class}: ${durability.text}`, ''),
    ...judgeEngine(examined, live + 1),
  ]
  if (disk !== null) {
    const mend = 'put the database on a local disk, or use a server engine'
    found.push(finding('file system', !disk.network, disk.type, mend))
    const free = `${Math.floor(disk.freeBytes / MIB)} MiB free`
    found.push(finding('disk space', disk.freeBytes >= LEAST_DISK, free, 'free some disk space'))
  }
  const off = Math.abs(clockOffset)
  const offset =
    off <= MOST_OFFSET ? 'in step' : `${formatDuration(off)} ${clockOffset > 0 ? 'ahead' : 'behind'}`
  found.push(
    finding(
      'clock',
      off <= MOST_OFFSET,
      `the store's clock is ${offset}`,
      'set the clocks by NTP, on both machines',
    ),
  )
  return found
}

/** One name has to mean one store, in every process. */
function judgeInstance(instance: string, processes: StoreFacts['processes']): Finding {
  const others = processes.filter((one) => one.instance !== instance).map(({ pid }) => pid)
  if (others.length === 0) return finding('instance', true, instance, '')
  const detail = `process ${others.join(', ')} has another store open under this URL`
  return finding('instance', false, detail, 'see where the URL leads, then restart that process')
}

/** What can be said of workers, queues and tasks. */
export function judgeWork(facts: WorkFacts, machine: MachineFacts): Finding[] {
  return [
    ...judgeWorkers(facts, machine),
    ...listed('queues without a worker', untaken(facts), 'windlass up'),
    ...listed(
      'task types without a worker',
      unknownTypes(facts),
      'add the type to `tasks` in the config, then windlass up',
    ),
    ...listed('tasks of dead workers', orphanLines(facts), 'windlass up'),
    ...pausedQueues(facts),
  ]
}

function judgeWorkers({ live }: WorkFacts, { host, cores }: MachineFacts): Finding[] {
  const here = live.filter((session) => session.host === host).length
  const detail = `${live.length} live, ${here} on this host with ${cores} ${cores === 1 ? 'core' : 'cores'}`
  return [
    finding(
      'workers',
      here / cores <= MOST_WORKERS_PER_CORE,
      detail,
      `windlass scale ${cores * MOST_WORKERS_PER_CORE}, with more --concurrency if tasks mostly wait`,
    ),
  ]
}

function untaken({ queues, live }: WorkFacts): string[] {
  return unservedQueues(queues, live).map(({ queue, counts }) => `${queue} (${counts.ready} ready)`)
}

function unknownTypes({ queues, ready, live }: WorkFacts): string[] {
  const paused = new Set(queues.filter((one) => one.paused).map(({ queue }) => queue))
  return ready
    .filter(({ name, queue }) => {
      const workers = takersOf(queue, live)
      return !paused.has(queue) && workers.length > 0 && !workers.some(({ types }) => types.includes(name))
    })
    .map(({ name, queue, count }) => `${name} in ${queue} (${count} ready)`)
}

function orphanLines({ orphans }: WorkFacts): string[] {
  return orphans.map(({ name, count }) => `${count} of session ${name}`)
}

/** Each with its own command. */
function pausedQueues({ queues }: WorkFacts): Finding[] {
  const paused = queues.filter((one) => one.paused && one.counts.ready + one.counts.scheduled > 0)
  if (paused.length === 0) return [finding('paused queues', true, 'none with a backlog', '')]
  return paused.map(({ queue, counts }) =>
    finding(
      'paused queues',
      false,
      `${queue} is paused with ${counts.ready} ready, ${counts.scheduled} scheduled`,
      `windlass queue resume ${queue}`,
    ),
  )
}

function listed(check: string, lines: readonly string[], mend: string): Finding[] {
  const shown = lines.length > 10 ? [...lines.slice(0, 10), `and ${lines.length - 10} more`] : lines
  return [finding(check, lines.length === 0, lines.length === 0 ? 'none' : shown.join(', '), mend)]
}
