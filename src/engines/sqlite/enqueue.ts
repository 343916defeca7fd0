// The verb enqueue: identity first, then the unique key, then two new rows (CONTRACT rules 14, 16 and 17).
// Promises that a refused item changes nothing, and that an earlier item of one array counts as already there.
// Also used for follow-ups and ticks, inside the unit they belong to.

import type { EnqueueReply, NewTask, When } from '../../core/hot-verbs.ts'
import type { Policy } from './caches.ts'
import { extraOf, rootOf } from './task-rows.ts'
import type { Unit } from './unit.ts'
import { READY, SCHEDULED, stateOf } from '../sql/words.ts'

const KNOWN = `SELECT s.state, t.digest FROM windlass_tasks t JOIN windlass_states s ON s.seq = t.seq
  WHERE t.id = ?`
const BURIED = 'SELECT digest FROM windlass_tombstones WHERE id = ?'
const HOLDER = `SELECT t.id, s.state FROM windlass_unique_keys k JOIN windlass_tasks t ON t.seq = k.seq
  JOIN windlass_states s ON s.seq = k.seq WHERE k.key = ? AND (k.until IS NULL OR k.until > ?)`
const TAKE_KEY = 'INSERT OR REPLACE INTO windlass_unique_keys (key, seq, until) VALUES (?, ?, ?)'
const INSERT_TASK = `INSERT INTO windlass_tasks (seq, id, digest, policy, policy_text, origin, root_id, extra,
  unique_key, unique_until, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
const INSERT_PLAIN = `INSERT INTO windlass_tasks (seq, id, digest, policy, origin, root_id, payload)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
// Of a run of ready tasks whose numbers follow each other; one statement costs a third less than one for each.
const INSERT_STATES = `INSERT INTO windlass_states (seq, state, queue, type, rank, created_at, place, run_at)
  SELECT seq, 1, ?, ?, ?, ?, seq, ? FROM windlass_tasks WHERE seq BETWEEN ? AND ?`
