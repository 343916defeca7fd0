// Loads the rows that a unit of work may change, locked and in one order, and stores what became of them: a few
// statements each, whatever the number of rows.
// Promises that two units never lock the same rows in different orders, and that a row that moves between the two
// tables meanwhile is found where it came to.

import type { NewTask } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { keepLogs } from '../sql/attempts.ts'
import { learnPolicies } from '../sql/learn-policies.ts'
import { CHANGING, FIXED, ROW_COLUMNS, foreignRowOf, type ColumnType, type TaskRow } from '../sql/task-row.ts'
import type { Scope, Units } from '../sql/units.ts'
import { Workspace, type Entry, type Home } from '../sql/workspace.ts'
import { arrayOf } from './arrays.ts'
import { register, registerLanes } from './register.ts'
import type { PgSession } from './session.ts'
import type { Store } from './store.ts'

/** Items of one number of the sequence of places. */
export const PLACES = 1_024

const ARRAYS: Readonly<Record<ColumnType, string>> = {
  text: 'text[]',
  small: 'smallint[]',
  int: 'int[]',
  big: 'bigint[]',
}

const lockOf = (home: Home): string =>
  `SELECT ${ROW_COLUMNS} FROM @${home} t WHERE t.id = ANY($1::text[]) ORDER BY t.id FOR UPDATE`
const readOf = (home: Home): string => `SELECT ${ROW_COLUMNS} FROM @${home} t WHERE t.id = ANY($1::text[])`
// One number for each key: who enqueues the same id or key waits for the other's end, in the order of the numbers.
const LOCK_KEYS = `SELECT pg_advisory_xact_lock(k) FROM
  (SELECT DISTINCT hashtextextended(k, $2::bigint) AS k FROM unnest($1::text[]) AS k ORDER BY 1) AS keys`
const HOLDERS =
  'SELECT key, task, until FROM @unique_keys WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE'
const TOMBSTONES = 'SELECT id, digest FROM @tombstones WHERE id = ANY($1::text[])'
const LIVE = 'SELECT n FROM @sessions WHERE n = ANY($1::int[]) AND live = 1'
const DRAW = `SELECT nextval('@places') FROM generate_series(1, $1::int)`

const CHANGED = ['id', ...CHANGING.map(({ name }) => name)].join(', ')
const CHANGES = ['text[]', ...CHANGING.map(({ type }) => ARRAYS[type])]
  .map((type, i) => `$${i + 1}::${type}`)
  .join(', ')
const updateOf = (home: Home): string => `UPDATE @${home} t
  SET ${CHANGING.map(({ name }) => `${name} = u.${name}`).join(', ')}
  FROM unnest(${CHANGES}) AS u(${CHANGED}) WHERE t.id = u.id`
const STAYS = [...FIXED.map(({ name }) => name), 'payload'].map((name) => `g.${name}`).join(', ')
const moveOf = (from: Home, to: Home): string => `WITH gone AS (
  DELETE FROM @${from} WHERE id = ANY($1::text[]) RETURNING *)
  INSERT INTO @${to} (${STAYS.replaceAll('g.', '')}, ${CHANGING.map(({ name }) => name).join(', ')})
  SELECT ${STAYS}, ${CHANGING.map(({ name }) => `u.${name}`).join(', ')}
  FROM gone g JOIN unnest(${CHANGES}) AS u(${CHANGED}) ON u.id = g.id`
/** By where a row was and where it comes to. */
const CHANGE: Readonly<Record<Home, Readonly<Record<Home, string>>>> = {
  tasks: { tasks: updateOf('tasks'), finished: moveOf('tasks', 'finished') },
  finished: { tasks: moveOf('finished', 'tasks'), finished: updateOf('finished') },
}
const HOMES = ['tasks', 'finished'] as const

const BORN = CHANGING.filter(({ name }) => ['state', 'rank', 'place', 'run_at', 'expires_at'].includes(name))
const NEW = [...FIXED, ...BORN]
const INSERT = `INSERT INTO @tasks (${NEW.map(({ name }) => name).join(', ')}, payload)
  SELECT * FROM unnest(${NEW.map(({ type }, i) => `$${i + 1}::${ARRAYS[type]}`).join(', ')}, $${NEW.length + 1}::text[])
  ON CONFLICT (id) DO NOTHING`

const BURY = [
  'DELETE FROM @tasks WHERE id = ANY($1::text[])',
  'DELETE FROM @finished WHERE id = ANY($1::text[])',
  'DELETE FROM @attempts WHERE task = ANY($1::text[])',
  'DELETE FROM @logs WHERE task = ANY($1::text[])',
] as const
const TOMBSTONE = `INSERT INTO @tombstones SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
  ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, until = excluded.until`
const FREE_KEYS = `DELETE FROM @unique_keys k USING unnest($1::text[], $2::text[]) AS u(key, task)
  WHERE k.key = u.key AND k.task = u.task`
