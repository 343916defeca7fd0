/**
 * What the keeper is asked and what it answers, one JSON document a line.
 */
import type { Settings } from './instance.ts'
import type { KindName } from './kind.ts'

export type Ask =
  | { readonly id: number; readonly verb: 'start'; readonly kind: KindName; readonly settings: Settings }
  /** `server` is the number that `start` answered. */
  | { readonly id: number; readonly verb: 'run' | 'remove'; readonly server: number }
  | { readonly id: number; readonly verb: 'end'; readonly server: number; readonly signal: NodeJS.Signals }

export interface Started {
  readonly server: number
  readonly url: string
  /** Null: in a container. */
  readonly pid: number | null
}

export type Tell =
  | { readonly id: number; readonly ok: Started }
  /** `missing`: there is none here; else one is here and did not do as told. */
  | { readonly id: number; readonly failed: string; readonly missing: boolean }
  | { readonly say: string }
