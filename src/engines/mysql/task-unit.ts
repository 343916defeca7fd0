// Loads the rows that a unit of work may change, locked and in one order, and stores what became of them: a few
// statements each, whatever the number of rows.
// Promises that two units lock the same rows in the same order, by table and then by key, and that a row that moves
// between the two tables meanwhile is found where it came to.

import { LIMITS } from '../../core/limits.ts'
import { keepLogs } from '../sql/attempts.ts'
import { byBytes } from '../sql/byte-order.ts'
import { learnPolicies } from '../sql/learn-policies.ts'
import { ROW_COLUMNS, rowOf, type TaskRow } from '../sql/task-row.ts'
import type { Scope, Units } from '../sql/units.ts'
import { Workspace, type Entry, type Home } from '../sql/workspace.ts'
import type { Answer } from './connection.ts'
import { register } from './register.ts'
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

/** How units of work are done here. */
export const UNITS: Units<Store, MySession> = { register, load: loadSpace, save: saveSpace }

/** Loads what a unit is about, and locks what it may change. */
async function loadSpace(store: Store, unit: MySession, scope: Scope): Promise<Workspace> {
  const { tasks } = scope
  for (const { id, minted } of tasks) if (!minted) unit.chosen.add(id)
  const rows = await lockRows(unit, [...new Set(scope.ids)])
  const loaded = rows.map(([, row]) => row)
  const blocks = await drawPlaces(unit, scope.places)
  const space = new Workspace(unit.now, store.policies, placesOf(blocks))
  for (const [home, row] of rows) space.load(row, home)
  await learnPolicies(store.policies, unit, loaded)
  const ownKeys = scope.keys ? loaded.flatMap(({ uniqueKey }) => uniqueKey ?? []) : []
  const newKeys = tasks.flatMap(({ unique }) => (unique === null ? [] : [unique.key]))
  await loadKnown(store, unit, space, {
    ids: tasks.map(({ id }) => id).filter((id) => space.find(id) === null),
    keys: [...new Set([...ownKeys, ...newKeys])].toSorted(byBytes),
    frees: scope.keys || unit.isSnapshot,
  })
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

async function lockRows(unit: MySession, ids: readonly string[]): Promise<[Home, TaskRow][]> {
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

async function lockIn(unit: MySession, home: Home, ids: readonly string[]): Promise<[Home, TaskRow][]> {
  const existing = await unit.lockable(home, ids)
  if (existing.length === 0) return []
  const { rows } = await unit.query(
    sql`${words(`SELECT ${ROW_COLUMNS} FROM @${home} t FORCE INDEX (PRIMARY)`)}
      WHERE t.id IN (${existing}) ORDER BY t.id FOR UPDATE`,
  )
  return rows.map((row) => [home, rowOf(row)])
}

interface Known {
  /** Of tasks to be enqueued. */
  readonly ids: readonly string[]
  /** In the order of the server. */
  readonly keys: readonly string[]
  /** Keys that the transaction may free itself are locked in any case: then they are seen as it left them. */
  readonly frees: boolean
}

/**
 * Looks at what ids and keys stand for, without locks: whoever inserts an id meets a row that was inserted meanwhile,
 * and a key that somebody holds is no more than told. The keys that are free are locked then: each has a row from there
 * on, one that is nobody's if need be, so that others wait until the unit ends.
 */
async function loadKnown(
  store: Store,
  unit: MySession,
  space: Workspace,
  { ids, keys, frees }: Known,
): Promise<void> {
  const byId = ids.length === 0 ? [] : readOf(ids)
  const buried = ids.length === 0 ? [] : [sql`SELECT id, digest FROM @tombstones WHERE id IN (${ids})`]
  const held = keys.length === 0 || frees ? [] : [holdersOf(keys)]
  const answers = await unit.looks([...byId, ...buried, ...held])
  if (ids.length > 0) {
    await loadRead(store, unit, space, answers)
    for (const [id, digest] of answers[2]?.rows ?? []) space.tombstones.set(id as string, digest as string)
  }
  if (held.length > 0) await loadHolders(store, unit, space, answers.at(-1))
  const free = keys.filter((key) => frees || space.holderOf(key) === null)
  if (free.length === 0) return
  for (const chunk of chunksOf((await unit.unheld(free)).map((key) => [key])))
    unit.later(
      sql`INSERT INTO @holders (\`key\`) VALUES ${chunk} ON DUPLICATE KEY UPDATE \`key\` = @holders.\`key\``,
    )
  for (const key of free) space.keys.set(key, null)
  const locked = await unit.query(sql`${holdersOf(free)} ORDER BY \`key\` FOR UPDATE`)
  await loadHolders(store, unit, space, locked)
}

function holdersOf(keys: readonly string[]): Statement {
  return sql`SELECT \`key\`, task, until FROM @holders FORCE INDEX (PRIMARY) WHERE \`key\` IN (${keys})`
}

async function loadHolders(
  store: Store,
  unit: MySession,
  space: Workspace,
  answer: Answer | undefined,
): Promise<void> {
  const strangers: string[] = []
  for (const [key, task, until] of (answer?.rows ?? []) as [string, string, unknown][]) {
    if (task === '') continue
    space.keys.set(key, { task, until: until === null ? null : Number(until) })
    if (space.find(task) === null) strangers.push(task)
  }
  if (strangers.length > 0) await loadRead(store, unit, space, await unit.looks(readOf(strangers)))
}

/** Rows of both tables. One that moves meanwhile is in one of them at least: it leaves the second for the first rarely. */
function readOf(ids: readonly string[]): Statement[] {
  return HOMES.map((home) => sql`${words(`SELECT ${ROW_COLUMNS} FROM @${home} t`)} WHERE t.id IN (${ids})`)
}

async function loadRead(
  store: Store,
  unit: MySession,
  space: Workspace,
  answers: readonly Answer[],
): Promise<void> {
  for (const [i, home] of HOMES.entries()) {
    const found = answers[i]?.rows.map(rowOf) ?? []
    for (const row of found) if (space.find(row.id) === null) space.load(row, home)
    await learnPolicies(store.policies, unit, found)
  }
}

async function loadLive(unit: MySession, space: Workspace, rows: readonly TaskRow[]): Promise<void> {
  const sessions = [...new Set(rows.flatMap(({ session }) => session ?? []))]
  if (sessions.length === 0) return
  const { rows: live } = await unit.query(sql`SELECT n FROM @sessions WHERE n IN (${sessions}) AND live = 1`)
  for (const [n] of live) space.live.add(n as number)
}

/** Writes what the verbs made of a space. */
async function saveSpace(unit: MySession, space: Workspace): Promise<void> {
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
  // Rows that were nobody's while the unit looked, and are still.
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
