// Which settlements may go the short way: plain successes of tasks that this engine claimed, which is nearly all. How
// they are written is the engine's business, the others are units of work on loaded rows.
// Promises replies in the order of the settlements, whichever way each of them went.

import type { Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { isPlainSuccess } from './settle-rows.ts'

/** A settlement that may go the short way, and what the engine remembers of its task. */
export interface PlainSettlement<K> {
  readonly settlement: Settlement
  readonly known: K
}

const NONE: ReadonlySet<string> = new Set()
const SUCCESS: SettleReply = { status: 'applied', state: 'succeeded', followUps: [] }
const LOST: SettleReply = { status: 'lost', state: null, followUps: [] }

/** The two ways. */
export interface SettleWays<K> {
  /** What is remembered of a task that was claimed here. */
  readonly claimed: (id: string, token: string) => K | undefined
  /** The short way; answers the ids of those that were applied, the others are to be looked up. */
  readonly succeed: (plain: readonly PlainSettlement<K>[]) => Promise<ReadonlySet<string>>
  /** Units of work. */
  readonly settle: (settlements: readonly Settlement[]) => Promise<SettleReply[]>
}

/** Settles in transactions of the engine's own. */
export async function settleBothWays<K extends { readonly token: string }>(
  settlements: readonly Settlement[],
  { claimed, succeed, settle }: SettleWays<K>,
): Promise<SettleReply[]> {
  const plain = plainOf(settlements, claimed)
  const applied = plain.length === 0 ? NONE : await succeed(plain)
  if (applied.size === settlements.length) return settlements.map(() => SUCCESS)
  const others = settlements.filter(({ id }) => !applied.has(id))
  const replies = await settle(others)
  let next = 0
  return settlements.map(({ id }): SettleReply => (applied.has(id) ? SUCCESS : (replies[next++] ?? LOST)))
}

/** Those that can go the short way; none if the same task is settled twice in one call. */
function plainOf<K extends { readonly token: string }>(
  settlements: readonly Settlement[],
  claimed: SettleWays<K>['claimed'],
): PlainSettlement<K>[] {
  const ids = new Set<string>()
  const plain: PlainSettlement<K>[] = []
  for (const settlement of settlements) {
    const { id, claim, guard, outcome, followUps, logs } = settlement
    if (ids.has(id)) return []
    ids.add(id)
    if (guard !== 'claim' || followUps.length > 0 || logs.length > 0 || !isPlainSuccess(outcome)) continue
    if (outcome.warnings.length > 0 || hasCharge(settlement)) continue
    // What goes through a list in JSON has to be text in the strict sense.
    if (outcome.result?.isWellFormed() === false) continue
    const known = claimed(id, claim)
    if (known !== undefined) plain.push({ settlement, known })
  }
  return plain
}

function hasCharge({ outcome: { charge } }: Settlement): boolean {
  for (const _ in charge) return true
  return false
}
