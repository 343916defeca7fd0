// What the upkeep of a worker (heart, sweeper, neighbours) tells the part that runs tasks, and what it asks of it.
// Plain data only, for the two may live on different threads. Types, nothing else.

import type { LogLevel } from '../base/log.ts'
import type { Beat, BeatReply } from '../core/hot-verbs.ts'
import type { ProcessIdentity } from '../core/record.ts'

export type HeldAnswer = Beat['held']

export type News =
  /** The store answered a beat of this session. */
  | { readonly kind: 'beat'; readonly session: string; readonly reply: BeatReply }
  /** The session is dead: whatever it ran is not ours any more. */
  | { readonly kind: 'gone'; readonly session: string; readonly why: string }
  /** The store was out of reach for longer than handlers may go on. */
  | { readonly kind: 'doubt'; readonly session: string; readonly after: number }
  | { readonly kind: 'rescued'; readonly count: number }
  /** A rescue settled deaths. */
  | { readonly kind: 'dead'; readonly ids: readonly string[] }
  | {
      readonly kind: 'log'
      readonly level: Exclude<LogLevel, 'silent'>
      readonly message: string
      readonly fields: object
    }

/** What the upkeep is told once. */
export interface UpkeepSettings {
  readonly identity: ProcessIdentity
  readonly lease: number
  readonly grace: number
  readonly doubt: number
  readonly callTimeout: number
  /** How long a process that runs nothing may not answer its own heart. */
  readonly deafAfter: number
  readonly hung: 'kill' | 'abandon'
  /** Signals go to the whole process group. */
  readonly leadsGroup: boolean
  readonly neighbours: boolean
  readonly keepCount: number
  readonly keepBytes: number | null
  /** Task types whose deaths nobody is to be told of. */
  readonly silent: readonly string[]
}
