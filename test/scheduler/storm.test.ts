/**
 * Schedulers behind bad connections, in virtual time: calls are refused, lost, late and answered to nobody, schedulers end
 * and begin, schedules are edited and run beside it. What must hold then: no tick is lost, none fires twice.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Engine } from '../../src/core/engine.ts'
import type { ScheduleOptions } from '../../src/core/schedule.ts'
import type { Scheduler } from '../../src/scheduler/scheduler.ts'
import { drawFate, type Weather } from '../../src/testing/faults/fate.ts'
import { faultyEngine } from '../../src/testing/faults/faulty-engine.ts'
import { Random } from '../../src/testing/simulation/random.ts'
import { Rig, SECOND } from './rig.ts'

const seed = Number(process.env['WINDLASS_SEED'] ?? 1)
const SEEDS = 12
const STORM: Weather = {
  refuse: 0.1,
  lostRequest: 0.05,
  lostReply: 0.1,
  late: 0.05,
  double: 0,
  delay: 300,
  lostHints: 0,
}

/** The rig's engine as a scheduler sees it in this weather. */
function stormy(rig: Rig, random: Random): Engine {
  return faultyEngine(rig.engine, {
    fate: (verb) => drawFate(STORM, verb, random),
    hint: () => false,
    network: (ms, arrive) => void rig.clock.timer(ms, arrive),
    client: (ms, hear) => rig.clock.timer(ms, hear),
    timeout: 2 * SECOND,
  })
}

for (let one = seed; one < seed + SEEDS; one++)
  test(`no tick is lost and none fires twice in a storm (seed ${one})`, async (t) => {
    const random = new Random(one)
    const rig = new Rig(t)
    const edits = new Map<string, number>()
    const put = async (name: string, n: number): Promise<void> => {
      const overlap = name.startsWith('skip') ? 'skip' : 'allow'
      const options: ScheduleOptions = { task: 'echo', every: '3s', missed: 'all:1000', payload: n, overlap }
      await rig.client.schedules.put(name, options)
    }
    const names = ['a', 'b', 'c', 'skip']
    for (const name of names) await put(name, 0)
    const schedulers: Scheduler[] = []
    for (let step = 0; step < 120; step++) {
      if (schedulers.length < 3 && random.chance(0.3)) {
        const scheduler = await begin(rig, random)
        if (scheduler !== null) schedulers.push(scheduler)
      }
      if (schedulers.length > 0 && random.chance(0.1))
        void schedulers.splice(random.below(schedulers.length), 1)[0]?.stop()
      if (random.chance(0.2)) {
        const name = names[random.below(names.length)] ?? 'a'
        edits.set(name, (edits.get(name) ?? 0) + 1)
        await put(name, edits.get(name) ?? 0)
      }
      if (random.chance(0.1)) await rig.client.schedules.run('a')
      await rig.pass(random.between(100, 2_000))
    }
    // The storm ends; what is open fires.
    await rig.scheduler()
    await rig.pass(30 * SECOND)
    await judge(rig, names)
  })

/** The start may fail in the storm, as it may in life. */
function begin(rig: Rig, random: Random): Promise<Scheduler | null> {
  return rig.during(rig.scheduler(stormy(rig, random.fork()))).catch(() => null)
}

async function judge(rig: Rig, names: readonly string[]): Promise<void> {
  const planned = (await rig.tasks()).filter(({ id }) => id.includes('@'))
  assert.equal(new Set(planned.map(({ id }) => id)).size, planned.length)
  for (const name of names) {
    const ledger = (await rig.ledger(name)).filter(([outcome]) => outcome !== 'run')
    const told = ledger.flatMap(([outcome, second, third, fourth]) => {
      const [from, count] = outcome === 'skipped' ? [third, fourth] : [second, 1]
      return Array.from({ length: Number(count) }, (_, i) => Number(from) + 3 * i)
    })
    const first = told[0] ?? 0
    assert.deepEqual(
      told,
      told.map((_, i) => first + 3 * i),
      `${name}: a tick is missing, or told twice, in the ledger`,
    )
    assert.ok(told.length > 20, `${name}: only ${told.length} ticks`)
    const fired = ledger.filter(([outcome]) => outcome === 'fired').length
    assert.equal(planned.filter(({ id }) => id.startsWith(`${name}@`)).length, fired)
    if (name === 'skip') assert.equal(fired, 1)
    else assert.equal(fired, told.length)
  }
}
