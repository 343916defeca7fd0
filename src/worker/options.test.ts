import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTask } from '../core/task-type.ts'
import { openMemory } from '../engines/memory/engine.ts'
import { readWorkerOptions, type WorkerOptions } from './options.ts'

const engine = openMemory()
const any = defineTask({ name: 'any', run: () => 1 })

function read(options: Partial<WorkerOptions>) {
  return readWorkerOptions({ engine, types: [any], ...options })
}

test('the defaults are those of the product', () => {
  const { lease, concurrency, drain, grace, doubt, queues, hung, heart, unsettledMost } = read({})
  assert.deepEqual([lease, concurrency, drain, grace, doubt], [30_000, 10, 300_000, 10_000, 300_000])
  assert.deepEqual([queues, hung, heart, unsettledMost], [null, 'abandon', null, 200])
})

test('a lease reaches from 1 s to 1 h', () => {
  for (const lease of ['1s', '420s', '1h'] as const) assert.ok(read({ lease }).lease >= 1_000)
  for (const lease of ['999ms', '61m', 0] as const)
    assert.throws(() => read({ lease }), { code: 'invalid_option' })
})

test('a worker is deaf after a minute, or two leases where they are longer; never sooner than two leases', () => {
  assert.equal(read({}).deafAfter, 60_000)
  assert.equal(read({ lease: '5m' }).deafAfter, 600_000)
  assert.equal(read({ lease: '1s', deafAfter: '2s' }).deafAfter, 2_000)
  assert.throws(() => read({ deafAfter: '59s' }), { code: 'invalid_option' })
})

test('what is out of bounds, unknown or doubled is refused by name', () => {
  const refuse = (options: object, code: string): void => assert.throws(() => read(options), { code })
  refuse({ concurrency: 0 }, 'invalid_option')
  refuse({ concurrency: 1.5 }, 'invalid_option')
  refuse({ concurency: 5 }, 'unknown_option')
  refuse({ queues: [] }, 'invalid_option')
  refuse({ queues: ['a', { name: 'a', weight: 2 }] }, 'invalid_option')
  refuse({ queues: [{ name: 'a', weight: 0 }] }, 'invalid_option')
  refuse({ drain: 'soon' }, 'invalid_duration')
  refuse({ types: [any, defineTask({ name: 'any', run: () => 2 })] }, 'duplicate_task_type')
  refuse({ types: [defineTask({ name: 'far', isolation: 'process', run: () => 1 })] }, 'handler_unsupported')
  refuse({ types: [defineTask({ name: 'bare' })] }, 'no_handler')
})

test('a child can run what it finds in a file, with all that the worker has', () => {
  const far = defineTask({ name: 'far', isolation: 'process', run: () => 1 })
  const source = { config: null, tasks: ['far.ts'], root: '/' }
  const types = [any, far]
  assert.equal(read({ types, isolation: { source, known: ['far'], lacks: null } }).types.size, 2)
  const refuse = (known: string[], lacks: string | null, message: RegExp): void =>
    assert.throws(() => read({ types, isolation: { source, known, lacks } }), {
      code: 'handler_unsupported',
      message,
    })
  refuse(['any'], null, /no file that the config names exports it/)
  refuse(['far'], 'its codecs are in no file', /its codecs are in no file/)
  assert.throws(() => read({ middleware: ['trace'] as never }), { code: 'invalid_option' })
})

test('definitions without a handler are left to others', () => {
  const { types, bare } = read({ types: [any, defineTask({ name: 'bare', isolation: 'thread' })] })
  assert.deepEqual([[...types.keys()], bare], [['any'], ['bare']])
})

test('a store that only this process can reach is never left alone by killing it', () => {
  const { hung, heart } = read({ hung: 'kill', heart: { openModule: 'file:///nowhere.ts' } })
  assert.deepEqual([hung, heart], ['abandon', null])
})

test('endings that wait are bounded by 200, or by twice the slots', () => {
  assert.equal(read({ concurrency: 100 }).unsettledMost, 200)
  assert.equal(read({ concurrency: 500 }).unsettledMost, 1_000)
})
