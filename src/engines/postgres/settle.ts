// The verb settle: how running attempts end. Plain successes of tasks that this engine claimed, which is nearly all,
// are one statement that finds the rows where the claim put them; the others are a unit of work on locked rows.
// Promises that the token alone guards a settlement, also where a row has moved meanwhile (CONTRACT rules 2, 8, 9).

import type { Hint, Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { claimIdOf } from '../../core/ids.ts'
import { FeedNotes } from '../sql/feed-notes.ts'
import { settleBothWays, type PlainSettlement } from '../sql/settle-plain.ts'
import { FIXED } from '../sql/task-row.ts'
import { settleIn } from '../sql/units.ts'
import { SUCCEEDED } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import type { ClaimedTask } from './memory.ts'
import { register } from './register.ts'
import { nowOf } from './session.ts'
import type { Store } from './store.ts'
import { UNITS } from './task-unit.ts'

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
  .join(', ')
// Each row is looked up by where the claim put it, so that no plan can look for it anywhere else; id, claim and attempt
// are what guards (IS TRUE keeps an index from it). What was told beforehand is stored as it is if all of them were there.
/** @param alike claim, attempt and retention come once for all tasks, instead of a list for each of them */
function succeedOf(alike: boolean): string {
  const own = '$2::tid[], $3::text[], $4::text[]'
  const shape = alike ? '$5::text AS c, $6::int AS a, $7::bigint AS k' : '$5::text[], $6::int[], $7::bigint[]'
  const ended = alike
    ? `(SELECT ${shape}) AS s, unnest(${own}) AS u(tid, i, r)`
    : `unnest(${own}, ${shape}) AS u(tid, i, r, c, a, k)`
  return `WITH clock AS MATERIALIZED (SELECT ${nowOf('$1')} AS now),
  gone AS (DELETE FROM @tasks t USING ${ended}
    WHERE t.ctid = u.tid AND ((t.id, t.claim, t.attempt, t.state) = (u.i, c, a, 2)) IS TRUE
    RETURNING ${STAYS.replaceAll(/\w+/g, 't.$&')}, r AS answer, k AS kept),
  ends AS MATERIALIZED (SELECT count(*)::int AS n FROM gone),
  moved AS (INSERT INTO @finished (${STAYS}, result, kept, state, outcome, finished_at)
    SELECT gone.*, 3, 0, (SELECT now FROM clock) FROM gone),
  told AS (INSERT INTO @fresh_changes (at, count, items)
    SELECT (SELECT now FROM clock), n, CASE WHEN n = $8::int THEN $9::text ELSE
      (SELECT json_agg(json_build_array(type, queue, 3, attempt, json_build_array(id)))::text FROM gone) END
    FROM ends WHERE n > 0)
  SELECT CASE WHEN n = $8::int THEN NULL ELSE (SELECT coalesce(json_agg(id)::text, '[]') FROM gone) END,
    CASE WHEN $11::text IS NOT NULL THEN pg_notify($10::text, $11::text)::text END FROM ends`
}

/** Most tasks that are settled together were claimed together. */
export const SUCCEED = { alike: succeedOf(true), mixed: succeedOf(false) } as const

/** Time that a rescue waits for a locked row. */
const RESCUE_WAIT = 'SET LOCAL lock_timeout = 100'

/** Settles in transactions of the engine's own. */
export function settle(store: Store, settlements: readonly Settlement[]): Promise<SettleReply[]> {
  return settleBothWays<ClaimedTask>(settlements, {
    claimed: (id, token) => store.memory.claimed.find(id, token),
    succeed: (plain) => succeed(store, plain),
    settle: (others) => settleUnit(store, others),
  })
}

type Plain = PlainSettlement<ClaimedTask>

/** Answers the ids of those that were applied; the others are to be looked up. */
async function succeed(store: Store, plain: readonly Plain[]): Promise<ReadonlySet<string>> {
  const feed = new FeedNotes()
  const ids = plain.map(({ settlement }) => settlement.id)
  for (const { settlement, known } of plain) {
    const { queue, type, attempt } = known
    feed.tell({ id: settlement.id, queue, type, attempt }, SUCCEEDED)
  }
  const hints: Hint[] = [{ kind: 'change', queues: [...new Set(plain.map(({ known }) => known.queue))] }]
  const word = store.options.announce(hints)
  const shape = [
    plain.map(({ known }) => claimIdOf(known.token)),
    plain.map(({ known }) => known.attempt),
    plain.map(({ known }) => known.keep),
  ]
  const alike = shape.every((column) => column.every((value) => value === column[0]))
  const { rows } = await store.once(alike ? SUCCEED.alike : SUCCEED.mixed, [
    store.now,
    arrayOf(plain.map(({ known }) => known.tid)),
    arrayOf(ids),
    arrayOf(plain.map(({ settlement }) => settlement.outcome.result)),
    ...(alike ? shape.map(([value = null]) => value) : shape.map(arrayOf)),
    plain.length,
    feed.pack(),
    store.options.schema,
    word,
  ])
  const some = rows[0]?.[0] as string | null
  const applied = new Set(some === null ? ids : ((JSON.parse(some) as string[] | null) ?? []))
  for (const { settlement } of plain)
    if (applied.has(settlement.id)) store.memory.claimed.forget(settlement.id, settlement.claim)
  if (applied.size > 0) store.options.committed(hints, word !== null)
  return applied
}

async function settleUnit(store: Store, settlements: readonly Settlement[]): Promise<SettleReply[]> {
  const followUps = settlements.flatMap((one) => one.followUps)
  if (followUps.length > 0) await register(store, followUps)
  const rescues = settlements.every(({ guard }) => guard === 'rescue')
  const replies = await store.write(async (unit) => {
    // Whose row a zombie's open transaction holds is found again by the next sweep: nobody waits for it.
    if (rescues) await unit.run(RESCUE_WAIT, [])
    return settleIn(UNITS, store, unit, settlements)
  })
  for (const [i, { id, claim }] of settlements.entries())
    if (replies[i]?.status !== 'lost') store.memory.claimed.forget(id, claim)
  return replies
}
