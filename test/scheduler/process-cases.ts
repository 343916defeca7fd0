/**
 * Schedulers as real processes on one store: killed under load, all due in one second, and `windlass up` from its start
 * to its end. Promises to wait for what happens and not for time. Which store it is, is the caller's to say.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Client } from '../../src/client/client.ts'
import { Codecs } from '../../src/core/codec.ts'
import type { Engine } from '../../src/core/engine.ts'
import { LIMITS } from '../../src/core/limits.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import type { ScheduleOptions } from '../../src/core/schedule.ts'
import { openEngine } from '../../src/engines/open.ts'
import { reconcile } from '../../src/scheduler/reconcile.ts'
import { ManualClock } from '../../src/testing/clock.ts'
import { FILES } from '../cli/fixtures.ts'
import type { Place, Running } from '../cli/launch.ts'
import type { Settle } from '../process/store-place.ts'
import { assertLeft, settleSystem } from '../process/up-cases.ts'
import { judgeOnce } from '../toolbox/once-case.ts'

const SECOND = 1_000
/** Schedulers that are killed. */
const KILLS = process.env['WINDLASS_LONG'] === '1' ? 10 : 2
/** A tenth of it is usual. */
const PATIENCE = 60_000

const NO_SCHEDULES = { 'windlass.config.yaml': 'tasks: []\n' }

/** Declares the tests for an engine; `settle` is null where there is no server. */
export function runSchedulerCases(engine: string, settle: Settle | null): void {
  const cases = {
    'schedulers that are killed under load fire each tick once': judgeKilled,
    '1,000 schedules that are due in one second fire once, at once': judgeThousand,
    '`up` fires what the config declares, and leaves nothing behind': judgeUp,
    'an alert fires once and is resolved once, over two schedulers and a restart': judgeAlert,
  }
  for (const [title, judge] of Object.entries(cases))
    if (settle === null) test(`${engine}: ${title}`, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
    else test(`${engine}: ${title}`, { timeout: 180_000 }, (t) => judge(t, settle))
}

async function judgeKilled(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle, NO_SCHEDULES)
  const names = Array.from({ length: 60 }, (_, i) => `s${i}`)
  const often = { task: 'none', every: '1s', missed: 'all:1000' } as const
  await declare(engine, Object.fromEntries(names.map((name) => [name, often])))
  let victim = await startScheduler(cli)
  let other = await startScheduler(cli)
  for (let kills = 1; kills <= KILLS; kills++) {
    await until('ticks fire', async () => (await tasksOf(engine)).length >= kills * 3 * names.length)
    victim.signal('SIGKILL')
    await victim.ended
    ;[victim, other] = [other, await startScheduler(cli)]
  }
  for (const scheduler of [victim, other]) scheduler.signal('SIGTERM')
  for (const scheduler of [victim, other]) assert.equal((await scheduler.ended).code, 0)
  const ticks = new Map<string, number[]>(names.map((name) => [name, []]))
  for (const { meta } of await tasksOf(engine)) {
    const { schedule } = JSON.parse(meta ?? '{}') as { schedule: { name: string; tick: string } }
    ticks.get(schedule.name)?.push(Date.parse(schedule.tick))
  }
  for (const [name, times] of ticks) {
    const sorted = times.toSorted((a, b) => a - b)
    const first = sorted[0] ?? 0
    assert.deepEqual(
      sorted,
      sorted.map((_, i) => first + i * SECOND),
      `${name} has a gap or a double`,
    )
  }
  const entries = await ledger(engine)
  assert.equal(entries, (await tasksOf(engine)).length)
  t.diagnostic(`${entries} ticks of ${names.length} schedules, ${KILLS} schedulers killed`)
  await assertLeft(place, engine)
}

async function judgeThousand(t: TestContext, settle: Settle): Promise<void> {
  const { cli, engine } = await settleSystem(t, settle, NO_SCHEDULES)
  await Promise.all([startScheduler(cli), startScheduler(cli)])
  const names = Array.from({ length: 1_000 }, (_, i) => `thousand-${i}`)
  const tick = await declareDueAt(engine, names)
  const planned = new Date(tick).toISOString().replace('.000Z', 'Z')
  const fired = async (): Promise<TaskRecord[]> =>
    (await tasksOf(engine)).filter(({ id }) => id.endsWith(`@${planned}`))
  await until('all fired', async () => (await fired()).length >= names.length)
  const tasks = await fired()
  assert.deepEqual(
    tasks.map(({ origin }) => String(origin)).toSorted(),
    names.map((name) => `schedule:${name}`).toSorted(),
  )
  const took = Math.max(...tasks.map(({ createdAt }) => createdAt)) - tick
  t.diagnostic(`the last of 1,000 was enqueued ${took} ms after the tick`)
}

