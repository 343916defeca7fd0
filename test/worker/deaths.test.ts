/** Who may declare death, what an orphan is charged, poison and quarantine, clock jumps: CONTRACT rules 6 and 7. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTask } from '../../src/testing/samples.ts'
import { createRig, faulty, gate, quiet, task } from './rig.ts'

test('a newcomer declares nobody dead before it has beaten for a whole lease', async (t) => {
  const rig = await createRig(t)
  const any = task('any', () => 'ok')
  const sample = newTask({ type: 'any' })
  await rig.deadWorkerTakes([sample], 1_000)
  await rig.worker([any], { lease: '30s' })
  await rig.clock.run(29_000)
  assert.equal((await rig.get(sample.id)).state, 'running', 'its lease is long over, but who is to say')
  await rig.clock.run(10_000)
  assert.equal((await rig.get(sample.id)).state, 'succeeded')
})

test('after a gap of more than half a lease the judge starts over', async (t) => {
  const rig = await createRig(t)
  let away = false
  const engine = faulty(rig.engine, (verb) => (away && verb === 'heartbeat' ? 'refuse' : null))
  const any = task('any', () => 'ok')
  await rig.worker([any], { engine, lease: '30s' })
  await rig.clock.run(60_000)
  const sample = newTask({ type: 'any' })
  await rig.deadWorkerTakes([sample], 5_000)
  away = true
  await rig.clock.run(16_000)
  away = false
  // It could judge when the lease of five seconds was over, and lost that right by its own silence.
  const early = (await rig.get(sample.id)).state
  await rig.clock.run(25_000)
  assert.ok(early === 'succeeded' || (await rig.get(sample.id)).state === 'running')
  await rig.clock.run(20_000)
  assert.equal((await rig.get(sample.id)).state, 'succeeded')
})

test('a clock that jumps forward kills nobody: leases are extended, and judging starts over', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const long = task('long', () => go.promise)
  await rig.worker([long], { name: 'one' })
  await rig.worker([long], { name: 'two', engine: rig.connect() })
  await rig.clock.run(60_000)
  const id = await rig.enqueue(long)
  const { claim } = await rig.get(id)
  rig.clock.jump = 3_600_000
  await rig.clock.run(120_000)
  const still = await rig.get(id)
  assert.deepEqual([still.state, still.claim, still.losses], ['running', claim, 0])
  assert.ok(rig.said('warn').some((line) => line.includes('clock of the store jumped')))
  const dead = await rig.engine.records.sessions({ state: 'dead', host: null })
  assert.deepEqual(dead, [])
  go.open('done')
  await quiet()
  assert.equal((await rig.get(id)).state, 'succeeded')
})

test('a clock that jumps back kills nobody either', async (t) => {
  const rig = await createRig(t)
  rig.clock.jump = 3_600_000
  const go = gate<string>()
  const long = task('long', () => go.promise)
  await rig.worker([long])
  await rig.clock.run(60_000)
  const id = await rig.enqueue(long)
  rig.clock.jump = 0
  await rig.clock.run(120_000)
  assert.deepEqual([(await rig.get(id)).state, (await rig.get(id)).attempt], ['running', 1])
  go.open('done')
})

test('losses back off and end at the limit', async (t) => {
  const rig = await createRig(t)
  const any = task('any', () => 'ok')
  const policy = { crashes: 3, losses: 2, delays: [0, 10_000] }
  const sample = newTask({ type: 'any', queue: 'elsewhere', crash: policy })
  await rig.deadWorkerTakes([sample], 1_000)
  await rig.worker([any], { queues: ['here'], lease: '1s' })
  await rig.clock.run(3_000)
  const first = await rig.get(sample.id)
  assert.deepEqual([first.state, first.losses, first.outcome], ['ready', 1, 'loss'])
  await rig.deadWorker(1, 1_000)
  await rig.clock.run(3_000)
  const last = await rig.get(sample.id)
  assert.deepEqual([last.state, last.reason, last.losses, last.failures], ['dead', 'lost', 2, 0])
})

test('the third crash is poison, with 0 and 10 s between', async (t) => {
  const rig = await createRig(t)
  const sample = newTask({ type: 'any', queue: 'elsewhere' })
  await rig.engine.enqueue([sample])
  await rig.worker([task('any', () => 'ok')], { queues: ['here'] })
  const waits: number[] = []
  for (const crash of [1, 2, 3]) {
    const session = await rig.deadWorker()
    await rig.engine.endSession([{ session, cause: 'killed', culprits: null }])
    await rig.clock.run(6_000)
    const after = await rig.get(sample.id)
    assert.equal(after.crashes, crash)
    if (crash < 3) waits.push(after.runAt - (await rig.engine.now()))
    await rig.clock.run(10_000)
  }
  const dead = await rig.get(sample.id)
  assert.deepEqual([dead.state, dead.reason, dead.failures], ['dead', 'poison', 0])
  assert.ok((waits[0] ?? 0) <= 0 && (waits[1] ?? 0) > 3_000, String(waits))
  assert.ok(rig.said('error').some((line) => line.includes('task dead (crashes 3 of 3, poison)')))
})

test('only culprits are charged when they are known', async (t) => {
  const rig = await createRig(t)
  const tasks = [newTask({ type: 'any' }), newTask({ type: 'any' })]
  const session = await rig.deadWorkerTakes(tasks)
  const [guilty, innocent] = tasks.map(({ id }) => id)
  await rig.engine.endSession([{ session, cause: 'killed', culprits: [guilty ?? ''] }])
  await rig.worker([task('any', () => 'ok')])
  await rig.clock.run(6_000)
  const [one, other] = await rig.engine.records.get([guilty ?? '', innocent ?? ''])
  assert.equal((await rig.attempts(innocent ?? ''))[0]?.reason, 'bystander')
  assert.deepEqual([one?.crashes, one?.releases, one?.state], [1, 0, 'succeeded'])
  assert.deepEqual([other?.crashes, other?.releases, other?.state], [0, 1, 'succeeded'])
})

test('a task that crashed runs alone: it waits for the others, and nothing starts beside it', async (t) => {
  const rig = await createRig(t)
  const gates = new Map<string, ReturnType<typeof gate<string>>>()
  const started: string[] = []
  const any = task('any', (name: string) => {
    started.push(name)
    const own = gate<string>()
    gates.set(name, own)
    return own.promise
  })
  const suspect = newTask({ type: 'any', payload: '"suspect"', priority: 5 })
  const session = await rig.deadWorkerTakes([suspect])
  await rig.engine.endSession([{ session, cause: 'killed', culprits: null }])
  const worker = await rig.worker([any], { concurrency: 3 })
  await rig.enqueue(any, 'first')
  // The rescue has made it ready; it may already run alone, or wait for the first.
  await rig.clock.run(6_000)
  await rig.enqueue(any, 'second')
  await rig.enqueue(any, 'third')
  await rig.clock.run(500)
  const before = [...started]
  for (const name of before) gates.get(name)?.open('ok')
  await rig.clock.run(500)
  const alone = started.indexOf('suspect')
  assert.ok(alone >= 0, started.join())
  const beside = worker.status().running.map(({ id }) => id)
  if (beside.includes(suspect.id)) assert.deepEqual(beside, [suspect.id])
  gates.get('suspect')?.open('ok')
  await rig.clock.run(500)
  for (const own of gates.values()) own.open('ok')
  await rig.clock.run(500)
  for (const own of gates.values()) own.open('ok')
  await rig.clock.run(500)
  assert.deepEqual(new Set(started), new Set(['suspect', 'first', 'second', 'third']))
  assert.equal((await rig.get(suspect.id)).state, 'succeeded')
})

test('a suspect that waited long is handed back and taken again alone, with its whole time', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const long = task('long', () => go.promise)
  const deadlines: number[] = []
  const any = task('any', async (_, ctx) => {
    const { deadlineAt } = await rig.get(ctx.id)
    deadlines.push((deadlineAt ?? 0) - (await rig.engine.now()))
  })
  const worker = await rig.worker([long, any], { concurrency: 5 })
  await rig.enqueue(long)
  const suspect = newTask({ type: 'any', timeout: 60_000 })
  const session = await rig.deadWorkerTakes([suspect])
  await rig.engine.endSession([{ session, cause: 'killed', culprits: null }])
  await rig.clock.run(20_000)
  assert.equal(worker.status().waiting, 1)
  await rig.clock.run(120_000)
  const waiting = await rig.get(suspect.id)
  assert.equal(waiting.state, 'ready', 'handed back when half its time was gone')
  const other = await rig.enqueue(any)
  await rig.clock.run(1_000)
  assert.equal((await rig.get(other)).state, 'ready', 'nothing is taken meanwhile, so it does not starve')
  go.open('done')
  await rig.clock.run(1_000)
  const done = await rig.get(suspect.id)
  assert.deepEqual([done.state, done.failures, done.crashes], ['succeeded', 0, 1])
  assert.equal(deadlines[0], 60_000)
  assert.equal((await rig.get(other)).state, 'succeeded')
})

test('an overdue task of a living session that does nothing about it is ended by the sweep', async (t) => {
  const rig = await createRig(t)
  const { newSession } = await import('../../src/testing/samples.ts')
  const zombie = newSession({ lease: 3_600_000 })
  await rig.engine.startSession([zombie])
  const sample = newTask({ type: 'any', timeout: 5_000 })
  await rig.engine.enqueue([sample])
  await rig.engine.claim([{ session: zombie.id, claimId: zombie.id, queues: null, limit: 1 }])
  await rig.worker([task('any', () => 'ok')])
  await rig.clock.run(20_000)
  assert.equal((await rig.get(sample.id)).state, 'running')
  await rig.clock.run(15_000)
  const late = await rig.get(sample.id)
  assert.deepEqual([late.state, late.outcome, late.failures], ['scheduled', 'deadline', 1])
})
