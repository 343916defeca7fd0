// What has to be known of the store before tasks can be written: their policies by number, their lanes and kinds.
// Each is registered once, in a transaction of its own, so that no unit ever waits for another's registration.

import type { NewTask } from '../../core/hot-verbs.ts'
import { digestOf } from '../../core/ids.ts'
import { SHARED_POLICIES } from '../sql/policies.ts'
import type { TaskRow } from '../sql/task-row.ts'
import { arrayOf } from './arrays.ts'
import type { PgSession } from './session.ts'
import type { Store } from './store.ts'

const ADD_POLICY = `INSERT INTO @policies (body, digest) SELECT $1, $2
  WHERE (SELECT count(*) FROM @policies) < $3::int ON CONFLICT (digest) DO NOTHING`
const FIND_POLICY = 'SELECT n, body FROM @policies WHERE digest = $1'
const ADD_LANES = `INSERT INTO @lanes SELECT * FROM unnest($1::text[], $2::smallint[]) ON CONFLICT DO NOTHING`
const ADD_KINDS = `INSERT INTO @kinds SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`

type Place = Pick<NewTask, 'queue' | 'type' | 'priority'>

/** Registers what these tasks bring that was not there before. */
export async function register(store: Store, tasks: readonly NewTask[]): Promise<void> {
  const places: Place[] = []
  const policies = new Map<string, NewTask>()
  for (const task of tasks) {
    if (!isRegistered(store, task)) places.push(task)
    const text = store.policies.textOf(task)
    if (store.policies.numberOf(text) === undefined) policies.set(text, task)
  }
  if (places.length > 0) await registerPlaces(store, places)
  for (const text of policies.keys()) await registerPolicy(store, text)
}

function isRegistered({ memory }: Store, { queue, type, priority }: Place): boolean {
  return memory.registered.has(`${priority}/${queue}`) && memory.registered.has(`${queue}\0${type}`)
}

/** Registers lanes and kinds. */
async function registerPlaces(store: Store, places: readonly Place[]): Promise<void> {
  const lanes = new Map(places.map((place) => [`${place.priority}/${place.queue}`, place]))
  const kinds = new Map(places.map((place) => [`${place.queue}\0${place.type}`, place]))
  // In one order everywhere, so that two that register the same do not wait for each other in a circle.
  const laneList = [...lanes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place)
  const kindList = [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place)
  await store.once(ADD_LANES, [
    arrayOf(laneList.map(({ queue }) => queue)),
    arrayOf(laneList.map(({ priority }) => 0 - priority)),
  ])
  await store.once(ADD_KINDS, [
    arrayOf(kindList.map(({ queue }) => queue)),
    arrayOf(kindList.map(({ type }) => type)),
  ])
  for (const key of [...lanes.keys(), ...kinds.keys()]) store.memory.register(key)
}

async function registerPolicy(store: Store, text: string): Promise<void> {
  const digest = digestOf([text])
  await store.once(ADD_POLICY, [text, digest, SHARED_POLICIES])
  const { rows } = await store.once(FIND_POLICY, [digest])
  const [row] = rows
  if (row === undefined) store.policies.rememberUnshared(text)
  else store.policies.remember(row[0] as number, row[1] as string)
}

/** Registers the lanes of rows that change their rank, inside their unit. */
export async function registerLanes(unit: PgSession, rows: readonly TaskRow[]): Promise<void> {
  await unit.query(ADD_LANES, [
    arrayOf(rows.map(({ queue }) => queue)),
    arrayOf(rows.map(({ rank }) => rank)),
  ])
}
