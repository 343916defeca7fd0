// What has to be known of the store before tasks can be written: their policies by number, their kinds.
// Each is registered once, in a transaction of its own, so that no unit ever waits for another's registration.

import type { NewTask } from '../../core/hot-verbs.ts'
import { digestOf } from '../../core/ids.ts'
import { SHARED_POLICIES } from '../sql/policies.ts'
import { chunksOf } from './rows.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

const COUNT_POLICIES = words('SELECT COUNT(*) FROM @policies')

/** Registers what these tasks bring that was not there before. */
export async function register(store: Store, tasks: readonly NewTask[]): Promise<void> {
  const kinds = new Map<string, readonly [string, string]>()
  const policies = new Set<string>()
  for (const task of tasks) {
    const kind = `${task.queue}\0${task.type}`
    if (!store.memory.registered.has(kind)) kinds.set(kind, [task.queue, task.type])
    const text = store.policies.textOf(task)
    if (store.policies.numberOf(text) === undefined) policies.add(text)
  }
  if (kinds.size > 0) await registerKinds(store, kinds)
  for (const text of policies) await registerPolicy(store, text)
}

async function registerKinds(
  store: Store,
  kinds: ReadonlyMap<string, readonly [string, string]>,
): Promise<void> {
  // In one order everywhere, so that two that register the same do not wait for each other in a circle.
  const rows = [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind)
  await store.once(
    ...chunksOf(rows).map(
      (chunk) =>
        sql`INSERT INTO @kinds (queue, type) VALUES ${chunk} ON DUPLICATE KEY UPDATE type = @kinds.type`,
    ),
  )
  for (const kind of kinds.keys()) store.memory.register(kind)
}

async function registerPolicy(store: Store, text: string): Promise<void> {
  const digest = digestOf([text])
  const find = sql`SELECT n, body FROM @policies WHERE digest = ${digest}`
  const [found, count] = await store.once(find, COUNT_POLICIES)
  let row = found?.rows[0]
  if (row === undefined && Number(count?.rows[0]?.[0]) < SHARED_POLICIES) {
    const insert = sql`INSERT INTO @policies (body, digest) VALUES (${text}, ${digest})
      ON DUPLICATE KEY UPDATE digest = @policies.digest`
    const [, added] = await store.once(insert, find)
    row = added?.rows[0]
  }
  if (row === undefined) store.policies.rememberUnshared(text)
  else store.policies.remember(row[0] as number, row[1] as string)
}
