import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../base/log.ts'
import { WindlassError } from '../core/errors.ts'
import type { Settlement, SettleReply } from '../core/hot-verbs.ts'
import { openMemory } from '../engines/memory/engine.ts'
import { ManualClock } from '../testing/clock.ts'
import { outcomes } from '../testing/samples.ts'
import { Settler } from './settler.ts'

const APPLIED: SettleReply = { status: 'applied', state: 'succeeded', followUps: [] }

function settlement(id: string, result = '1'): Settlement {
  return { id, claim: `${id}.1`, guard: 'claim', outcome: outcomes.succeed(result), followUps: [], logs: [] }
}

/** A settler whose store answers as `reply` says; remembers what arrived and what was told. */
function create(reply: (batch: readonly Settlement[]) => SettleReply[] | Promise<SettleReply[]>) {
  const clock = new ManualClock()
  const calls: Settlement[][] = []
  const told: string[] = []
  const engine = Object.assign(openMemory(), {
    settle: async (batch: readonly Settlement[]) => {
      calls.push([...batch])
      return reply(batch)
    },
  })
  const settler = new Settler({
    engine,
    clock,
    log: silentLog,
    random: () => 0,
    callTimeout: 5_000,
    settled: ({ settlement: { id } }) => told.push(id),
    sending: () => undefined,
    moved: () => undefined,
  })
  return { clock, calls, told, settler }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('endings of one turn share a call, those that come meanwhile share the next', async () => {
  let open: (() => void) | null = null
  const { settler, calls, told } = create(async (batch) => {
    if (open === null) await new Promise<void>((resolve) => (open = resolve))
    return batch.map(() => APPLIED)
  })
  for (const id of ['a', 'b']) settler.push({ settlement: settlement(id), attempt: null })
  await turn()
  for (const id of ['c', 'd', 'e']) settler.push({ settlement: settlement(id), attempt: null })
  await turn()
  assert.deepEqual([calls.length, settler.pending], [1, 5])
  ;(open as (() => void) | null)?.()
  await turn()
  assert.deepEqual(
    calls.map((batch) => batch.length),
    [2, 3],
  )
  assert.deepEqual([told.join(''), settler.pending], ['abcde', 0])
})

test('a call is bounded by count and by bytes', async () => {
  const { settler, calls } = create((batch) => batch.map(() => APPLIED))
  for (let i = 0; i < 2_500; i++) settler.push({ settlement: settlement(`t${i}`), attempt: null })
  for (let i = 0; i < 5; i++)
    settler.push({ settlement: settlement(`l${i}`, 'x'.repeat(400_000)), attempt: null })
  for (let i = 0; i < 10; i++) await turn()
  assert.deepEqual(
    calls.map((batch) => batch.length),
    [1_000, 1_000, 502, 2, 1],
  )
})

test('a failure is repeated verbatim, after a pause that grows', async () => {
  let failures = 6
  const { settler, calls, told, clock } = create((batch) => {
    if (failures-- > 0) throw new WindlassError('engine_timeout', 'planned', { applied: 'unknown' })
    return batch.map(() => APPLIED)
  })
  const first = settlement('a')
  settler.push({ settlement: first, attempt: null })
  await turn()
  const at: number[] = []
  for (let ms = 0; told.length === 0 && ms < 20_000; ms += 25) {
    const before = calls.length
    await clock.pass(25)
    if (calls.length > before) at.push(clock.mono())
  }
  assert.deepEqual(at, [50, 150, 350, 750, 1_550, 3_150])
  for (const [sent] of calls) assert.equal(sent, first)
})

test('one ending that the store refuses is found, replaced and told, without harm to the others', async () => {
  const { settler, calls, told } = create((batch) => {
    if (batch.some(({ id, outcome }) => id === 'bad' && outcome.kind === 'succeed'))
      throw new WindlassError('payload_not_json', 'the store cannot hold this text', { applied: 'no' })
    return batch.map(() => APPLIED)
  })
  for (const id of ['a', 'b', 'bad', 'c', 'd']) settler.push({ settlement: settlement(id), attempt: null })
  for (let i = 0; i < 20; i++) await turn()
  assert.deepEqual(told.toSorted(), ['a', 'b', 'bad', 'c', 'd'])
  const last = calls.flat().findLast(({ id }) => id === 'bad')
  const { to, reason, error } = last?.outcome ?? outcomes.cancel()
  assert.deepEqual(
    [to, reason, error?.message],
    ['dead', 'invalid_result', 'the store cannot hold this text'],
  )
})

test('reaching the store ends the pause', async () => {
  let away = true
  const { settler, told } = create((batch) => {
    if (away) throw new WindlassError('engine_unreachable', 'planned', { applied: 'no' })
    return batch.map(() => APPLIED)
  })
  settler.push({ settlement: settlement('a'), attempt: null })
  await turn()
  away = false
  settler.retry()
  await turn()
  assert.deepEqual(told, ['a'])
})
