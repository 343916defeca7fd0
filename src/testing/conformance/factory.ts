// What an engine brings to the conformance suite: a way to open a new, empty store, and what cannot be tested with it.
// Each case opens a store of its own and destroys it, so cases run in any order and at the same time. What cannot
// be tested is said as data with a reason, never by an `if` on the engine's name.

import type { Engine } from '../../core/engine.ts'

export interface OpenOptions {
  /** Engine time; every connection to this store must use it. */
  readonly now: () => number
  /** The number of changes that the feed keeps at least; absent: the engine's own. Obeyed unless `cannot.shortFeed`. */
  readonly changesKept?: number
}

/** A store that nobody else uses. */
export interface OpenedStore {
  /** The first connection. Its `migrate` was not called yet. */
  readonly engine: Engine
  /** One more connection to the same store, as another process would open it. */
  reopen?(): Promise<Engine>
  /** Lets that many processes migrate this store at the same moment; answers what each of them was told. */
  spawnMigrators?(count: number): Promise<readonly { readonly from: number; readonly to: number }[]>
  /** Marks the store as one of a newer schema, as a later version would leave it. */
  makeNewer?(): Promise<void>
  /** Loses the row of a session, as a store does that went back to an older state; its tasks stay. */
  forgetSession?(session: string): Promise<void>
  /** Closes all its connections, also closed ones, and removes the store. */
  destroy(): Promise<void>
}

/** What not every store can do. */
export type Ability = 'reopen' | 'spawnMigrators' | 'makeNewer' | 'forgetSession' | 'shortFeed'

export interface EngineFactory {
  readonly name: string
  open(options: OpenOptions): Promise<OpenedStore>
  /** What `tx` may be, for the table of engines; absent: there are no transactions of a caller. */
  readonly transactions?: string
  /** Why a case that needs this cannot be run here. */
  readonly cannot?: Readonly<Partial<Record<Ability, string>>>
}
