/** What a worker can isolate is what a child could load: anything else is refused at the start, in clear words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { defineTask } from '../../src/core/task-type.ts'
import { Windlass } from '../../src/windlass.ts'
import { twice } from '../process/fixtures/isolated/tasks.ts'

const FILE = fileURLToPath(new URL('../process/fixtures/isolated/tasks.ts', import.meta.url))

test('a type that only this process knows cannot be isolated', async () => {
  const local = defineTask({ name: 'local', isolation: 'thread', run: () => 1 })
  const windlass = new Windlass({ engine: 'memory:', tasks: [local], log: { level: 'silent' } })
  await assert.rejects(windlass.worker().start(), {
    code: 'handler_unsupported',
    message: /local: isolation "thread" cannot be had: no file that the config names exports it/,
  })
  await windlass.close()
})

test('another type under the name of one in a file is not taken for it', async () => {
  const other = defineTask({ name: 'twice', isolation: 'process', run: () => 1 })
  const windlass = new Windlass({ engine: 'memory:', tasks: [FILE] }, { env: {} })
  await assert.rejects(windlass.worker({ types: [other] }).start(), { code: 'handler_unsupported' })
  await windlass.close()
})

test('codecs and middleware that a child cannot load are named', async () => {
  const codec = { name: 'plain', encode: (text: string) => text, decode: (text: string) => text }
  const config = { engine: 'memory:', tasks: [FILE], codecs: [codec] }
  const windlass = new Windlass(config, { env: {} })
  const message = /the config with its codecs and middleware is in no file/
  await assert.rejects(windlass.worker({ types: [twice] }).start(), { code: 'handler_unsupported', message })
  await windlass.close()
  const other = new Windlass({ engine: 'memory:', tasks: [FILE] }, { env: {} })
  const worker = other.worker({ types: [twice], middleware: [(_, next) => next()] })
  await assert.rejects(worker.start(), { message: /middleware that is in no config file/ })
  await other.close()
})

test('without a config file, the globs of the config are enough', async () => {
  const windlass = new Windlass({ engine: 'memory:', tasks: [FILE], log: { level: 'silent' } }, { env: {} })
  const worker = windlass.worker()
  await worker.start()
  const handle = await windlass.enqueue(twice, undefined as never)
  assert.notEqual(await handle.result({ timeout: '10s' }), process.pid)
  await worker.stop()
  await windlass.close()
})
