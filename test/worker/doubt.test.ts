/** Lost calls, lost replies, a store out of reach, a dead session: nothing runs twice at once, nothing is forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WindlassError } from '../../src/core/errors.ts'
import type { Held } from '../../src/core/hot-verbs.ts'
import { newTask } from '../../src/testing/samples.ts'
import { createRig, faulty, gate, quiet, task, type Fault } from './rig.ts'

test('a claim whose reply was lost is asked again with the same id: the task runs at once, once', async (t) => {
  const rig = await createRig(t)
  const faults: Fault[] = ['lose-reply', 'lose-reply', 'lose-call']
  const engine = faulty(rig.engine, (verb) => (verb === 'claim' ? (faults.shift() ?? null) : null))
  const runs: number[] = []
  const any = task('any', (_, ctx) => void runs.push(ctx.attempt))
  const id = await rig.enqueue(any)
  await rig.worker([any], { engine })
  await rig.clock.run(2_000)
  assert.deepEqual(runs, [1])
  assert.equal((await rig.get(id)).state, 'succeeded')
})

for (const fault of ['hang', 'hang-reply'] as const) {
  test(`a claim that is never answered (${fault}) holds up nothing for long`, async (t) => {
    const rig = await createRig(t)
    const faults: Fault[] = [fault]
    const engine = faulty(rig.engine, (verb) => (verb === 'claim' ? (faults.shift() ?? null) : null))
    const runs: number[] = []
    const any = task('any', (_, ctx) => void runs.push(ctx.attempt))
    const id = await rig.enqueue(any)
    await rig.worker([any], { engine })
    await rig.clock.run(5_400)
    assert.deepEqual(runs, [])
    await rig.clock.run(600)
    assert.deepEqual(runs, [1], 'the same claim, asked again after six seconds at most')
    assert.equal((await rig.get(id)).state, 'succeeded')
  })
}

for (const fault of ['hang-reply', 'lose-reply'] as const) {
  test(`claims whose replies never come (${fault}), one after the other: running again in 15 s`, async (t) => {
    const rig = await createRig(t)
    const until = rig.clock.mono() + 10_000
    const engine = faulty(rig.engine, (verb) => (verb === 'claim' && rig.clock.mono() < until ? fault : null))
    const runs: number[] = []
    const any = task('any', () => void runs.push(rig.clock.mono() - until + 10_000))
    const tasks = [1, 2, 3].map(() => newTask({ type: 'any' }))
    await rig.engine.enqueue(tasks)
    await rig.worker([any], { engine })
    await rig.clock.run(30_000)
    assert.equal(runs.length, 3)
    assert.ok(Math.max(...runs) < 15_000, `ran after ${runs.join()} ms`)
    t.diagnostic(`ran after ${runs.join()} ms`)
    const ended = await rig.engine.records.get(tasks.map(({ id }) => id))
    for (const one of ended)
      assert.deepEqual([one?.state, one?.failures, one?.crashes, one?.losses], ['succeeded', 0, 0, 0])
  })
}

test('endings and heartbeats that are never answered are sent again', async (t) => {
  const rig = await createRig(t)
  const faults = new Map<string, Fault[]>([
    ['settle', ['hang-reply', 'hang']],
    ['heartbeat', ['hang', 'hang-reply']],
    ['report', ['hang']],
  ])
  const engine = faulty(rig.engine, (verb) => faults.get(verb)?.shift() ?? null)
  const any = task('any', (_, { progress }) => progress(50))
  const worker = await rig.worker([any], { engine })
  const session = worker.status().session
  const id = await rig.enqueue(any)
  await rig.clock.run(20_000)
  const { state, attempt } = await rig.get(id)
  assert.deepEqual([state, attempt, worker.status().unsettled], ['succeeded', 1, 0])
  assert.deepEqual([worker.status().session, worker.status().counters.stale], [session, 0])
  const [live] = await rig.engine.records.sessions({ state: 'live', host: null })
  assert.ok((live?.beat ?? 0) >= 1, 'it beats')
})

test('sweeps and new sessions that are never answered are asked for again', async (t) => {
  const rig = await createRig(t)
  const faults = new Map<string, Fault[]>()
  const engine = faulty(rig.engine, (verb) => faults.get(verb)?.shift() ?? null)
  const any = task('any', () => 'ok')
  const worker = await rig.worker([any], { engine })
  faults.set('sweep', ['hang', 'hang-reply']).set('startSession', ['hang', 'hang-reply'])
  const sample = newTask({ type: 'any' })
  const dead = await rig.deadWorkerTakes([sample])
  const session = worker.status().session ?? ''
  await rig.engine.endSession(
    [dead, session].map((one) => ({ session: one, cause: 'killed', culprits: null })),
  )
  await rig.clock.run(30_000)
  assert.equal((await rig.get(sample.id)).state, 'succeeded')
  const [live, ...more] = await rig.engine.records.sessions({ state: 'live', host: null })
  assert.ok(worker.status().session !== null && worker.status().session !== session)
  // The one whose answer never came is left to its lease.
  assert.ok(live !== undefined && more.length <= 1)
})

test('a claim that was given up leaves nothing stranded: the heart finds it and hands it back', async (t) => {
  const rig = await createRig(t)
  const until = rig.clock.mono() + 14_000
  const engine = faulty(rig.engine, (verb) =>
    verb === 'claim' && rig.clock.mono() < until ? 'lose-reply' : null,
  )
  const runs: number[] = []
  const any = task('any', (_, ctx) => void runs.push(ctx.attempt))
  const tasks = [1, 2, 3].map(() => newTask({ type: 'any' }))
  await rig.engine.enqueue(tasks)
  await rig.worker([any], { engine })
  await rig.clock.run(10_000)
  assert.deepEqual(runs, [], 'taken for this session, and never heard of')
  await rig.clock.run(6_000)
  assert.deepEqual(runs, [2, 2, 2], 'running again within 16 s')
  const { failures, crashes, losses: lost, releases } = await rig.get(tasks[0]?.id ?? '')
  assert.deepEqual([failures, crashes, lost, releases], [0, 0, 0, 1])
})

test('an answer that comes late and names a task that has ended since hands nothing back and warns of nothing', async (t) => {
  const rig = await createRig(t)
  const ended: Held[] = []
  const engine = rig.connect()
  const heartbeat = engine.heartbeat.bind(engine)
  engine.heartbeat = async (beats) =>
    (await heartbeat(beats)).map((reply) => ({ ...reply, unclaimed: [...ended] }))
  const any = task('any', (_, { id, claim }) => void ended.push({ id, claim }))
  await rig.worker([any], { engine })
  const id = await rig.enqueue(any)
  await rig.clock.run(25_000)
  const done = await rig.get(id)
  assert.deepEqual([done.state, done.attempt, done.releases], ['succeeded', 1, 0])
  assert.deepEqual(rig.said('warn'), [])
})

test('an outcome is computed once and repeated until the store answers', async (t) => {
  const rig = await createRig(t)
  const faults: Fault[] = ['refuse', 'lose-call', 'lose-reply', 'lose-reply']
  const engine = faulty(rig.engine, (verb) => (verb === 'settle' ? (faults.shift() ?? null) : null))
  let runs = 0
  const any = task('any', () => ({ run: ++runs }))
  const worker = await rig.worker([any], { engine })
  const id = await rig.enqueue(any)
  await rig.clock.run(20_000)
  assert.deepEqual([(await rig.get(id)).result, runs], ['{"run":1}', 1])
  assert.deepEqual([worker.status().unsettled, worker.status().counters.stale], [0, 0])
})

test('while endings cannot be settled slots are free, but claiming stops at the bound', async (t) => {
  const rig = await createRig(t)
  let away = true
  const engine = faulty(rig.engine, (verb) => (verb === 'settle' && away ? 'lose-call' : null))
  const any = task('any', () => 'ok')
  await rig.engine.enqueue(Array.from({ length: 500 }, () => newTask({ type: 'any' })))
  const worker = await rig.worker([any], { engine, concurrency: 50 })
  await rig.clock.run(10_000)
  assert.equal(worker.status().running.length, 0)
  assert.equal(worker.status().unsettled, 200)
  away = false
  await rig.clock.run(15_000)
  assert.equal(worker.status().unsettled, 0)
  const [stats] = await rig.engine.records.stats(['default'])
  assert.equal(stats?.counts.succeeded, 500)
})

test('handlers go on while the store is out of reach, and their endings are settled afterwards', async (t) => {
  const rig = await createRig(t)
  let away = false
  const engine = faulty(rig.engine, () => (away ? 'lose-call' : null))
  const go = gate<string>()
  const aborted: boolean[] = []
  const long = task('long', async (_, ctx) => {
    const answer = await go.promise
    aborted.push(ctx.signal.aborted)
    return answer
  })
  await rig.worker([long], { engine })
  const id = await rig.enqueue(long)
  away = true
  await rig.clock.run(200_000)
  go.open('done')
  await rig.clock.run(60_000)
  away = false
  await rig.clock.run(10_000)
  assert.deepEqual(aborted, [false])
  assert.equal((await rig.get(id)).result, '"done"')
})

test('after five minutes of doubt handlers are aborted, nothing of theirs is settled, and the task runs again', async (t) => {
  const rig = await createRig(t)
  let away = false
  const engine = faulty(rig.engine, () => (away ? 'lose-call' : null))
  const reasons: WindlassError[] = []
  const long = task('long', (_, ctx) =>
    ctx.attempt > 1
      ? 'second'
      : new Promise((resolve) => {
          ctx.signal.addEventListener('abort', () => {
            reasons.push(ctx.signal.reason as WindlassError)
            resolve('must not count')
          })
        }),
  )
  await rig.worker([long], { engine })
  const id = await rig.enqueue(long)
  away = true
  await rig.clock.run(290_000)
  assert.equal(reasons.length, 0)
  await rig.clock.run(20_000)
  assert.equal(reasons[0]?.code, 'lease_lost')
  away = false
  await rig.clock.run(30_000)
  const done = await rig.get(id)
  assert.deepEqual([done.state, done.result, done.attempt], ['succeeded', '"second"', 2])
  assert.deepEqual([done.failures, done.crashes], [0, 0])
})

test('a session that was declared dead: what runs is aborted, settles nothing, and a new session works on', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const stopped: boolean[] = []
  const long = task('long', async (_, ctx) => {
    if (ctx.attempt > 1) return 'second'
    const answer = await go.promise
    stopped.push(ctx.signal.aborted)
    return answer
  })
  const worker = await rig.worker([long])
  const id = await rig.enqueue(long)
  const before = worker.status().session ?? ''
  await rig.engine.endSession([{ session: before, cause: 'killed', culprits: null }])
  await rig.clock.run(20_000)
  assert.notEqual(worker.status().session, before)
  go.open('first')
  await rig.clock.run(5_000)
  assert.deepEqual(stopped, [true])
  const done = await rig.get(id)
  assert.deepEqual([done.result, done.crashes], ['"second"', 1])
  assert.equal(worker.status().counters.lost, 1)
})

test('a claim on a dead session starts a new one', async (t) => {
  const rig = await createRig(t)
  const any = task('any', () => 'ok')
  const worker = await rig.worker([any])
  const before = worker.status().session ?? ''
  await rig.engine.endSession([{ session: before, cause: 'killed', culprits: null }])
  const id = await rig.enqueue(any)
  await quiet()
  assert.equal((await rig.get(id)).state, 'succeeded')
  assert.notEqual(worker.status().session, before)
})

test('a stale ending changes nothing, is counted and logged', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const long = task('long', () => go.promise)
  const engine = faulty(rig.engine, (verb) => (verb === 'heartbeat' ? 'refuse' : null))
  const worker = await rig.worker([long], { engine, concurrency: 1 })
  const id = await rig.enqueue(long)
  const { claim } = await rig.get(id)
  const { outcomes } = await import('../../src/testing/samples.ts')
  await rig.engine.settle([
    { id, claim: claim ?? '', guard: 'claim', outcome: outcomes.die(), followUps: [], logs: [] },
  ])
  go.open('late')
  await quiet()
  assert.equal((await rig.get(id)).state, 'dead')
  assert.equal(worker.status().counters.stale, 1)
  assert.ok(rig.said('warn').some((line) => line.includes('came too late')))
})

test('a task that is not ours any more is found by the heartbeat: aborted, nothing settled', async (t) => {
  const rig = await createRig(t)
  const reasons: WindlassError[] = []
  const long = task('long', (_, ctx) => {
    if (ctx.attempt > 1) return 'second'
    return new Promise((resolve) => {
      ctx.signal.addEventListener('abort', () => {
        reasons.push(ctx.signal.reason as WindlassError)
        resolve('first')
      })
    })
  })
  const worker = await rig.worker([long])
  const id = await rig.enqueue(long)
  const { claim } = await rig.get(id)
  const { outcomes } = await import('../../src/testing/samples.ts')
  const outcome = outcomes.release()
  await rig.engine.settle([{ id, claim: claim ?? '', guard: 'claim', outcome, followUps: [], logs: [] }])
  await rig.clock.run(11_000)
  assert.equal(reasons.length, 1)
  assert.equal((await rig.get(id)).result, '"second"')
  assert.equal(worker.status().counters.stale, 0)
})

test('a start that fails leaves nothing behind and can be tried again', async (t) => {
  const rig = await createRig(t)
  let away = true
  const engine = faulty(rig.engine, (verb) => (verb === 'startSession' && away ? 'refuse' : null))
  const any = task('any', () => 'ok')
  const worker = rig.make([any], { engine })
  await assert.rejects(worker.start(), { code: 'engine_busy' })
  away = false
  await worker.start()
  const id = await rig.enqueue(any)
  assert.equal((await rig.get(id)).state, 'succeeded')
})
