/** What a task type can do beside its handler: upgrade, onDead, middleware, clean-ups of handlers that were given up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fatal } from '../../src/core/errors.ts'
import type { DeadTask, Middleware } from '../../src/core/task-type.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'
import { sweepOnce } from '../../src/worker/sweep-once.ts'
import { createRig, gate, task } from './rig.ts'

const never = (): Promise<void> => new Promise(() => {})

test('a payload of an older version is upgraded before the schema sees it', async (t) => {
  const rig = await createRig(t)
  const seen: unknown[] = []
  const mail = task('mail', (payload) => seen.push(payload), {
    version: 3,
    upgrade: (old: { to: string }, from) => ({ to: [old.to], from }),
  })
  const late = task('late', (payload) => seen.push(payload), { version: 2, upgrade: async () => 'later' })
  const broken = task('broken', () => seen.push('never'), {
    version: 2,
    retry: false,
    upgrade: () => {
      throw new Error('cannot')
    },
  })
  await rig.worker([mail, late, broken])
  await rig.put(newTask({ type: 'mail', payload: '{"to":"ada"}', payloadVersion: 1 }))
  await rig.put(newTask({ type: 'late', payload: '1', payloadVersion: 1 }))
  await rig.enqueue(mail, { to: ['new'] })
  const once = { kind: 'fixed', retries: 0, delay: 0 } as const
  const id = await rig.put(newTask({ type: 'broken', payload: '1', payloadVersion: 1, retry: once }))
  assert.deepEqual(seen, [{ to: ['ada'], from: 1 }, 'later', { to: ['new'] }])
  const dead = await rig.get(id)
  assert.deepEqual([dead.state, dead.reason, dead.error?.message], ['dead', 'failed', 'cannot'])
})

test('a payload of a newer version is handed back for a newer worker, uncharged', async (t) => {
  const rig = await createRig(t)
  await rig.worker([task('mail', () => 'done')])
  const id = await rig.put(newTask({ type: 'mail', payloadVersion: 2 }))
  const waits = await rig.get(id)
  assert.deepEqual(
    [waits.state, waits.reason, waits.releases, waits.failures],
    ['scheduled', 'unknown_version', 1, 0],
  )
  assert.ok(waits.runAt > (await rig.engine.now()))
})

test('onDead hears of a death once, with the error, and can enqueue', async (t) => {
  const rig = await createRig(t)
  const told: [DeadTask, string | undefined][] = []
  const mourn = task('mourn', () => 'noted')
  const mortal = task(
    'mortal',
    () => {
      throw new Fatal('no way')
    },
    {
      onDead: async (dead, error, { enqueue, log }) => {
        told.push([dead, error?.message])
        log.warn('it is dead')
        await enqueue(mourn, { of: dead.id })
      },
    },
  )
  await rig.worker([mortal, mourn])
  const id = await rig.enqueue(mortal, { n: 1 }, { meta: { by: 'ada' }, tags: ['x'] })
  assert.equal(told.length, 1)
  const { type, payload, meta, tags, reason, failures, attempt } = told[0]?.[0] ?? ({} as DeadTask)
  assert.deepEqual(
    [type, payload, meta, tags, reason, failures, attempt],
    ['mortal', { n: 1 }, { by: 'ada' }, ['x'], 'fatal', 1, 1],
  )
  assert.equal(told[0]?.[1], 'no way')
  assert.ok(rig.lines.some((line) => line.message === 'it is dead' && line['task'] === id))
  const { tasks } = await rig.engine.records.find({ type: 'mourn', limit: 10, cursor: null })
  assert.deepEqual(
    tasks.map(({ payload, parentId }) => [payload, parentId]),
    [[`{"of":"${id}"}`, id]],
  )
})

test('onDead that fails or takes too long is told to the log and changes nothing', async (t) => {
  const rig = await createRig(t)
  const die = (): never => {
    throw new Fatal('no way')
  }
  let aborted = false
  const fails = task('fails', die, { onDead: () => Promise.reject(new Error('mail server down')) })
  const hangs = task('hangs', die, {
    onDead: async (_task, _error, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      await never()
    },
  })
  await rig.worker([fails, hangs])
  const ids = [await rig.enqueue(fails), await rig.enqueue(hangs)]
  await rig.clock.run(31_000)
  for (const id of ids) assert.equal((await rig.get(id)).state, 'dead')
  assert.equal(aborted, true)
  const errors = rig.lines.filter(({ message }) => message === 'onDead failed')
  assert.deepEqual(
    errors.map((line) => (line['error'] as { message: string }).message),
    ['mail server down', 'onDead of hangs took longer than 30000 ms'],
  )
})

test('onDead hears of tasks that a rescue found dead', async (t) => {
  const rig = await createRig(t)
  const told: unknown[] = []
  const any = task('any', () => 'ok', {
    onDead: ({ id, reason, crashes }, error) => void told.push([id, reason, crashes, error?.code]),
  })
  const sample = newTask({ type: 'any', queue: 'elsewhere', crash: { crashes: 1, losses: 1, delays: [] } })
  await rig.engine.enqueue([sample])
  const session = await rig.deadWorker()
  await rig.engine.endSession([{ session, cause: 'killed', culprits: null }])
  await rig.worker([any], { queues: ['here'] })
  await rig.clock.run(6_000)
  assert.deepEqual(told, [[sample.id, 'poison', 1, 'crash']])
})

test('a death that somebody settled who does not know the type is told by a worker that does, once', async (t) => {
  const rig = await createRig(t)
  const told: unknown[] = []
  const any = task('any', () => 'ok', { onDead: ({ id, reason }) => void told.push([id, reason]) })
  const mute = task('mute', () => 'ok')
  const once = { crashes: 1, losses: 1, delays: [] }
  const samples = ['any', 'mute', 'unheard'].map((type) => newTask({ type, crash: once }))
  await rig.engine.enqueue(samples)
  const session = await rig.deadWorker(3)
  await rig.engine.endSession([{ session, cause: 'killed', culprits: null }])
  const counts = await sweepOnce({ engine: rig.engine, keepCount: 1_000, tell: () => {} })
  assert.equal(counts.rescued, 3)
  const notices = async (): Promise<string[]> =>
    (await rig.engine.documents.list('death', null, 10)).map(({ key }) => key)
  assert.equal((await notices()).length, 3)
  await rig.worker([any, mute])
  await rig.worker([any, mute], { engine: rig.connect() })
  await rig.clock.run(10_000)
  assert.deepEqual(told, [[samples[0]?.id, 'poison']])
  // Whoever may know that type has a week to come.
  assert.deepEqual(await notices(), [samples[2]?.id])
  rig.clock.jump = 8 * 86_400_000
  await rig.clock.run(10_000)
  assert.deepEqual(await notices(), [])
})

test('a death whose teller died is told by another; one that is told elsewhere, or over, is not', async (t) => {
  const rig = await createRig(t)
  const told: string[] = []
  const any = task('any', () => 'ok', { onDead: ({ id }) => void told.push(id) })
  const [dead, again] = [newTask({ type: 'any' }), newTask({ type: 'any' })]
  await rig.engine.enqueue([dead, again])
  const session = newSession()
  await rig.engine.startSession([session])
  const [reply] = await rig.engine.claim([
    { session: session.id, claimId: session.id, queues: null, limit: 2 },
  ])
  await rig.engine.settle(
    (reply?.tasks ?? []).map(({ id, claim }) => {
      return { id, claim: claim ?? '', guard: 'claim', outcome: outcomes.die(), followUps: [], logs: [] }
    }),
  )
  const until = (await rig.engine.now()) + 60_000
  for (const { id } of [dead, again]) {
    const body = JSON.stringify({ type: 'any', attempt: 1, until })
    await rig.engine.documents.put([{ kind: 'death', key: id, version: 0, body }])
  }
  await rig.engine.records.act([{ verb: 'requeue', id: again.id }])
  await rig.worker([any])
  await rig.clock.run(50_000)
  assert.deepEqual(told, [], 'its teller has a minute')
  await rig.clock.run(20_000)
  assert.deepEqual(told, [dead.id])
  assert.deepEqual(await rig.engine.documents.list('death', null, 10), [])
})

test('a death is told when its notice cannot be written, and settled only with it by a rescue', async (t) => {
  const rig = await createRig(t)
  const engine = rig.connect()
  const put = engine.documents.put.bind(engine.documents)
  let away = true
  const documents = {
    ...engine.documents,
    put: (...args: Parameters<typeof put>) => (away ? Promise.reject(new Error('away')) : put(...args)),
  }
  Object.defineProperty(engine, 'documents', { value: documents })
  const told: string[] = []
  const die = task('die', () => Promise.reject(new Fatal('no')), { onDead: ({ id }) => void told.push(id) })
  const sample = newTask({ type: 'unheard', crash: { crashes: 1, losses: 1, delays: [] } })
  await rig.engine.enqueue([sample])
  const session = await rig.deadWorker()
  await rig.engine.endSession([{ session, cause: 'killed', culprits: null }])
  await rig.worker([die], { engine })
  const id = await rig.enqueue(die)
  await rig.clock.run(6_000)
  assert.deepEqual([(await rig.get(id)).state, told], ['dead', [id]])
  assert.equal((await rig.get(sample.id)).state, 'running')
  away = false
  await rig.clock.run(6_000)
  assert.equal((await rig.get(sample.id)).state, 'dead')
})

test('what a clean-up or a retry function throws may be anything', async (t) => {
  const rig = await createRig(t)
  const odd: unknown = Object.create(null)
  const dirty = task('dirty', (_, { onCleanup }) =>
    onCleanup(() => {
      throw odd
    }),
  )
  const torn = task('torn', () => Promise.reject(new Error('torn')), {
    retry: () => {
      throw odd
    },
  })
  await rig.worker([dirty, torn])
  const ids = [await rig.enqueue(dirty), await rig.enqueue(torn)]
  const ended = await Promise.all(ids.map((id) => rig.get(id)))
  assert.deepEqual(
    ended.map(({ state }) => state),
    ['succeeded', 'scheduled'],
  )
  const attempts = await Promise.all(ids.map((id) => rig.attempts(id)))
  const warnings = attempts.map(([first]) => first?.warnings.join())
  assert.match(String(warnings), /a clean-up failed: .*the default applies: /)
})

test('middleware is around every handler, the first one outermost, and sees what it throws', async (t) => {
  const rig = await createRig(t)
  const order: string[] = []
  const layer =
    (name: string): Middleware =>
    async (ctx, next) => {
      order.push(`${name} ${ctx.type}`)
      try {
        return await next()
      } catch (error) {
        order.push(`${name} saw`)
        throw error
      } finally {
        order.push(`${name} ends`)
      }
    }
  const good = task('good', () => order.push('handler'))
  const bad = task('bad', () => Promise.reject(new Error('broken')), { retry: false })
  await rig.worker([good, bad], { middleware: [layer('a'), layer('b')] })
  const id = await rig.enqueue(good)
  assert.deepEqual(order.splice(0), ['a good', 'b good', 'handler', 'b ends', 'a ends'])
  assert.equal((await rig.get(id)).result, '3')
  const failed = await rig.get(await rig.enqueue(bad))
  assert.deepEqual(order, ['a bad', 'b bad', 'b saw', 'b ends', 'a saw', 'a ends'])
  assert.deepEqual([failed.state, failed.error?.message], ['dead', 'broken'])
})

test('middleware may answer for the handler, and calls next once at most', async (t) => {
  const rig = await createRig(t)
  const any = task('any', () => 'handler', { retry: false })
  const answers: Middleware = ({ payload }, next) => (payload === 'skip' ? 'mine' : next())
  const greedy: Middleware = async ({ payload }, next) => {
    await next()
    return payload === 'twice' ? next() : 'once'
  }
  await rig.worker([any], { middleware: [answers, greedy] })
  const [skip, once, twice] = [
    await rig.get(await rig.enqueue(any, 'skip')),
    await rig.get(await rig.enqueue(any, 'once')),
    await rig.get(await rig.enqueue(any, 'twice')),
  ]
  assert.deepEqual([skip.result, once.result, twice.state], ['"mine"', '"once"', 'dead'])
  assert.match(twice.error?.message ?? '', /next\(\) twice/)
})

test('clean-ups run on abort, also when the handler does not end', async (t) => {
  const rig = await createRig(t)
  const cleaned: string[] = []
  const held = gate()
  const any = task('any', async (name: string, { onCleanup, signal }) => {
    onCleanup(() => void cleaned.push(name))
    if (name === 'deaf') return held.promise
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  })
  await rig.worker([any], { grace: '1s' })
  await rig.enqueue(any, 'polite', { timeout: '1s', retry: false })
  await rig.enqueue(any, 'deaf', { timeout: '1s', retry: false })
  await rig.clock.run(1_100)
  assert.deepEqual(cleaned, ['polite'])
  await rig.clock.run(1_000)
  assert.deepEqual(cleaned, ['polite', 'deaf'])
  held.open()
  await rig.clock.run(10)
  assert.deepEqual(cleaned, ['polite', 'deaf'])
})
