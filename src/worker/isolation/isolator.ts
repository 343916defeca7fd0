// Runs attempts in threads and processes of their own: chooses the child, and decides whether it is used again. The
// rest of the worker sees attempts that begin, report and end as any others do.

import type { TaskType } from '../../core/task-type.ts'
import type { Attempt } from '../attempt.ts'
import type { WorkerSettings } from '../options.ts'
import { Pool, type CellKind } from './pool.ts'
import { Remote, type RemotePorts } from './remote.ts'

/** What a Node process needs beside what a thread's heap was given. */
const PROCESS_BASE = 96 * 1024 ** 2

/** What `run` needs beside the settings. */
export type IsolatorPorts = Omit<RemotePorts, 'settings' | 'leave'>

export class Isolator {
  readonly #settings: WorkerSettings
  readonly #known: ReadonlySet<string>
  readonly #pool: Pool | null
  readonly #types = new Map<string, TaskType>()

  constructor(settings: WorkerSettings) {
    const { engine, isolation, clock, log, concurrency, payloadBytes, redactPaths, defaults, grace } =
      settings
    this.#settings = settings
    this.#known = new Set(isolation?.lacks === null ? isolation.known : [])
    for (const type of settings.types.values())
      if (type.isolation !== 'inline') this.#types.set(type.name, type)
    if (isolation === null) {
      this.#pool = null
      return
    }
    const { source } = isolation
    const start = { source, payloadBytes, redact: redactPaths, defaults, grace, address: engine.address }
    this.#pool = new Pool({ start, clock, log, most: concurrency })
  }

  /** Can tasks of this type run in a child? */
  knows(type: TaskType): boolean {
    return this.#pool !== null && this.#known.has(type.name)
  }

  /** One child of each kind that will be needed, so that the first task does not wait for it. */
  warm(): void {
    const kinds = new Map<string, CellKind>()
    for (const type of this.#types.values())
      if (type.recycle !== 1) kinds.set(JSON.stringify(kindOf(type)), kindOf(type))
    for (const kind of [...kinds.values()].slice(0, this.#settings.concurrency)) this.#pool?.warm(kind)
  }

  /**
   * Runs it in a child of its type's kind.
   * @param apart in a fresh process, whatever the type says
   */
  run(attempt: Attempt, type: TaskType, apart: boolean, ports: IsolatorPorts): void {
    const pool = this.#pool
    if (pool === null) return
    const once = apart || type.recycle === 1
    const kind = apart ? processOf(type) : kindOf(type)
    const remote = new Remote(attempt, {
      ...ports,
      settings: this.#settings,
      leave: (cell, fit) => {
        if (fit && !once && (type.recycle === null || cell.used < type.recycle)) pool.giveBack(cell)
        else pool.end(cell)
      },
    })
    attempt.remote = remote
    remote.start(once ? pool.fresh(kind, fence(attempt), remote) : pool.take(kind, remote))
  }

  /** Ends all children. */
  stop(): void {
    this.#pool?.stop()
  }
}

function kindOf({ isolation, memory }: TaskType): CellKind {
  return { isolation: isolation === 'thread' ? 'thread' : 'process', memory }
}

function processOf({ isolation, memory }: TaskType): CellKind {
  const more = isolation === 'thread' && memory !== null ? PROCESS_BASE : 0
  return { isolation: 'process', memory: memory === null ? null : memory + more }
}

/** What outside systems can tell attempts by. */
function fence({ id, claim, task }: Attempt): Record<string, string> {
  return { WINDLASS_TASK_ID: id, WINDLASS_ATTEMPT: String(task.attempt), WINDLASS_CLAIM: claim }
}
