// What the steps on records, schedules, documents and journal do, and the full comparison of both stores.
// Leaves tasks and sessions to moves.ts.

import type { TaskFilter } from '../../src/core/cold-verbs.ts'
import { QUEUE_DOCUMENT, writeQueueSettings } from '../../src/core/queue-settings.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { asSet, placeOrder, record, same } from './compare.ts'
import { QUEUES, type Duo } from './duo.ts'
import type { Step } from './program.ts'

type Of<D extends Step['do']> = Extract<Step, { do: D }>

export async function act(duo: Duo, { actions }: Of<'act'>): Promise<void> {
  const asked = actions.map(({ verb, pick, priority }) => {
    const id = duo.task(pick)
    return verb === 'reprioritise' ? { verb, id, priority } : { verb, id }
  })
  const expected = asked.map((action) => duo.model.act(action))
  same('act', await duo.engine.records.act(asked), expected)
  for (const [i, { outcome }] of expected.entries()) duo.saw(`${asked[i]?.verb} ${outcome}`)
}

export async function pause(duo: Duo, { queue, paused }: Of<'pause'>): Promise<void> {
  const key = duo.queue(queue)
  await putDocument(duo, QUEUE_DOCUMENT, key, 0, writeQueueSettings({ paused }))
}

export async function document(duo: Duo, { key, stale, remove }: Of<'document'>): Promise<void> {
  const name = `${key} é`
  if (!remove) return putDocument(duo, 'limit', name, stale ? 1 : 0, `{"n": ${key} }`)
  const version = (duo.cold.documents.get(`limit ${name}`)?.version ?? 0) + (stale ? 1 : 0)
  const asked = { kind: 'limit', key: name, version }
  same('documents.remove', await duo.engine.documents.remove([asked]), [duo.cold.removeDocument(asked)])
}

async function putDocument(duo: Duo, kind: string, key: string, off: number, body: string): Promise<void> {
  const version = (duo.cold.documents.get(`${kind} ${key}`)?.version ?? 0) + off
  const asked = { kind, key, version, body }
  same('documents.put', await duo.engine.documents.put([asked]), [duo.cold.putDocument(asked)])
}

export async function schedule(duo: Duo, step: Of<'schedule'>): Promise<void> {
  const name = `schedule ${step.name}`
  const known = duo.cold.schedules.get(name)
  const version = (known?.version ?? 0) + (step.stale ? 1 : 0)
  const { schedules } = duo.engine
  switch (step.verb) {
    case 'put':
    case 'pause': {
      const dueAt = duo.model.now + step.due
      const asked = { name, version, body: `every ${step.due}`, paused: step.verb === 'pause', dueAt }
      same('schedules.put', await schedules.put([asked]), [duo.cold.putSchedule(asked)])
      break
    }
    case 'remove': {
      const asked = { name, version }
      same('schedules.remove', await schedules.remove([asked]), [duo.cold.removeSchedule(asked)])
      break
    }
    case 'due': {
      const { now, schedules: due } = await schedules.due(10)
      same('schedules.due', [now, asSet(due)], [duo.model.now, asSet(duo.cold.dueSchedules())])
      const times = due.map(({ dueAt }) => dueAt ?? 0)
      same(
        'order of due schedules',
        times,
        times.toSorted((a, b) => a - b),
      )
    }
  }
}

export async function fire(duo: Duo, step: Of<'fire'>): Promise<void> {
  const name = `schedule ${step.name}`
  const known = duo.cold.schedules.get(name)
  const { now } = duo.model
  const dueAt = (known?.dueAt ?? now) + (step.stale ? 1 : 0)
  const journal = [{ stream: 'tick', key: name, at: now, body: `{"at":${dueAt}}` }]
  const tasks = duo.items(step.tasks)
  const asked = { name, version: known?.version ?? 1, dueAt, nextDueAt: dueAt + 60_000, tasks, journal }
  const expected = duo.cold.fire(asked)
  same('schedules.fire', await duo.engine.schedules.fire([asked]), [expected])
  duo.saw(`tick ${expected.status}`)
}

export async function journal(duo: Duo, { stream, key, prune }: Of<'journal'>): Promise<void> {
  const name = stream === 0 ? 'audit' : 'tick'
  const { now } = duo.model
  if (prune) {
    same('journal.prune', await duo.engine.journal.prune(name, now, 1_000), duo.cold.prune(name, now))
    return
  }
  const entry = { stream: name, key: `key ${key}`, at: now, body: '{"é":1}' }
  await duo.engine.journal.append([entry])
  duo.cold.journal.push(entry)
}

