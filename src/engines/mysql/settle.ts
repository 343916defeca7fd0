// The verb settle: how running attempts end. Plain successes of tasks that this engine claimed, which is nearly all,
// are locked by key in key order, checked, and moved as they are; the others are a unit of work on loaded rows.
// Promises that the token alone guards a settlement (CONTRACT rules 2, 8, 9, 23).

import type { Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import { FeedNotes } from '../sql/feed-notes.ts'
import type { ClaimedTask } from '../sql/claimed-tasks.ts'
import { settleBothWays, type PlainSettlement } from '../sql/settle-plain.ts'
import { FIXED } from '../sql/task-row.ts'
import { settleIn } from '../sql/units.ts'
import { SUCCEEDED } from '../sql/words.ts'
import { register } from './register.ts'
import { removeRows } from './rows.ts'
import { SERVER_NOW } from './session.ts'
import { sql, words, type Statement } from './statement.ts'
import { BEGIN, COMMIT, tellOf, type Store } from './store.ts'
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
  .map((name) => `\`${name}\``)
const KEEP = words(`INSERT INTO @finished (${STAYS.join(', ')}, state, outcome, finished_at, kept, result)
  SELECT ${STAYS.map((name) => `t.${name}`).join(', ')}, 3, 0, `)
const KEPT = words(' FROM @tasks t FORCE INDEX (PRIMARY) WHERE t.id IN ')
const JOINED = words(` AS u STRAIGHT_JOIN @tasks t FORCE INDEX (PRIMARY) ON t.id = u.id`)
const COLUMNS = words(`COLUMNS (id VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[0]', kept BIGINT PATH '$[1]',
  result LONGTEXT PATH '$[2]')`)

/** Settles in transactions of the engine's own. */
export function settle(store: Store, settlements: readonly Settlement[]): Promise<SettleReply[]> {
  return settleBothWays(settlements, {
    claimed: (id, token) => store.memory.claimed.find(id, token),
    succeed: (plain) => succeed(store, plain),
    settle: (others) => settleUnit(store, others),
  })
}

type Plain = PlainSettlement<ClaimedTask>

/** Answers the ids of those that were applied; the others are to be looked up. */
async function succeed(store: Store, plain: readonly Plain[]): Promise<ReadonlySet<string>> {
  const ids = plain.map(({ settlement }) => settlement.id)
  const held = await store.transact(async (ask, doubt) => {
    const [, clock, locked] = await ask(
      BEGIN,
      store.now === null ? words(`SELECT ${SERVER_NOW}`) : sql`SELECT ${store.now}`,
      sql`SELECT id, claim, attempt FROM @tasks FORCE INDEX (PRIMARY) WHERE id IN (${ids}) AND state = 2
        ORDER BY id FOR UPDATE`,
    )
    const tokens = new Map(
      locked?.rows.map((row) => [row[0] as string, claimToken(row[1] as string, row[2] as number)]),
    )
    const ended = plain.filter(({ settlement: { id, claim } }) => tokens.get(id) === claim)
    if (ended.length === 0) {
      await ask(COMMIT)
      return []
    }
    doubt.commit = true
    await ask(...endings(ended, Number(clock?.rows[0]?.[0])), COMMIT)
    return ended
  })
  const queues = new Set<string>()
  for (const { settlement, known } of held) {
    store.memory.claimed.forget(settlement.id, settlement.claim)
    queues.add(known.queue)
  }
  if (queues.size > 0) store.options.committed([{ kind: 'change', queues: [...queues] }])
  return new Set(held.map(({ settlement }) => settlement.id))
}

/** The statements that end locked rows. */
function endings(ended: readonly Plain[], now: number): Statement[] {
  const feed = new FeedNotes()
  const ids = ended.map(({ settlement }) => settlement.id)
  for (const { settlement, known } of ended) feed.tell({ ...known, id: settlement.id }, SUCCEEDED)
  return [
    keeping(ended, ids, now),
    removeRows('tasks', ids),
    tellOf(now, feed.count, feed.pack(), [{ kind: 'change', queues: null }]),
  ]
}

/** Most batches have one result and one retention; the others bring theirs in a list. */
function keeping(ended: readonly Plain[], ids: readonly string[], now: number): Statement {
  const first = ended[0]
  const result = first?.settlement.outcome.result ?? null
  const keep = first?.known.keep ?? 0
  if (ended.every((one) => one.settlement.outcome.result === result && one.known.keep === keep))
    return sql`${KEEP}${now}, ${keep}, ${result}${KEPT}(${ids})`
  const list = ended.map(({ settlement, known }) => [settlement.id, known.keep, settlement.outcome.result])
  return sql`${KEEP}${now}, u.kept, u.result FROM JSON_TABLE(${JSON.stringify(list)}, '$[*]' ${COLUMNS})${JOINED}`
}

async function settleUnit(store: Store, settlements: readonly Settlement[]): Promise<SettleReply[]> {
  const followUps = settlements.flatMap((one) => one.followUps)
  if (followUps.length > 0) await register(store, followUps)
  // A rescue never waits long for a row: a transaction of a process that hangs may hold it.
  const waits = settlements.some(({ guard }) => guard !== 'claim') ? 1 : 3
  const replies = await store.write((unit) => settleIn(UNITS, store, unit, settlements), waits)
  for (const [i, { id, claim }] of settlements.entries())
    if (replies[i]?.status !== 'lost') store.memory.claimed.forget(id, claim)
  return replies
}