const TAKE_KEYS = `INSERT INTO @unique_keys SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
  ON CONFLICT (key) DO UPDATE SET task = excluded.task, until = excluded.until`
const ATTEMPT = `INSERT INTO @attempts (task, attempt, session, started_at, ended_at, outcome, reason, error, warnings)
  SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::smallint[], $7::text[],
  $8::text[], $9::text[]) ON CONFLICT (task, attempt)`
const KEEP_ATTEMPTS = `${ATTEMPT} DO UPDATE SET session = excluded.session, started_at = excluded.started_at,
  ended_at = excluded.ended_at, outcome = excluded.outcome, reason = excluded.reason, error = excluded.error,
  warnings = excluded.warnings`
const KEEP_LAST_ATTEMPTS = `${ATTEMPT} DO NOTHING`
const TRIM_ATTEMPTS = `DELETE FROM @attempts a USING unnest($1::text[], $2::int[]) AS u(task, attempt)
  WHERE a.task = u.task AND a.attempt <= u.attempt`
const TELL = 'INSERT INTO @fresh_changes (at, count, items) VALUES ($1, $2, $3)'

/** How units of work are done here. */
export const UNITS: Units<Store, PgSession> = { register, load: loadSpace, save: saveSpace }

/** Loads and locks what a unit is about. */
async function loadSpace(store: Store, unit: PgSession, scope: Scope): Promise<Workspace> {
  const { tasks } = scope
  const newKeys = tasks.flatMap(({ unique }) => (unique === null ? [] : [unique.key]))
  if (tasks.length > 0) {
    unit.later(LOCK_KEYS, [arrayOf(tasks.map(({ id }) => id)), 1])
    if (newKeys.length > 0) unit.later(LOCK_KEYS, [arrayOf(newKeys), 2])
  }
  const count = Math.ceil(scope.places / PLACES)
  const drawn = count === 0 ? null : unit.query(DRAW, [count])
  drawn?.catch(() => undefined)
  const ids = [...new Set([...scope.ids, ...tasks.map(({ id }) => id)])]
  const rows = await lockRows(unit, ids)
  await unit.settled()
  const blocks = (await drawn)?.rows.map(([n]) => Number(n)) ?? []
  const space = new Workspace(unit.now, store.policies, placesOf(blocks))
  for (const [home, row] of rows) space.load(row, home)
  const loaded = rows.map(([, row]) => row)
  await learnPolicies(store.policies, unit, loaded)
  if (tasks.length > 0) await loadTombstones(unit, space, tasks)
  const ownKeys = scope.keys ? loaded.flatMap(({ uniqueKey }) => uniqueKey ?? []) : []
  await loadKeys(store, unit, space, [...ownKeys, ...newKeys])
  if (scope.sessions) await loadLive(unit, space, loaded)
  return space
}

function placesOf(blocks: readonly number[]): () => number {
  let drawn = 0
  return () => {
    const block = blocks[Math.floor(drawn / PLACES)] ?? blocks.at(-1) ?? 0
    return block * PLACES + (drawn++ % PLACES)
  }
}

async function lockRows(unit: PgSession, ids: readonly string[]): Promise<[Home, TaskRow][]> {
  if (ids.length === 0) return []
  const found = await lockIn(unit, 'tasks', ids)
  const known = new Set(found.map(([, { id }]) => id))
  const missing = ids.filter((id) => !known.has(id))
  if (missing.length === 0) return found
  const finished = await lockIn(unit, 'finished', missing)
  for (const [, { id }] of finished) known.add(id)
  // A finished task that was requeued between the two looks is where the first one looked in vain.
  const still = missing.filter((id) => !known.has(id))
  const moved = still.length === 0 ? [] : await lockIn(unit, 'tasks', still)
  return [...found, ...finished, ...moved]
}

async function lockIn(unit: PgSession, home: Home, ids: readonly string[]): Promise<[Home, TaskRow][]> {
  const { rows } = await unit.query(lockOf(home), [arrayOf(ids)])
  return rows.map((row) => [home, foreignRowOf(row)])
}

async function loadTombstones(unit: PgSession, space: Workspace, tasks: readonly NewTask[]): Promise<void> {
  const missing = tasks.map(({ id }) => id).filter((id) => space.find(id) === null)
  if (missing.length === 0) return
  const { rows } = await unit.query(TOMBSTONES, [arrayOf(missing)])
  for (const [id, digest] of rows) space.tombstones.set(id as string, digest as string)
}