const INSERT_STATE = `INSERT INTO windlass_states (seq, state, queue, type, rank, created_at, place, run_at, due_id,
  expires_at, grp, parent_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const POLICY = 'SELECT n FROM windlass_policies WHERE body = ?'
const INSERT_POLICY = `INSERT INTO windlass_policies (body) SELECT ? WHERE (SELECT coalesce(max(n), 0) FROM windlass_policies) < ?
  RETURNING n`

/** More different policies than this are written into each task instead. */
const SHARED_POLICIES = 1_000

export function enqueue(unit: Unit, tasks: readonly NewTask[]): EnqueueReply[] {
  const run = new StateRun(unit)
  const replies = tasks.map((task) => enqueueOne(unit, run, task))
  run.flush()
  return replies
}

function enqueueOne(unit: Unit, run: StateRun, task: NewTask): EnqueueReply {
  const { unique } = task
  // A look-up has to see the items before this one.
  if (!task.minted || unique !== null) run.flush()
  const taken = task.minted ? null : identityOf(unit, task)
  if (taken !== null) return taken
  if (unique !== null) {
    const holder = holderOf(unit, unique.key)
    if (holder !== null) return { outcome: 'duplicate', ...holder }
  }
  return create(unit, run, task)
}

/** The answer for an id that is taken, by a task or by the tombstone of one; null for a free one. */
function identityOf(unit: Unit, { id, digest }: NewTask): EnqueueReply | null {
  const known = unit.connection.get(KNOWN, id)
  if (known !== undefined) {
    return { outcome: known[1] === digest ? 'existing' : 'conflict', id, state: stateOf(known[0] as number) }
  }
  const buried = unit.connection.get(BURIED, id)
  if (buried === undefined) return null
  // What is buried ended; that it succeeded is the likeliest, and the caller's work is done either way.
  return buried[0] === digest
    ? { outcome: 'existing', id, state: 'succeeded' }
    : { outcome: 'conflict', id, state: null }
}

/** The task that holds a unique key now. */
export function holderOf(
  unit: Unit,
  key: string,
): (Pick<EnqueueReply, 'id'> & { state: ReturnType<typeof stateOf> }) | null {
  const row = unit.connection.get(HOLDER, key, unit.now)
  return row === undefined ? null : { id: row[0] as string, state: stateOf(row[1] as number) }
}

/** Gives a unique key to a task; whoever held it before has lapsed. */
export function takeKey(unit: Unit, key: string, seq: number, until: number | null): void {
  unit.connection.run(TAKE_KEY, key, seq, until)
}

function create(unit: Unit, run: StateRun, task: NewTask): EnqueueReply {
  const { connection, now } = unit
  const { id, unique, queue } = task
  const runAt = instantOf(task.due, now)
  const due = runAt <= now
  const seq = unit.draw()
  const until = unique === null || unique.for === null ? null : now + unique.for
  if (insertTask(unit, task, seq, until) === 0) {
    run.flush()
    // Said to be minted, and there all the same: a repeat that was not marked as one.
    return identityOf(unit, task) ?? { outcome: 'conflict', id, state: null }
  }
  if (due && task.expires === null && task.group === null && task.parentId === null) {
    run.add(seq, task, runAt)
  } else {
    run.flush()
    connection.run(
      INSERT_STATE,
      seq,
      due ? READY : SCHEDULED,
      queue,
      task.type,
      0 - task.priority,
      now,
      due ? seq : null,
      runAt,
      due ? null : id,
      task.expires === null ? null : instantOf(task.expires, now),
      task.group,
      task.parentId,
    )
  }
  if (unique !== null) takeKey(unit, unique.key, seq, until)
  unit.feed.tell(id, task.type, queue, due ? READY : SCHEDULED, 0)
  unit.hints.note(due ? 'work' : 'due', queue)
  return { outcome: 'created', id, state: due ? 'ready' : 'scheduled' }
}

/** Writes what the enqueue fixes; 0: the id is taken. */
function insertTask(unit: Unit, task: NewTask, seq: number, until: number | null): number {
  const { id, digest, origin, payload, unique } = task
  const policy = policyNumber(unit, task)
  const extra = extraOf(task)
  const root = rootOf(task)
  if (policy.text === null && extra === null && unique === null) {
    return unit.connection.run(INSERT_PLAIN, seq, id, digest, policy.n, origin, root, payload)
  }
  const { n, text } = policy
  const key = unique?.key ?? null
  return unit.connection.run(INSERT_TASK, seq, id, digest, n, text, origin, root, extra, key, until, payload)
}

/** Ready tasks that follow each other and are alike in all that their states hold: written by one statement. */
class StateRun {
  readonly #unit: Unit
  #first = 0
  #last = -1
  #of: {
    readonly queue: string
    readonly type: string
    readonly priority: number
    readonly runAt: number
  } | null = null

  constructor(unit: Unit) {
    this.#unit = unit
  }

  add(seq: number, { queue, type, priority }: NewTask, runAt: number): void {
    const of = this.#of
    const fits =
      of !== null && of.queue === queue && of.type === type && of.priority === priority && of.runAt === runAt
    if (!fits) {
      this.flush()
      this.#of = { queue, type, priority, runAt }
      this.#first = seq
    }
    this.#last = seq
  }

  flush(): void {
    if (this.#of === null) return
    const { queue, type, priority, runAt } = this.#of
    const { connection, now } = this.#unit
    connection.run(INSERT_STATES, queue, type, 0 - priority, now, runAt, this.#first, this.#last)
    this.#of = null
  }
}

/** The instant that a caller's time means. */
function instantOf(when: When, now: number): number {
  return 'at' in when ? when.at : now + when.after
}

/** The number of the shared policy, or its text where there are too many different ones. */
function policyNumber(unit: Unit, task: NewTask): { n: number | null; text: string | null } {
  const { caches, connection } = unit
  const text = caches.policyText(task)
  const known = caches.policyNumbers.get(text)
  if (known !== undefined) return { n: known, text: null }
  const row = connection.get(POLICY, text) ?? connection.get(INSERT_POLICY, text, SHARED_POLICIES)
  if (row === undefined) return { n: null, text }
  const n = row[0] as number
  unit.remember(() => caches.rememberPolicy(n, text, JSON.parse(text) as Policy))
  return { n, text: null }
}
