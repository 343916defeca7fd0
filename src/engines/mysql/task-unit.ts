// Loads the rows that a unit of work may change, locked and in one order, and stores what became of them: a few
// statements each, whatever the number of rows.
// Promises that two units lock the same rows in the same order, by table and then by key, and that a row that moves
// between the two tables meanwhile is found where it came to.

import type { NewTask } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { keepLogs } from '../sql/attempts.ts'
import { ROW_COLUMNS, rowOf, type TaskRow } from '../sql/task-row.ts'
import { Workspace, type Entry, type Home } from '../sql/workspace.ts'
import { learnPolicies } from './register.ts'
import {
  chunksOf,
  expire,
  insertRows,
  moveRows,
  patchRows,
  relate,
  relativesOf,
  removeRows,
  GROUP,
  PARENT,
} from './rows.ts'
import type { MySession } from './session.ts'
import { joined, sql, words, type Statement } from './statement.ts'
import type { Store } from './store.ts'

/** Places behind one drawn number. */
export const PLACES = 1_024

/** Draws a number; nobody ever gets it again, also when the unit is rolled back. */
export const DRAW: Statement = words('INSERT INTO @places () VALUES ()')
const HOMES = ['tasks', 'finished'] as const

/** What a unit is about. */
export interface Scope {
  /** Tasks that may change. */
  readonly ids: readonly string[]
  /** Tasks to be enqueued in it. */
  readonly tasks: readonly NewTask[]
  /** Holders of the keys of these tasks are looked at. */
  readonly keys: boolean
  /** Whether the sessions of the tasks live is asked. */
  readonly sessions: boolean
  /** Places that may be drawn. */
  readonly places: number
}

/** Loads and locks what a unit is about. */
export async function loadSpace(store: Store, unit: MySession, scope: Scope): Promise<Workspace> {
  const { tasks } = scope
  for (const { id, minted } of tasks) if (!minted) unit.chosen.add(id)
  const ids = [...new Set([...scope.ids, ...tasks.map(({ id }) => id)])]
  const rows = await lockRows(unit, ids, tasks.length > 0)
  const loaded = rows.map(([, row]) => row)
  const blocks = await drawPlaces(unit, scope.places)
  const space = new Workspace(unit.now, store.policies, placesOf(blocks))
  for (const [home, row] of rows) space.load(row, home)
  await learnPolicies(store, unit, loaded)
  if (tasks.length > 0) await loadTombstones(unit, space, tasks)
  const ownKeys = scope.keys ? loaded.flatMap(({ uniqueKey }) => uniqueKey ?? []) : []
  const newKeys = tasks.flatMap(({ unique }) => (unique === null ? [] : [unique.key]))
  await loadKeys(store, unit, space, [...ownKeys, ...newKeys])
  if (scope.sessions) await loadLive(unit, space, loaded)
  return space
}

/** Draws as many numbers as so many places need. */
export async function drawPlaces(unit: MySession, places: number): Promise<number[]> {
  const count = Math.ceil(places / PLACES)
  if (count === 0) return []
  const answers = await unit.draw(Array.from({ length: count }, () => DRAW))
  return answers.map(({ drawn }) => drawn)
}

/** Places of drawn numbers, one after the other. */
export function placesOf(blocks: readonly number[]): () => number {
  let drawn = 0
  return () => {
    const block = blocks[Math.floor(drawn / PLACES)] ?? blocks.at(-1) ?? 0
    return block * PLACES + (drawn++ % PLACES)
  }
}

async function lockRows(
  unit: MySession,
  ids: readonly string[],
  mostlyNew: boolean,
): Promise<[Home, TaskRow][]> {
  if (ids.length === 0) return []
  const found = await lockIn(unit, 'tasks', ids)
  const known = new Set(found.map(([, { id }]) => id))
  const missing = ids.filter((id) => !known.has(id))
  if (missing.length === 0) return found
  const finished = await lockIn(unit, 'finished', missing)
  for (const [, { id }] of finished) known.add(id)
  // A finished task that was requeued between the two looks is where the first one looked in vain. New ones are nowhere.
  const still = missing.filter((id) => !known.has(id))
  const moved = still.length === 0 || mostlyNew ? [] : await lockIn(unit, 'tasks', still)
  return [...found, ...finished, ...moved]
}