async function loadKeys(
  store: Store,
  unit: PgSession,
  space: Workspace,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return
  const { rows } = await unit.query(HOLDERS, [arrayOf([...new Set(keys)])])
  for (const [key, task, until] of rows)
    space.keys.set(key as string, { task: task as string, until: until === null ? null : Number(until) })
  const strangers = rows.map(([, task]) => task as string).filter((task) => space.find(task) === null)
  if (strangers.length === 0) return
  for (const home of HOMES) {
    const { rows: found } = await unit.query(readOf(home), [arrayOf(strangers)])
    for (const row of found) space.load(foreignRowOf(row), home)
    await learnPolicies(store.policies, unit, found.map(foreignRowOf))
  }
}

async function loadLive(unit: PgSession, space: Workspace, rows: readonly TaskRow[]): Promise<void> {
  const sessions = [...new Set(rows.flatMap(({ session }) => session ?? []))]
  if (sessions.length === 0) return
  const { rows: live } = await unit.query(LIVE, [arrayOf(sessions)])
  for (const [n] of live) space.live.add(n as number)
}

/** Writes what the verbs made of a space. */
async function saveSpace(unit: PgSession, space: Workspace): Promise<void> {
  const changed = [...space.entries.values()].filter((entry) => entry.changed)
  const born = changed.filter(({ from, to }) => from === null && to === 'tasks')
  if (born.length > 0) await insertRows(unit, born)
  for (const from of HOMES) {
    for (const to of HOMES) {
      const entries = changed.filter((entry) => entry.from === from && entry.to === to)
      if (entries.length > 0) unit.later(CHANGE[from][to], changesOf(entries))
    }
  }
  if (space.moved.length > 0) await registerLanes(unit, space.moved)
  storeBuried(unit, space)
  storeKeys(unit, space)
  storeAttempts(unit, space)
  await keepLogs(unit, space.logs)
  if (space.feed.count > 0) unit.later(TELL, [space.now, space.feed.count, space.feed.pack()])
  for (const { kind, queues } of space.hints.list())
    if (queues === null) unit.hints.noteAny()
    else for (const queue of queues) unit.hints.note(kind, queue)
}

async function insertRows(unit: PgSession, entries: readonly Entry[]): Promise<void> {
  const columns = NEW.map(({ field }) => arrayOf(entries.map(({ row }) => row[field])))
  const { count } = await unit.query(INSERT, [...columns, arrayOf(entries.map(({ payload }) => payload))])
  if (count !== entries.length) throw new LostRace()
}

/** An id was taken between the look and the write: the unit is tried again and will find it. */
class LostRace extends Error {
  readonly severity = 'ERROR'
  readonly code = '40001'
}

function changesOf(entries: readonly Entry[]): string[] {
  const ids = arrayOf(entries.map(({ row }) => row.id))
  return [ids, ...CHANGING.map(({ field }) => arrayOf(entries.map(({ row }) => row[field])))]
}

function storeBuried(unit: PgSession, { buried }: Workspace): void {
  if (buried.length === 0) return
  const ids = arrayOf(buried.map(({ id }) => id))
  for (const sql of BURY) unit.later(sql, [ids])
  const digests = arrayOf(buried.map(({ digest }) => digest))
  unit.later(TOMBSTONE, [ids, digests, arrayOf(buried.map(({ until }) => until))])
}

function storeKeys(unit: PgSession, { keysFreed, keysTaken }: Workspace): void {
  if (keysFreed.length > 0) {
    const tasks = arrayOf(keysFreed.map(({ task }) => task))
    unit.later(FREE_KEYS, [arrayOf(keysFreed.map(({ key }) => key)), tasks])
  }
  if (keysTaken.size === 0) return
  const holders = [...keysTaken.values()]
  unit.later(TAKE_KEYS, [
    arrayOf([...keysTaken.keys()]),
    arrayOf(holders.map(({ task }) => task)),
    arrayOf(holders.map(({ until }) => until)),
  ])
}

function storeAttempts(unit: PgSession, space: Workspace): void {
  const attempts = space.attempts.filter(({ task }) => space.find(task) !== null)
  for (const replace of [true, false]) {
    const kept = attempts.filter((one) => one.replace === replace)
    if (kept.length === 0) continue
    unit.later(replace ? KEEP_ATTEMPTS : KEEP_LAST_ATTEMPTS, [
      arrayOf(kept.map((one) => one.task)),
      arrayOf(kept.map((one) => one.attempt)),
      arrayOf(kept.map((one) => one.session)),
      arrayOf(kept.map((one) => one.startedAt)),
      arrayOf(kept.map((one) => one.endedAt)),
      arrayOf(kept.map((one) => one.outcome)),
      arrayOf(kept.map((one) => one.reason)),
      arrayOf(kept.map((one) => one.error)),
      arrayOf(kept.map((one) => one.warnings)),
    ])
  }
  const long = attempts.filter(({ attempt }) => attempt > LIMITS.attempts)
  if (long.length === 0) return
  const upTo = arrayOf(long.map(({ attempt }) => attempt - LIMITS.attempts))
  unit.later(TRIM_ATTEMPTS, [arrayOf(long.map(({ task }) => task)), upTo])
}
