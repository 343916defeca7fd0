// The version of a store's schema: how many of the numbered migrations it has. What they are is the engine's business.

import { WindlassError } from '../../core/errors.ts'

/** How long a migration may take, and wait for another process that migrates: a large store takes a while. In ms. */
export const MIGRATION_TIMEOUT = 600_000

/**
 * Refuses a store that a newer program has upgraded.
 * @throws WindlassError `newer_schema`
 */
export function refuseNewer(version: number, known: number): void {
  if (version <= known) return
  throw new WindlassError(
    'newer_schema',
    `the store has schema ${version}, this program knows up to ${known}`,
    {
      applied: 'no',
      detail: { version, known },
    },
  )
}