async function lockIn(unit: MySession, home: Home, ids: readonly string[]): Promise<[Home, TaskRow][]> {
  const existing = await unit.lockable(home, ids)
  if (existing.length === 0) return []
  const { rows } = await unit.query(
    sql`${words(`SELECT ${ROW_COLUMNS} FROM @${home} t FORCE INDEX (PRIMARY)`)}
      WHERE t.id IN (${existing}) ORDER BY t.id FOR UPDATE`,
  )
  return rows.map((row) => [home, rowOf(row)])
}

async function loadTombstones(unit: MySession, space: Workspace, tasks: readonly NewTask[]): Promise<void> {
  const missing = tasks.map(({ id }) => id).filter((id) => space.find(id) === null)
  if (missing.length === 0) return
  const { rows } = await unit.query(sql`SELECT id, digest FROM @tombstones WHERE id IN (${missing})`)
  for (const [id, digest] of rows) space.tombstones.set(id as string, digest as string)
}

/**
 * Looks at who holds keys, and keeps others from taking them until the unit ends: each key has a row from here on, one
 * that is nobody's if need be.
 */
async function loadKeys(
  store: Store,
  unit: MySession,
  space: Workspace,
  keys: readonly string[],
): Promise<void> {
  if (keys.length === 0) return
  const all = [...new Set(keys)].toSorted(byBytes)
  const unheld = await unit.unheld(all)
  for (const chunk of chunksOf(unheld.map((key) => [key])))
    unit.later(
      sql`INSERT INTO @holders (\`key\`) VALUES ${chunk} ON DUPLICATE KEY UPDATE \`key\` = @holders.\`key\``,
    )
  const { rows } = await unit.query(
    sql`SELECT \`key\`, task, until FROM @holders FORCE INDEX (PRIMARY) WHERE \`key\` IN (${all}) ORDER BY \`key\` FOR UPDATE`,
  )
  for (const key of all) space.keys.set(key, null)
  const strangers: string[] = []
  for (const [key, task, until] of rows as [string, string, unknown][]) {
    if (task === '') continue
    space.keys.set(key, { task, until: until === null ? null : Number(until) })
    if (space.find(task) === null) strangers.push(task)
  }
  if (strangers.length === 0) return
  const answers = await unit.queries(
    HOMES.map((home) => sql`${words(`SELECT ${ROW_COLUMNS} FROM @${home} t`)} WHERE t.id IN (${strangers})`),
  )
  for (const [i, home] of HOMES.entries()) {
    const found = answers[i]?.rows.map(rowOf) ?? []
    for (const row of found) if (space.find(row.id) === null) space.load(row, home)
    await learnPolicies(store, unit, found)
  }
}

/** In the order of the server: of bytes. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

async function loadLive(unit: MySession, space: Workspace, rows: readonly TaskRow[]): Promise<void> {
  const sessions = [...new Set(rows.flatMap(({ session }) => session ?? []))]
  if (sessions.length === 0) return
  const { rows: live } = await unit.query(sql`SELECT n FROM @sessions WHERE n IN (${sessions}) AND live = 1`)
  for (const [n] of live) space.live.add(n as number)
}

/** Writes what the verbs made of a space. */
export async function storeSpace(unit: MySession, space: Workspace): Promise<void> {
  const changed = [...space.entries.values()].filter((entry) => entry.changed)
  storeBorn(unit, space, changed)
  for (const from of HOMES) for (const to of HOMES) storeChanged(unit, changed, from, to)
  storeBuried(unit, space)
  storeKeys(unit, space)
  storeAttempts(unit, space)
  await keepLogs(unit, space.logs)
  unit.told = space.feed
  for (const { kind, queues } of space.hints.list())
    if (queues === null) unit.hints.noteAny()
    else for (const queue of queues) unit.hints.note(kind, queue)
}

