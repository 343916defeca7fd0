// One child of the worker, whatever it is made of: takes messages, can be killed, and says once how it ended, in words
// that are kept with the task. What runs in it is remote.ts's business, how long it lives the pool's.

import type { KeptError } from '../../core/record.ts'
import type { ChildStart, FromChild, ToChild } from './messages.ts'

/** What a child is made with. */
export interface CellOptions {
  readonly start: ChildStart
  /** Bytes; null: no limit of its own. */
  readonly memory: number | null
  /** Added to the environment of a process. */
  readonly env: Readonly<Record<string, string>>
}

export interface CellListener {
  readonly message: (message: FromChild) => void
  /** Its event loop stands still: what it does instead. */
  readonly stalled: (stack: string) => void
  /** It is gone, and will never be heard again. */
  readonly ended: (cause: KeptError) => void
}

export interface Cell {
  /** `thread 3` or `process 4711`, for the log. */
  readonly name: string
  /** It has loaded the task types. */
  ready: boolean
  /** Tasks that it was given so far. */
  used: number
  /** Who hears of it now. */
  listener: CellListener
  send(message: ToChild): void
  /** Ends it without asking: a process with all that it started. */
  kill(): void
}
