// The words of alerts: what was measured, what that says, what is kept and what is told. Plain data, shared by the parts
// that measure, judge, keep and deliver.

import type { QueueStats } from '../core/cold-verbs.ts'
import type { AlertName } from '../core/alert-rules.ts'
import type { Rollup } from '../core/rollup.ts'
import type { SessionRecord } from '../core/record.ts'

/** A figure, or why it could not be taken. */
export type Figure<T> = { readonly value: T } | { readonly missing: string }

/** What the upkeep found and could not mend, and when, in engine time. */
export interface UpkeepReport {
  readonly at: number
  /** Between two runs, in ms. */
  readonly every: number
  readonly stuck: number
}

/** All that is measured in one check. What no rule asks for is not measured. */
export interface Figures {
  readonly queues: Figure<readonly QueueStats[]>
  /** Sessions whose lease is not over. */
  readonly live: Figure<readonly SessionRecord[]>
  /** Sessions that ended within the last hour. */
  readonly ended: Figure<readonly SessionRecord[]>
  /** Tasks that ended within the window of the success rate. */
  readonly rate: Figure<Rollup>
  /** Null: it has not run yet. */
  readonly upkeep: Figure<UpkeepReport | null>
}

/** Why something is wrong. `no_data`: the figure could not be taken. */
export type AlertReason = 'above' | 'below' | 'died' | 'no_data'

/** What the figures say of one rule. */
export interface Reading {
  readonly alert: AlertName
  /** Null: it cannot be said, so it stays as it was. */
  readonly wrong: boolean | null
  readonly reason: AlertReason | null
  readonly value: number | null
  readonly threshold: number | null
  /** For people, in English; empty unless wrong. */
  readonly text: string
}

/** One alert as it is kept. Times are engine time. */
export interface AlertState {
  /** Since when it fires; null: it does not. */
  readonly since: number | null
  /** Since when the readings say otherwise; null: they agree. */
  readonly turned: number | null
  /** When it was told last; null: it does not fire. */
  readonly toldAt: number | null
  readonly reason: AlertReason | null
  readonly value: number | null
  readonly threshold: number | null
  readonly text: string
}

export type AlertEvent = 'fired' | 'repeated' | 'resolved'

/** What is told: the body of a webhook and the input of a command. */
export interface AlertNotice {
  /** The same however often it is delivered. */
  readonly id: string
  readonly event: AlertEvent
  readonly alert: AlertName
  readonly reason: AlertReason | null
  readonly text: string
  readonly value: number | null
  readonly threshold: number | null
  readonly since: string
  readonly at: string
  /** Id of the store. */
  readonly instance: string
}