function storeBorn(unit: MySession, space: Workspace, changed: readonly Entry[]): void {
  const born = changed
    .filter(({ from, to }) => from === null && to === 'tasks')
    .toSorted((a, b) => byBytes(a.row.id, b.row.id))
  if (born.length === 0) return
  const rows = born.map(({ row }) => row)
  const inserts = insertRows(born.map(({ row, payload }) => ({ row, payload: payload ?? '' })))
  const expiring = rows.flatMap(({ id, expiresAt }) => (expiresAt === null ? [] : [[expiresAt, id]]))
  for (const statement of [...inserts, ...relate(relativesOf(rows, space.now)), ...expire(expiring)])
    unit.later(statement)
  unit.born.push(...rows.flatMap(({ id }) => (unit.chosen.has(id) ? [id] : [])))
}

function storeChanged(unit: MySession, changed: readonly Entry[], from: Home, to: Home): void {
  const rows = changed.filter((entry) => entry.from === from && entry.to === to).map(({ row }) => row)
  if (rows.length === 0) return
  const ids = rows.map(({ id }) => id)
  if (from !== to) for (const statement of moveRows(from, to, ids)) unit.later(statement)
  for (const statement of patchRows(to, rows)) unit.later(statement)
}

function storeBuried(unit: MySession, { buried, entries }: Workspace): void {
  if (buried.length === 0) return
  const ids = buried.map(({ id }) => id)
  for (const home of HOMES) unit.later(removeRows(home, ids))
  for (const table of ['attempts', 'logs'] as const) unit.later(removeRows(table, ids, 'task'))
  for (const chunk of chunksOf(buried.map(({ id, digest, until }) => [id, digest, until])))
    unit.later(
      sql`INSERT INTO @tombstones (id, digest, until) VALUES ${chunk}
        ON DUPLICATE KEY UPDATE digest = VALUES(digest), until = VALUES(until)`,
    )
  for (const id of ids) {
    const row = entries.get(id)?.row
    if (row === undefined) continue
    for (const [kind, name] of [[GROUP, row.group] as const, [PARENT, row.parentId] as const])
      if (name !== null)
        unit.later(
          sql`DELETE FROM @relatives WHERE kind = ${kind} AND name = ${name} AND created_at = ${row.createdAt} AND id = ${id}`,
        )
  }
}

function storeKeys(unit: MySession, { keysFreed, keysTaken, keys }: Workspace): void {
  for (const { key, task } of keysFreed)
    unit.later(sql`DELETE FROM @holders WHERE \`key\` = ${key} AND task = ${task}`)
  const taken = [...keysTaken].toSorted(([a], [b]) => byBytes(a, b))
  for (const chunk of chunksOf(taken.map(([key, { task, until }]) => [key, task, until])))
    unit.later(
      sql`INSERT INTO @holders (\`key\`, task, until) VALUES ${chunk}
        ON DUPLICATE KEY UPDATE task = VALUES(task), until = VALUES(until)`,
    )
  const free = [...keys].flatMap(([key, holder]) => (holder === null ? [key] : []))
  if (free.length > 0) unit.later(sql`${removeRows('holders', free, 'key')} AND t.task = ''`)
}

const ATTEMPT = words(`INSERT INTO @attempts
  (task, attempt, session, started_at, ended_at, outcome, reason, error, warnings) VALUES `)
const REPLACE = words(` ON DUPLICATE KEY UPDATE session = VALUES(session), started_at = VALUES(started_at),
  ended_at = VALUES(ended_at), outcome = VALUES(outcome), reason = VALUES(reason), error = VALUES(error),
  warnings = VALUES(warnings)`)
const LEAVE = words(' ON DUPLICATE KEY UPDATE task = @attempts.task')

function storeAttempts(unit: MySession, space: Workspace): void {
  const attempts = space.attempts.filter(({ task }) => space.find(task) !== null)
  for (const replace of [true, false]) {
    const kept = attempts.filter((one) => one.replace === replace)
    const rows = kept.map((one) => [
      one.task,
      one.attempt,
      one.session,
      one.startedAt,
      one.endedAt,
      one.outcome,
      one.reason,
      one.error,
      one.warnings,
    ])
    for (const chunk of chunksOf(rows))
      unit.later(joined([ATTEMPT, sql`${chunk}`, replace ? REPLACE : LEAVE], ''))
  }
  for (const { task, attempt } of attempts)
    if (attempt > LIMITS.attempts)
      unit.later(sql`DELETE FROM @attempts WHERE task = ${task} AND attempt <= ${attempt - LIMITS.attempts}`)
}
