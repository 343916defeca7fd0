// What a supervisor tells whoever started it: one plain record for each thing that happened.
// Owns the words; promises that nothing happens to a worker without one of these. Leaves printing to the face.

import type { EndingLine } from '../worker/ending-words.ts'
import type { RecycleReason } from './recycle-rules.ts'

export type RenewReason = 'restart' | RecycleReason
export type LeaveReason = 'stop' | 'scale' | RenewReason

export type SupervisorEvent =
  | { readonly kind: 'started'; readonly worker: string; readonly pid: number }
  | { readonly kind: 'ready'; readonly worker: string; readonly pid: number; readonly after: number }
  /** It was started by the supervisor before this one, and goes on under this one. */
  | {
      readonly kind: 'adopted'
      readonly worker: string
      readonly pid: number
      readonly session: string | null
    }
  /** It outlived its supervisor, but ended before this one came. */
  | { readonly kind: 'found_dead'; readonly worker: string; readonly pid: number }
  /** It was told to drain. */
  | { readonly kind: 'draining'; readonly worker: string; readonly pid: number; readonly why: LeaveReason }
  /** It takes the place of one that goes on until this one is ready. */
  | { readonly kind: 'renewing'; readonly worker: string; readonly why: RenewReason }
  /** The new process did not start: the old one goes on. */
  | {
      readonly kind: 'not_renewed'
      readonly worker: string
      readonly why: RenewReason
      readonly lines: readonly string[]
    }
  | { readonly kind: 'scaled'; readonly from: number; readonly to: number }
  /** What the next supervisor would need to find the workers could not be written down. */
  | { readonly kind: 'unsaved'; readonly error: unknown }
  /** Every worker was ready once. */
  | { readonly kind: 'all_ready'; readonly workers: number }
  /** A line that a worker printed. */
  | {
      readonly kind: 'line'
      readonly worker: string
      readonly stream: 'stdout' | 'stderr'
      readonly text: string
    }
  /** It ended, expected or not. `error`: it could not be started at all. */
  | {
      readonly kind: 'ended'
      readonly worker: string
      readonly pid: number | null
      readonly code: number | null
      readonly signal: NodeJS.Signals | null
      readonly error: string | null
      readonly expected: boolean
    }
  /** What becomes of a task that nobody runs any more, because of this death or of an earlier one. */
  | {
      readonly kind: 'rescued'
      readonly worker: string
      readonly task: string
      readonly type: string
      readonly attempt: number
      readonly line: EndingLine
    }
  /** Its death is known to the store. Not told after an end that the worker told by itself. */
  | { readonly kind: 'reported'; readonly worker: string; readonly session: string; readonly rescued: number }
  /** The store could not be told (yet: `given_up` false); the lease ends the session at the latest. */
  | {
      readonly kind: 'unreported'
      readonly worker: string
      readonly session: string
      readonly error: unknown
      readonly given_up: boolean
    }
  | { readonly kind: 'restart'; readonly worker: string; readonly delay: number; readonly deaths: number }
  | {
      readonly kind: 'crash_loop'
      readonly worker: string
      readonly deaths: number
      readonly lines: readonly string[]
    }

export type Tell = (event: SupervisorEvent) => void
