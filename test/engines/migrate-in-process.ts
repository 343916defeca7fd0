// Migrates a store from processes of their own, as several that start at once do.

import { reportOf } from './child-report.ts'

const MIGRATOR = new URL('./migrate-store.ts', import.meta.url)

interface Migrated {
  readonly from: number
  readonly to: number
}

/** Lets so many processes migrate the store at once; answers what each was told. */
export function migrateAtOnce(url: string, count: number): Promise<Migrated[]> {
  const migrate = async (): Promise<Migrated> => (await reportOf(MIGRATOR, [url])) as Migrated
  return Promise.all(Array.from({ length: count }, migrate))
}