export async function find(duo: Duo, { by, pick, limit }: Of<'find'>): Promise<void> {
  const tasks = duo.model.tasks().map(({ task }) => task as TaskRecord)
  const sample = duo.nth(tasks, pick)
  const filters: readonly [Omit<TaskFilter, 'limit' | 'cursor'>, (task: TaskRecord) => boolean][] = [
    [{}, () => true],
    [{ states: ['ready', 'dead'] }, ({ state }) => state === 'ready' || state === 'dead'],
    [{ queue: duo.queue(pick) }, ({ queue }) => queue === duo.queue(pick)],
    [{ type: 'mail.send', states: ['running'] }, (t) => t.type === 'mail.send' && t.state === 'running'],
    [{ tag: 'Red' }, ({ tags }) => tags.includes('Red')],
    [{ text: 'BOOM' }, ({ error }) => error?.name === 'Boom'],
    [{ group: 'g' }, ({ group }) => group === 'g'],
    [{ createdFrom: sample?.createdAt ?? 0 }, (t) => t.createdAt >= (sample?.createdAt ?? 0)],
  ]
  const [filter, matches] = filters[by % filters.length] ?? [{}, () => true]
  const found: TaskRecord[] = []
  let cursor: string | null = null
  do {
    const page = await duo.engine.records.find({ ...filter, limit, cursor })
    same('size of a page', page.tasks.length <= limit, true)
    found.push(...page.tasks)
    cursor = page.next
  } while (cursor !== null && found.length <= tasks.length)
  same(
    `find ${JSON.stringify(filter)}`,
    asSet(found.map((t) => record(t))),
    asSet(tasks.filter(matches).map((t) => record(t))),
  )
  const times = found.map(({ createdAt }) => createdAt)
  same(
    'newest first',
    times,
    times.toSorted((a, b) => b - a),
  )
}

/** Everything both know, side by side. */
export async function dump(duo: Duo): Promise<void> {
  const { model, cold, engine } = duo
  const ids = [...duo.specs.keys()]
  const actual = await engine.records.get(ids)
  const expected = ids.map((id) => model.rows.get(id)?.task ?? null)
  const shown = (tasks: typeof actual) => tasks.map((task) => task && record(task))
  same('records', shown(actual), shown(expected))
  const present = (tasks: typeof actual) => tasks.filter((task) => task !== null)
  same('places', placeOrder(present(actual)), placeOrder(present(expected)))
  same(
    'attempts',
    await engine.journal.attempts(ids),
    ids.map((id) => model.attempts(id)),
  )
  same(
    'ahead',
    await engine.records.ahead(ids),
    ids.map((id) => model.ahead(id)),
  )
  for (const id of ids) {
    const expected = model.rows.get(id)?.logs ?? []
    if (expected.length > 0) same('logs', (await engine.journal.logs(id, null, 1_000)).lines, expected)
  }
  const sessions = await engine.records.sessions({ state: null, host: null })
  same('sessions', asSet(sessions), asSet([...model.sessions.values()]))
  const stats = await engine.records.stats([...QUEUES])
  const shape = stats.map(({ queue, paused, counts, workers }) => ({ queue, paused, counts, workers }))
  same('stats', asSet(shape), asSet(QUEUES.map((queue) => model.stats(queue))))
  await dumpCold(duo, cold)
}

async function dumpCold({ engine }: Duo, cold: Duo['cold']): Promise<void> {
  const schedules = await engine.schedules.list(null)
  same('schedules', asSet(schedules), asSet([...cold.schedules.values()]))
  for (const kind of [QUEUE_DOCUMENT, 'limit']) {
    const mine = [...cold.documents.values()].filter((one) => one.kind === kind)
    const theirs = await engine.documents.list(kind, null, 1_000)
    same(`documents ${kind}`, asSet(theirs), asSet(mine))
  }
  for (const stream of ['audit', 'tick']) {
    const query = { stream, key: null, from: null, to: null, limit: 1_000, cursor: null }
    const mine = cold.journal.filter((entry) => entry.stream === stream)
    const { entries } = await engine.journal.read(query)
    same(`journal ${stream}`, asSet(entries), asSet(mine))
  }
}
