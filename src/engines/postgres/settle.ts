// The verb settle: how running attempts end. Plain successes of tasks that this engine claimed, which is nearly all,
// are one statement that finds the rows where the claim put them; the others are a unit of work on locked rows.
// Promises that the token alone guards a settlement, also where a row has moved meanwhile (CONTRACT rules 2, 8, 9).

import type { Hint, Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { FeedNotes } from '../sql/feed-notes.ts'
import { isPlainSuccess, settleRows } from '../sql/settle-rows.ts'
import { FIXED } from '../sql/task-row.ts'
import { SUCCEEDED } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import type { ClaimedTask } from './memory.ts'
import { register } from './register.ts'
import { nowOf, type PgSession } from './session.ts'
import type { Store } from './store.ts'
import { loadSpace, storeSpace } from './task-unit.ts'

const STAYS = [
  ...FIXED.map(({ name }) => name),
  'payload',
  'rank',
  'place',
  'run_at',
  'expires_at',
  'attempt',
]
  .concat(['claim', 'session', 'started_at', 'counters', 'progress'])
  .map((name) => `g.${name}`)
  .join(', ')
// The rows are taken by where they are, so that no plan can look for them anywhere else; the pair of id and token is
// what guards (IS TRUE keeps the look-up a hash beside the scan, never a join). What was told beforehand is stored as it is if all of them were there.
export const SUCCEED = `WITH clock AS MATERIALIZED (SELECT ${nowOf('$1')} AS now),
  gone AS (DELETE FROM @tasks t WHERE ctid = ANY($2::tid[]) AND state + 0 = 2
    AND (id || ' ' || claim || '.' || attempt IN (SELECT unnest($3::text[]))) IS TRUE RETURNING *),
  kept AS (INSERT INTO @finished (${STAYS.replaceAll('g.', '')}, state, outcome, result, finished_at, kept)
    SELECT ${STAYS}, 3, 0, u.result, (SELECT now FROM clock), u.kept
    FROM gone g JOIN unnest($4::text[], $5::text[], $6::bigint[]) AS u(id, result, kept) ON u.id = g.id),
  told AS (INSERT INTO @fresh_changes (at, count, items)
    SELECT (SELECT now FROM clock), n, CASE WHEN n = $7::int THEN $8::text ELSE
      (SELECT json_agg(json_build_array(type, queue, 3, attempt, json_build_array(id)))::text FROM gone) END
    FROM (SELECT count(*)::int AS n FROM gone) AS c WHERE n > 0)
  SELECT CASE WHEN count(*) = $7::int THEN NULL ELSE coalesce(array_to_json(array_agg(id))::text, '[]') END,
    CASE WHEN $10::text IS NOT NULL THEN pg_notify($9::text, $10::text)::text END FROM gone`

/** Time that a rescue waits for a locked row. */
const RESCUE_WAIT = 'SET LOCAL lock_timeout = 100'

interface Plain {
  readonly settlement: Settlement
  readonly known: ClaimedTask
}

/** Settles in transactions of the engine's own. */
export async function settle(store: Store, settlements: readonly Settlement[]): Promise<SettleReply[]> {
  const plain = plainOf(store, settlements)
  const applied = plain.length === 0 ? EMPTY : await succeed(store, plain)
  const others = settlements.filter(({ id }) => !applied.has(id))
  const replies = others.length === 0 ? [] : await settleUnit(store, others)
  let next = 0
  return settlements.map(({ id }): SettleReply =>
    applied.has(id) ? SUCCESS : (replies[next++] ?? { status: 'lost', state: null, followUps: [] }),
  )
}

const EMPTY: ReadonlySet<string> = new Set()
const SUCCESS: SettleReply = { status: 'applied', state: 'succeeded', followUps: [] }

/** Those that can go the short way; none if the same task is settled twice in one call. */
function plainOf(store: Store, settlements: readonly Settlement[]): Plain[] {
  const ids = new Set<string>()
  const plain: Plain[] = []
  for (const settlement of settlements) {
    const { id, claim, guard, outcome, followUps, logs } = settlement
    if (ids.has(id)) return []
    ids.add(id)
    if (guard !== 'claim' || followUps.length > 0 || logs.length > 0 || !isPlainSuccess(outcome)) continue
    if (outcome.warnings.length > 0 || hasCharge(settlement)) continue
    const known = store.memory.claimed(id)
    if (known !== undefined && known.token === claim) plain.push({ settlement, known })
  }
  return plain
}

function hasCharge({ outcome: { charge } }: Settlement): boolean {
  for (const _ in charge) return true
  return false
}

/** Answers the ids of those that were applied; the others are to be looked up. */
async function succeed(store: Store, plain: readonly Plain[]): Promise<ReadonlySet<string>> {
  const feed = new FeedNotes()
  const ids = plain.map(({ settlement }) => settlement.id)
  for (const { settlement, known } of plain) feed.tell({ ...known, id: settlement.id }, SUCCEEDED)
  const hints: Hint[] = [{ kind: 'change', queues: [...new Set(plain.map(({ known }) => known.queue))] }]
  const word = store.options.announce(hints)
  const { rows } = await store.once(SUCCEED, [
    store.now,
    arrayOf(plain.map(({ known }) => known.tid)),
    arrayOf(plain.map(({ settlement: { id, claim } }) => `${id} ${claim}`)),
    arrayOf(ids),
    arrayOf(plain.map(({ settlement }) => settlement.outcome.result)),
    arrayOf(plain.map(({ known }) => known.keep)),
    plain.length,
    feed.pack(),
    store.options.schema,
    word,
  ])
  const some = rows[0]?.[0] as string | null
  const applied = new Set(some === null ? ids : ((JSON.parse(some) as string[] | null) ?? []))
  for (const { settlement } of plain) if (applied.has(settlement.id)) store.memory.forget(settlement.id)
  if (applied.size > 0) store.options.committed(hints, word !== null)
  return applied
}

async function settleUnit(store: Store, settlements: readonly Settlement[]): Promise<SettleReply[]> {
  const followUps = settlements.flatMap((one) => one.followUps)
  if (followUps.length > 0) await register(store, followUps)
  const replies = await store.write((unit) => settleIn(store, unit, settlements))
  for (const [i, { id }] of settlements.entries()) if (replies[i]?.status !== 'lost') store.memory.forget(id)
  return replies
}

/** Settles inside a unit; what the follow-ups bring was registered. */
async function settleIn(
  store: Store,
  unit: PgSession,
  settlements: readonly Settlement[],
): Promise<SettleReply[]> {
  const tasks = settlements.flatMap((one) => one.followUps)
  // Whose row a zombie's open transaction holds is found again by the next sweep: nobody waits for it.
  if (settlements.every(({ guard }) => guard === 'rescue')) await unit.run(RESCUE_WAIT, [])
  const space = await loadSpace(store, unit, {
    ids: settlements.map(({ id }) => id),
    tasks,
    keys: tasks.some(({ unique }) => unique !== null),
    sessions: settlements.some(({ guard }) => guard === 'rescue'),
    places: tasks.length,
  })
  const replies = settleRows(space, settlements)
  await storeSpace(unit, space)
  return replies
}