/** Declares schedules that are all due at one moment to come, however long the machine takes for it; answers that. */
async function declareDueAt(engine: Engine, names: readonly string[]): Promise<number> {
  for (let ahead = 5 * SECOND; ; ahead *= 3) {
    const tick = Math.ceil((await engine.now()) / SECOND) * SECOND + ahead
    const rule = { task: 'none', payload: { some: 'data' }, every: '1h', start: new Date(tick) } as const
    await declare(engine, Object.fromEntries(names.map((name) => [name, rule])))
    if ((await engine.now()) < tick) return tick
  }
}

async function judgeUp(t: TestContext, settle: Settle): Promise<void> {
  const config = `import { defineConfig } from 'windlass'
    export default defineConfig({ tasks: ['tasks.ts'], schedules: {
      often: { task: 'echo', payload: 7, every: '1s' }, nightly: { task: 'strict', payload: { n: 1 }, cron: '0 2 * * *' } } })`
  const { place, cli, engine } = await settleSystem(t, settle, { ...FILES, 'windlass.config.ts': config })
  const up = cli.start(['up', '--json', '--workers', '1'])
  await up.until((one) => one.objects.some(({ event }) => event === 'all_ready'))
  await until(
    'three ran',
    async () => (await tasksOf(engine)).filter(({ state }) => state === 'succeeded').length >= 3,
  )
  const { document } = await cli.json(['schedule', 'list'])
  assert.deepEqual(
    (document['schedules'] as { name: string; origin: string; queue: string }[]).map((one) => [
      one.name,
      one.origin,
      one.queue,
    ]),
    [
      ['nightly', 'config', 'numbers'],
      ['often', 'config', 'default'],
      ['windlass.alerts', 'built-in', 'windlass'],
      ['windlass.upkeep', 'built-in', 'windlass'],
    ],
  )
  assert.deepEqual(
    (document['schedulers'] as { pid: number; alive: boolean }[]).map(({ pid, alive }) => [pid, alive]),
    [[up.pid, true]],
  )
  up.signal('SIGINT')
  const { code, stderr } = await up.ended
  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual((await cli.json(['schedule', 'list'])).document['schedulers'], [])
  await assertLeft(place, engine)
}

/** In this process, but on the real store. */
async function judgeAlert(t: TestContext, settle: Settle): Promise<void> {
  const clock = new ManualClock()
  const place = await settle()
  const first = await openEngine(place.url, { now: clock.now })
  const second = await openEngine(place.url, { now: clock.now })
  t.after(async () => {
    await first.close()
    await second.close()
    await place.drop()
  })
  await first.migrate()
  await judgeOnce(clock, [first, second])
}

async function startScheduler(cli: Place): Promise<Running> {
  const running = cli.start(['scheduler', '--json'])
  await running.until((one) => one.stdout.includes('"scheduler started"'))
  return running
}

async function declare(engine: Engine, schedules: Readonly<Record<string, ScheduleOptions>>): Promise<void> {
  const client = new Client({
    engine: () => Promise.resolve(engine),
    types: () => Promise.resolve(new Map()),
    enqueuer: { codecs: new Codecs(), payloadBytes: LIMITS.payloadBytes, origin: 'client', bareUnit: 1 },
    redact: [],
    deadline: PATIENCE,
  })
  const declared = Object.entries(schedules).map(([name, options]) => ({ name, options, unit: 1 as const }))
  await reconcile(engine, await client.defineSchedules(declared))
}

async function tasksOf(engine: Engine): Promise<readonly TaskRecord[]> {
  const all: TaskRecord[] = []
  for (let cursor: string | null = null; ;) {
    const page = await engine.records.find({ limit: LIMITS.page, cursor })
    all.push(...page.tasks)
    cursor = page.next
    if (cursor === null) return all
  }
}

/** Entries about fired ticks. */
async function ledger(engine: Engine): Promise<number> {
  let count = 0
  for (let cursor: string | null = null; ;) {
    const query = { stream: 'tick', key: null, from: null, to: null, limit: LIMITS.page, cursor }
    const page = await engine.journal.read(query)
    count += page.entries.filter(({ body }) => body.includes('"fired"')).length
    cursor = page.next
    if (cursor === null) return count
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const late = performance.now() + PATIENCE; !(await holds()); await sleep(50))
    assert.ok(performance.now() < late, `not within ${PATIENCE} ms: ${what}`)
}
