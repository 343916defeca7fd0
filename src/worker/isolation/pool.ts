// The children of a worker: warm ones wait for the next task, all together never more than tasks may run at once.
// Children of one kind and memory limit stand for each other. One that had its share of tasks, waited for too long or
// misbehaved is ended. What they run is remote.ts's business.

import type { Cancel, Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { KeptError } from '../../core/record.ts'
import type { Cell, CellListener, CellOptions } from './cell.ts'
import type { ChildStart } from './messages.ts'
import { ProcessCell } from './process-cell.ts'
import { ThreadCell } from './thread-cell.ts'

/** How long a child waits for work; the last one of its kind stays. */
const IDLE = 60_000

/** What is asked of a child. */
export interface CellKind {
  readonly isolation: 'thread' | 'process'
  readonly memory: number | null
}

export interface PoolPorts {
  readonly start: ChildStart
  readonly clock: Clock
  readonly log: Log
  readonly most: number
}

export class Pool {
  readonly #ports: PoolPorts
  readonly #all = new Map<Cell, string>()
  readonly #idle: { readonly cell: Cell; readonly cancel: Cancel }[] = []
  #stopped = false

  constructor(ports: PoolPorts) {
    this.#ports = ports
  }

  /** Makes one ahead of need. */
  warm(kind: CellKind): void {
    const cell = this.#make(kind, {}, NOBODY)
    this.#rest(cell)
  }

  /** A child that is yours until it is given back or ends. */
  take(kind: CellKind, listener: CellListener): Cell {
    const key = keyOf(kind)
    const at = this.#idle.findLastIndex(({ cell }) => this.#all.get(cell) === key)
    const [found] = at < 0 ? [] : this.#idle.splice(at, 1)
    if (found === undefined) return this.fresh(kind, {}, listener)
    found.cancel()
    this.#listen(found.cell, listener)
    return found.cell
  }

  /** A new child for one task, with the task's own environment. */
  fresh(kind: CellKind, env: CellOptions['env'], listener: CellListener): Cell {
    if (this.#all.size >= this.#ports.most) {
      const oldest = this.#idle.shift()
      oldest?.cancel()
      if (oldest !== undefined) this.end(oldest.cell)
    }
    return this.#make(kind, env, listener)
  }

  /** It ended its task and is fit for another one. */
  giveBack(cell: Cell): void {
    if (!this.#all.has(cell)) return
    if (this.#stopped) return this.end(cell)
    this.#rest(cell)
  }

  /** Nobody needs it any more, or nobody can trust it. */
  end(cell: Cell): void {
    this.#all.delete(cell)
    cell.listener = NOBODY
    cell.kill()
  }

  /** Ends all of them. */
  stop(): void {
    this.#stopped = true
    for (const { cancel } of this.#idle.splice(0)) cancel()
    for (const cell of this.#all.keys()) this.end(cell)
  }

  #make({ isolation, memory }: CellKind, env: CellOptions['env'], listener: CellListener): Cell {
    const { start, clock } = this.#ports
    const options = { start, memory, env }
    const cell =
      isolation === 'thread' ? new ThreadCell(options, NOBODY) : new ProcessCell(options, clock, NOBODY)
    this.#all.set(cell, keyOf({ isolation, memory }))
    this.#listen(cell, listener)
    return cell
  }

  #listen(cell: Cell, listener: CellListener): void {
    cell.listener = {
      message: listener.message,
      stalled: listener.stalled,
      ended: (cause) => {
        this.#all.delete(cell)
        listener.ended(cause)
      },
    }
  }

  #rest(cell: Cell): void {
    this.#listen(cell, {
      message: (message) => {
        if (message.kind === 'failed') this.#lost(cell, message.message)
      },
      stalled: () => {},
      ended: ({ message }: KeptError) => this.#lost(cell, message),
    })
    const cancel = this.#ports.clock.timer(IDLE, () => this.#tooLong(cell))
    this.#idle.push({ cell, cancel })
  }

  /** A child died while it waited: no task is concerned. */
  #lost(cell: Cell, why: string): void {
    this.#forget(cell)
    this.end(cell)
    this.#ports.log.warn('a child that waited for tasks ended', { child: cell.name, why })
  }

  #tooLong(cell: Cell): void {
    const key = this.#all.get(cell)
    const alike = this.#idle.filter((one) => this.#all.get(one.cell) === key)
    if (alike.length < 2) return
    this.#forget(cell)
    this.end(cell)
  }

  #forget(cell: Cell): void {
    const at = this.#idle.findIndex((one) => one.cell === cell)
    const [found] = at < 0 ? [] : this.#idle.splice(at, 1)
    found?.cancel()
  }
}

const NOBODY: CellListener = { message: () => {}, stalled: () => {}, ended: () => {} }

function keyOf({ isolation, memory }: CellKind): string {
  return `${isolation} ${memory ?? ''}`
}
