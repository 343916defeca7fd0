// Reading the policies behind the numbers of rows, which has to be done before the rows are understood.

import type { Policies } from './policies.ts'
import { marks, type SqlSession } from './session.ts'

/** Learns the policies behind the numbers of these rows. */
export async function learnPolicies(
  policies: Policies,
  session: SqlSession,
  rows: readonly { readonly policy: number | null }[],
): Promise<void> {
  const unknown = new Set<number>()
  for (const { policy } of rows) if (policy !== null && !policies.knows(policy)) unknown.add(policy)
  if (unknown.size === 0) return
  const found = await session.all(`SELECT n, body FROM @policies WHERE n IN (${marks(unknown.size)})`, [
    ...unknown,
  ])
  for (const [n, body] of found) policies.remember(n as number, body as string)
}
