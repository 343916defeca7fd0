/** Schedulers in virtual time: every tick once, however many look, whatever clocks and stores do meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Engine } from '../../src/core/engine.ts'
import { WindlassError } from '../../src/core/errors.ts'
import { HOUR, MINUTE, Rig, SECOND, START } from './rig.ts'

test('each tick fires once, with its planned time, and the ledger has it', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', {
    task: 'echo',
    every: '10s',
    payload: { n: 1 },
    queue: 'q',
    meta: { a: 1 },
  })
  await rig.scheduler()
  await rig.pass(35 * SECOND)
  assert.deepEqual(await rig.ticks(), [10, 20, 30])
  const [first] = await rig.tasks()
  assert.deepEqual(
    [first?.id, first?.type, first?.queue, first?.payload, first?.origin, first?.state],
    ['beat@2026-06-02T08:00:10Z', 'echo', 'q', '{"n":1}', 'schedule:beat', 'ready'],
  )
  assert.deepEqual(JSON.parse(first?.meta ?? ''), {
    a: 1,
    schedule: { name: 'beat', tick: '2026-06-02T08:00:10Z' },
  })
  assert.deepEqual(await rig.ledger('beat'), [
    ['fired', 10],
    ['fired', 20],
    ['fired', 30],
  ])
  const { ticks } = await rig.client.schedules.ticks('beat')
  assert.ok(ticks.every(({ late_ms }) => late_ms !== null && late_ms < 150))
})

test('of five schedulers none fires twice, and ticks go on when all but one end', async (t) => {
  const rig = new Rig(t)
  for (let i = 0; i < 20; i++) await rig.client.schedules.put(`s${i}`, { task: 'echo', every: '1s' })
  const schedulers = await Promise.all(Array.from({ length: 5 }, () => rig.scheduler()))
  await rig.pass(10 * SECOND)
  await Promise.all(schedulers.slice(1).map((one) => one.stop()))
  await rig.pass(10 * SECOND + 500)
  const counts = new Map<number, number>()
  for (const tick of await rig.ticks()) counts.set(tick, (counts.get(tick) ?? 0) + 1)
  assert.deepEqual(
    [...counts].toSorted(([a], [b]) => a - b),
    Array.from({ length: 20 }, (_, i) => [i + 1, 20]),
  )
})

test('with nothing due a scheduler asks once a second, and little beside it', async (t) => {
  const rig = new Rig(t)
  let looks = 0
  const engine = watched(rig.engine, { due: (limit) => (looks++, rig.engine.schedules.due(limit)) })
  await rig.client.schedules.put('later', { task: 'echo', every: '10h' })
  await rig.scheduler(engine)
  await rig.pass(60 * SECOND)
  assert.ok(looks >= 60 && looks <= 62, `${looks} looks in 60 s`)
})

for (const [missed, expected] of [
  ['skip', []],
  ['once', [2]],
  ['all', [0, 1, 2]],
  ['all:2', [1, 2]],
] as const)
  test(`three ticks without a scheduler, missed ${missed}: ${expected.length} tasks`, async (t) => {
    const rig = new Rig(t)
    await rig.client.schedules.put('hourly', { task: 'echo', cron: '0 * * * *', missed })
    await rig.pass(3 * HOUR + 30 * MINUTE)
    await rig.scheduler()
    await rig.pass(5 * SECOND)
    assert.deepEqual(
      await rig.ticks(),
      expected.map((hour) => (hour + 1) * 3_600),
    )
    const skipped = (await rig.ledger('hourly')).filter(([outcome]) => outcome === 'skipped')
    assert.deepEqual(
      skipped,
      expected.length === 3 ? [] : [['skipped', 'missed', 3_600, 3 - expected.length]],
    )
    await rig.pass(30 * MINUTE)
    assert.equal((await rig.ticks()).at(-1), 4 * 3_600)
  })

test('a stop shorter than the grace loses no tick and skips none', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1s', missed: 'skip' })
  const first = await rig.scheduler()
  await rig.pass(5 * SECOND + 500)
  await first.stop()
  await rig.pass(20 * SECOND)
  await rig.scheduler()
  await rig.pass(5 * SECOND)
  assert.deepEqual(
    await rig.ticks(),
    Array.from({ length: 30 }, (_, i) => i + 1),
  )
})

test('many missed ticks are made up for in parts, at once, in order', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1s', missed: 'all:1000', grace: 0 })
  await rig.pass(400 * SECOND)
  await rig.scheduler()
  await rig.pass(SECOND)
  assert.deepEqual(
    (await rig.ticks()).slice(0, 400),
    Array.from({ length: 400 }, (_, i) => i + 1),
  )
})

test('a clock of the store that jumps ahead makes missed ticks, one that jumps back fires none again', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('minutely', { task: 'echo', cron: '* * * * *' })
  await rig.scheduler()
  await rig.pass(2 * MINUTE + SECOND)
  rig.ahead += HOUR
  await rig.pass(MINUTE)
  assert.deepEqual(await rig.ticks(), [60, 120, 3_720, 3_780])
  rig.ahead -= 2 * HOUR
  await rig.pass(2 * HOUR - MINUTE)
  assert.equal((await rig.tasks()).length, 4)
  await rig.pass(2 * MINUTE)
  assert.deepEqual((await rig.ticks()).slice(4), [3_840])
  assert.equal(new Set((await rig.tasks()).map(({ id }) => id)).size, 5)
})

test('a change after the clock jumped back does not fire a tick a second time', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('minutely', { task: 'echo', cron: '* * * * *' })
  await rig.scheduler()
  await rig.pass(2 * MINUTE + SECOND)
  rig.ahead -= 90 * SECOND
  await rig.client.schedules.put('minutely', { task: 'echo', cron: '*/1 * * * *', payload: 'other' })
  await rig.pass(90 * SECOND)
  assert.deepEqual(await rig.ticks(), [60, 120])
})

