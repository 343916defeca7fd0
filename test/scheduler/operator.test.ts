/** The client's schedules: put, look at, pause, resume, run, next, remove, and who fires them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { MINUTE, Rig, SECOND, START } from './rig.ts'

const iso = (seconds: number): string => new Date(START + seconds * SECOND).toISOString()

test('put creates, changes, or finds it the same; all of it comes back', async (t) => {
  const rig = new Rig(t)
  const options = {
    task: 'echo',
    payload: { to: 'me', secret: 'x' },
    cron: '0 2 * * MON',
    timezone: 'Asia/Shanghai',
    missed: 'all:3',
    grace: '5m',
    overlap: 'skip',
    jitter: 1_000,
    queue: 'q',
    priority: 7,
    tags: ['nightly'],
    start: '2026-06-10',
    end: new Date('2027-01-01T00:00:00Z'),
  } as const
  const created = await rig.client.schedules.put('report', options)
  assert.deepEqual(created, {
    name: 'report',
    task: 'echo',
    cron: '0 2 * * MON',
    every_ms: null,
    timezone: 'Asia/Shanghai',
    start_at: '2026-06-10T00:00:00.000Z',
    end_at: '2027-01-01T00:00:00.000Z',
    missed: 'all:3',
    grace_ms: 300_000,
    overlap: 'skip',
    jitter_ms: 1_000,
    queue: 'q',
    priority: 7,
    payload: { to: 'me', secret: '[redacted]' },
    tags: ['nightly'],
    paused: false,
    origin: 'client',
    next_at: '2026-06-14T18:00:00.000Z',
    last_fired_at: null,
    late_ms: 0,
    version: 1,
    updated_at: iso(0),
    outcome: 'created',
  })
  assert.equal((await rig.client.schedules.put('report', options)).outcome, 'same')
  const changed = await rig.client.schedules.put('report', { ...options, priority: 8 })
  assert.deepEqual([changed.outcome, changed.version], ['changed', 2])
  const { outcome: _, ...stands } = changed
  assert.deepEqual(await rig.client.schedules.list(), [stands])
  assert.deepEqual(await rig.client.schedules.get('report'), stands)
  assert.equal(await rig.client.schedules.get('other'), null)
})

test('what is wrong is refused before anything is stored', async (t) => {
  const rig = new Rig(t)
  const refused = (options: object, code: string, name = 'x') =>
    assert.rejects(rig.client.schedules.put(name, options as never), { code })
  await refused({ task: 'echo' }, 'invalid_schedule')
  await refused({ task: 'echo', every: '1m', overlap: 'maybe' }, 'invalid_schedule')
  await refused({ task: 'echo', every: '1m', missed: 'some' }, 'invalid_schedule')
  await refused({ task: 'echo', every: '1m', expires: new Date() }, 'invalid_schedule')
  await refused({ task: 'echo', every: '1m', meta: { schedule: 1 } }, 'invalid_option')
  await refused({ task: 'echo', every: '1m', payload: 'x'.repeat(40_000) }, 'payload_too_large')
  await refused({ task: 'echo', every: '1m', id: 'own' }, 'unknown_option')
  await refused({ every: '1m' }, 'invalid_option')
  await refused({ task: 'echo', every: '1m' }, 'invalid_option', 'n'.repeat(101))
  await refused({ task: 'echo', cron: '* * * * *', end: '2020-01-01' }, 'invalid_schedule')
  assert.deepEqual(await rig.client.schedules.list(), [])
})

test('create refuses a name that is taken', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('x', { task: 'echo', every: '1m' }, { create: true })
  await assert.rejects(rig.client.schedules.put('x', { task: 'echo', every: '2m' }, { create: true }), {
    code: 'refused',
  })
})

test('a paused schedule does not fire, and what it did not fire is not made up for', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1m', missed: 'all' })
  await rig.scheduler()
  await rig.pass(MINUTE + SECOND)
  assert.deepEqual((await rig.client.schedules.pause('beat')).next_at, null)
  await rig.client.schedules.pause('beat')
  await rig.pass(3 * MINUTE)
  assert.equal((await rig.client.schedules.resume('beat')).next_at, iso(300))
  await rig.pass(MINUTE)
  assert.deepEqual(await rig.ticks(), [60, 300])
  await rig.client.schedules.put('beat', { task: 'echo', every: '1m', paused: true })
  await rig.pass(2 * MINUTE)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1m', paused: false, missed: 'all' })
  await rig.pass(MINUTE)
  assert.deepEqual(await rig.ticks(), [60, 300, 480])
})

test('run enqueues beside the plan, also while it is paused', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1h', payload: 5, paused: true })
  const task_id = (await rig.client.schedules.run('beat')).task_id ?? ''
  const [task] = await rig.engine.records.get([task_id])
  assert.deepEqual([task?.state, task?.payload, task?.origin], ['ready', '5', 'schedule:beat'])
  assert.deepEqual(await rig.ledger('beat'), [['run', null]])
})

test('next: of what is stored, and of a rule that is not', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1m' })
  assert.deepEqual(await rig.client.schedules.next('beat', 3), [iso(60), iso(120), iso(180)])
  assert.deepEqual(await rig.client.schedules.next({ cron: '0 9 * * *' }, 1), ['2026-06-02T09:00:00.000Z'])
  assert.equal((await rig.client.schedules.next('beat')).length, 5)
  assert.deepEqual(await rig.client.schedules.next({ every: '1m', end: new Date(START + MINUTE) }), [iso(60)])
})

test('names that there are not are told', async (t) => {
  const rig = new Rig(t)
  const { schedules } = rig.client
  for (const call of [
    () => schedules.pause('x'),
    () => schedules.resume('x'),
    () => schedules.run('x'),
    () => schedules.next('x'),
    () => schedules.remove('x'),
  ])
    await assert.rejects(call, { code: 'not_found' })
})

test('a schedule that was removed fires no more; its tasks and its ledger stay', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1m' })
  await rig.scheduler()
  await rig.pass(MINUTE + SECOND)
  assert.deepEqual(await rig.client.schedules.remove('beat'), { name: 'beat', removed: true })
  await rig.pass(3 * MINUTE)
  assert.deepEqual([(await rig.tasks()).length, (await rig.ledger('beat')).length], [1, 1])
})

test('schedulers are seen while they live, for a while when they fell silent, and not when they stopped', async (t) => {
  const rig = new Rig(t)
  const { schedules } = rig.client
  assert.deepEqual(await schedules.schedulers(), [])
  const scheduler = await rig.scheduler()
  await rig.pass(5 * MINUTE)
  assert.deepEqual(
    (await schedules.schedulers()).map(({ host, pid, alive }) => [host, pid, alive]),
    [['here', 1, true]],
  )
  await rig.engine.documents.put([
    { kind: 'scheduler', key: 'gone', version: 0, body: '{"host":"there","pid":9}' },
  ])
  await rig.pass(MINUTE)
  assert.deepEqual((await schedules.schedulers()).map(({ host, alive }) => `${host} ${alive}`).toSorted(), [
    'here true',
    'there false',
  ])
  await rig.pass(75 * MINUTE)
  assert.equal((await schedules.schedulers()).length, 1)
  await scheduler.stop()
  assert.deepEqual(await schedules.schedulers(), [])
})

test('what became of ticks is kept for seven days, however much it is', async (t) => {
  const rig = new Rig(t)
  const old = START - 8 * 24 * 60 * MINUTE
  const entry = (at: number) => ({ stream: 'tick', key: 'x', at, body: '{"outcome":"run","task":"t"}' })
  await rig.engine.journal.append(Array.from({ length: 2_500 }, (_, i) => entry(old + i)))
  await rig.engine.journal.append([entry(START - MINUTE)])
  await rig.scheduler()
  await rig.pass(SECOND)
  assert.equal((await rig.client.schedules.ticks('x')).ticks.length, 1)
})

test('late schedules tell how late they are', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1m' })
  await rig.pass(90 * SECOND)
  assert.equal((await rig.client.schedules.get('beat'))?.late_ms, 30_000)
})
