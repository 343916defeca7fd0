// How verbs reach the store: a look, or a unit of work that is committed when the promise resolves.

import type { Unit } from './unit.ts'
import type { View } from './view.ts'

/** How verbs reach the store. */
export interface Access {
  readonly read: <R>(look: (view: View) => R) => Promise<R>
  /** An empty list of items does no I/O. */
  readonly write: <T, R>(items: readonly T[], run: (unit: Unit, items: readonly T[]) => R[]) => Promise<R[]>
  readonly writeOne: <R>(run: (unit: Unit) => R) => Promise<R>
}
