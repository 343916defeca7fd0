// Brings the schedules that a config declares into the store: new ones are put, changed ones replaced, and those that an
// earlier config declared and this one does not are removed. Schedules that were put at run time are left alone, unless
// their names are declared. Of several deploys at once the last one that began decides; the others stop.

import type { RemoveReply, SchedulePut } from '../core/cold-verbs.ts'
import type { Engine } from '../core/engine.ts'
import { digestOf } from '../core/ids.ts'
import type { ScheduleRecord } from '../core/record.ts'
import {
  CONFIG_ORIGIN,
  isSame,
  putOf,
  standingSchedule,
  type DeclaredSchedule,
} from '../core/schedule-put.ts'

/** Names. */
export interface Reconciled {
  readonly put: readonly string[]
  readonly removed: readonly string[]
  /** A deploy that began later goes on instead. */
  readonly overtaken: boolean
}

/** Whose turn it is, as a document: the digest of what that deploy declares. */
const TURN = { kind: 'deploy', key: 'schedules' }
/** Rounds of compare-and-set; each lost one means that somebody else changed a schedule meanwhile. */
const ROUNDS = 50
const CHUNK = 200

/** Makes the store hold what is declared. @throws what the store says */
export async function reconcile(engine: Engine, declared: readonly DeclaredSchedule[]): Promise<Reconciled> {
  const digest = digestOf(declared.flatMap(({ name, schedule }) => [name, schedule.digest]).toSorted())
  await takeTurn(engine, digest)
  const [put, removed] = [new Set<string>(), new Set<string>()]
  for (let round = 0; round < ROUNDS; round++) {
    const { puts, removes } = await difference(engine, declared)
    if (puts.length + removes.length === 0) break
    if ((await turnOf(engine)).body !== digest)
      return { put: [...put], removed: [...removed], overtaken: true }
    for (const name of await putAll(engine, puts)) put.add(name)
    for (const name of await removeAll(engine, removes)) removed.add(name)
  }
  return { put: [...put], removed: [...removed], overtaken: false }
}

async function turnOf(engine: Engine): Promise<{ readonly version: number; readonly body: string }> {
  return (await engine.documents.get([TURN]))[0] ?? { version: 0, body: '' }
}

/** Processes of one deploy share its turn. */
async function takeTurn(engine: Engine, digest: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const { version, body } = await turnOf(engine)
    if (body === digest) return
    const [reply] = await engine.documents.put([{ ...TURN, version, body: digest }])
    if (reply?.status === 'put') return
  }
}

async function difference(engine: Engine, declared: readonly DeclaredSchedule[]) {
  const now = await engine.now()
  const standing = new Map((await engine.schedules.list(null)).map((record) => [record.name, record]))
  const puts: SchedulePut[] = []
  for (const { name, schedule, paused } of declared) {
    const record = standing.get(name) ?? null
    standing.delete(name)
    if (record !== null && isSame(record, schedule)) continue
    puts.push(putOf(name, schedule, record === null ? paused : null, record, now))
  }
  const removes = [...standing.values()].filter(
    (record) => standingSchedule(record)?.origin === CONFIG_ORIGIN,
  )
  return { puts, removes }
}

async function putAll(engine: Engine, puts: readonly SchedulePut[]): Promise<string[]> {
  const done: string[] = []
  for (let from = 0; from < puts.length; from += CHUNK) {
    const part = puts.slice(from, from + CHUNK)
    const replies = await engine.schedules.put(part)
    done.push(...part.filter((_, i) => replies[i]?.status === 'put').map(({ name }) => name))
  }
  return done
}

async function removeAll(engine: Engine, removes: readonly ScheduleRecord[]): Promise<string[]> {
  if (removes.length === 0) return []
  const replies: RemoveReply[] = await engine.schedules.remove(removes)
  return removes.filter((_, i) => replies[i]?.status === 'removed').map(({ name }) => name)
}
