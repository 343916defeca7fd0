// PostgreSQL beside a transaction that another program holds open: dead rows cannot be cleaned away while it is, and a
// claim that walks over them slows down for ever. One worker process works a backlog off; its last fifth is compared
// with its first.

import pg from 'pg'

import type { Figure } from './figures.ts'
import { drained } from './ours.ts'
import type { Subject } from './stores.ts'

const READS = ['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT count(*) FROM pg_class']
const WRITES = [
  'CREATE TABLE IF NOT EXISTS public.somebody_elses (n int)',
  'BEGIN',
  'INSERT INTO public.somebody_elses VALUES (1)',
]

/** The last fifth ÷ the first one, a transaction that reads or writes being open all the time. */
export function besideTransaction(subject: Subject, what: 'reading' | 'writing'): Figure {
  return {
    name: `${subject.name}: beside an open ${what} transaction, last fifth ÷ first fifth`,
    unit: '×',
    target: 0.9,
    floor: 0.75,
    measure: async ({ beside, note }) => {
      const { fifths = [] } = await drained(subject, beside, 100, (url, work) =>
        whileOpen(url, what === 'reading' ? READS : WRITES, work),
      )
      for (const [i, value] of fifths.entries())
        note(`tasks started per second beside a ${what} transaction`, `fifth ${i + 1}`, value)
      return (fifths[4] ?? 0) / (fifths[0] ?? 1)
    },
  }
}

async function whileOpen<R>(url: string, begin: readonly string[], work: () => Promise<R>): Promise<R> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of begin) await client.query(statement)
    return await work()
  } finally {
    await client.end()
  }
}