test('an answer that was lost neither loses a tick nor doubles it', async (t) => {
  const rig = new Rig(t)
  let calls = 0
  const engine = watched(rig.engine, {
    fire: async (items) => {
      const replies = await rig.engine.schedules.fire(items)
      if (calls++ % 3 === 0)
        throw new WindlassError('engine_timeout', 'no answer came', { applied: 'unknown' })
      return replies
    },
  })
  await rig.client.schedules.put('beat', { task: 'echo', every: '5s' })
  await rig.scheduler(engine)
  await rig.pass(61 * SECOND)
  assert.deepEqual(
    await rig.ticks(),
    Array.from({ length: 12 }, (_, i) => (i + 1) * 5),
  )
})

test('a store that is away for a while is asked again, and told of once', async (t) => {
  const rig = new Rig(t)
  let away = false
  const engine = watched(rig.engine, {
    due: (limit) =>
      away
        ? Promise.reject(new WindlassError('engine_unreachable', 'away', { applied: 'no' }))
        : rig.engine.schedules.due(limit),
  })
  await rig.client.schedules.put('beat', { task: 'echo', every: '5s' })
  await rig.scheduler(engine)
  away = true
  await rig.pass(10 * SECOND + 500)
  away = false
  await rig.pass(5 * SECOND)
  assert.deepEqual(await rig.ticks(), [5, 10, 15])
  assert.equal(rig.lines.filter(({ level }) => level === 'warn').length, 1)
})

test('a schedule that cannot be read or fired does not stop the others', async (t) => {
  const rig = new Rig(t)
  const dueAt = START + SECOND
  await rig.engine.schedules.put([{ name: 'broken', version: 0, body: 'no JSON', paused: false, dueAt }])
  await rig.client.schedules.put('poison', { task: 'echo', every: '1s' })
  await rig.client.schedules.put('sound', { task: 'echo', every: '1s' })
  await rig.client.schedules.put('worse', { task: 'echo', every: '1s' })
  const engine = watched(rig.engine, {
    fire: (items) =>
      items.some(({ name, tasks }) => name === 'poison' && tasks.length > 0)
        ? Promise.reject(new WindlassError('internal', 'this row is refused', { applied: 'no' }))
        : items.some(({ name }) => name === 'worse')
          ? Promise.reject(new TypeError('nothing can be said of it'))
          : rig.engine.schedules.fire(items),
  })
  await rig.scheduler(engine)
  await rig.pass(3 * SECOND + 500)
  const ids = (await rig.tasks()).map(({ id }) => id.split('@')[0])
  assert.deepEqual(ids, ['sound', 'sound', 'sound'])
  assert.deepEqual(await rig.ledger('broken'), [['failed', null]])
  assert.deepEqual(await rig.ledger('poison'), [['failed', null]])
  // The worst one is told with each of three looks.
  assert.equal(rig.lines.filter(({ level }) => level === 'error').length, 2 + 3)
})

test('a time zone that this machine does not know stops no other schedule', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('elsewhere', {
    task: 'echo',
    cron: '* * * * * *',
    timezone: 'Europe/Berlin',
  })
  const [record] = await rig.engine.schedules.list(['elsewhere'])
  assert.ok(record)
  const body = record.body.replace('Europe/Berlin', 'Mars/Base')
  await rig.engine.schedules.put([{ ...record, body }])
  await rig.client.schedules.put('sound', { task: 'echo', every: '1s' })
  await rig.scheduler()
  await rig.pass(2 * SECOND + 500)
  assert.deepEqual(await rig.ticks(), [1, 2])
  assert.deepEqual(await rig.ledger('elsewhere'), [['failed', null]])
})

test('an edit beside two schedulers: the tick fires by the old or by the new one, never by both', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '1s', payload: 0 })
  await Promise.all([rig.scheduler(), rig.scheduler()])
  for (let i = 1; i <= 10; i++) {
    await Promise.all([
      rig.client.schedules.put('beat', { task: 'echo', every: '1s', payload: i }),
      rig.pass(SECOND),
    ])
  }
  await rig.pass(SECOND)
  const ticks = await rig.ticks()
  assert.deepEqual(
    ticks,
    Array.from({ length: ticks.length }, (_, i) => i + 1),
  )
  assert.ok(ticks.length >= 10)
})

test('jitter is drawn from name and tick: the same for every scheduler, and spread', async (t) => {
  const rig = new Rig(t)
  for (let i = 0; i < 50; i++)
    await rig.client.schedules.put(`s${i}`, { task: 'echo', cron: '0 * * * *', jitter: '10m' })
  await rig.scheduler()
  await rig.pass(HOUR + SECOND)
  const delays = (await rig.tasks()).map(({ runAt }) => runAt - START - HOUR)
  assert.ok(delays.every((delay) => delay >= 0 && delay < 10 * MINUTE))
  assert.ok(new Set(delays.map((delay) => Math.floor(delay / MINUTE))).size >= 8)
  assert.deepEqual([...new Set(await rig.ticks())], [3_600])
})

/** The engine with some verbs of its schedules replaced. */
function watched(engine: Engine, verbs: Partial<Engine['schedules']>): Engine {
  const schedules: Engine['schedules'] = {
    put: (items) => engine.schedules.put(items),
    list: (names) => engine.schedules.list(names),
    remove: (items) => engine.schedules.remove(items),
    due: (limit) => engine.schedules.due(limit),
    fire: (items) => engine.schedules.fire(items),
    ...verbs,
  }
  return Object.create(engine, { schedules: { value: schedules } }) as Engine
}
