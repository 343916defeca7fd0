// The search itself: it finds a planted bug, makes the program short, and tells how to run it again.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openMemory } from '../../src/engines/memory/engine.ts'
import { MemoryStore } from '../../src/engines/memory/store.ts'
import { assertSeen, search } from './search.ts'
import type { Step } from './program.ts'
import { runProgram, type Bench } from './run.ts'

/** Lets paused queues go on as if they were not. */
const bench: Bench = {
  async open(now) {
    const store = new MemoryStore()
    store.isPaused = () => false
    return openMemory({ now }, store)
  },
  dispose: (engine) => engine.close(),
}
const options = { bench, engine: 'memory', seed: 1, runs: 200, within: 20_000, sees: false }

async function storyOf(path?: string): Promise<string> {
  const failure = await search({ ...options, ...(path === undefined ? {} : { path }) }).then(
    () => assert.fail('the bug was not found'),
    (error: unknown) => error,
  )
  return failure instanceof Error ? failure.message : ''
}

test('a failing program is made short, can be read back, and is found again by its path', async () => {
  const story = await storyOf()
  const text = /^\[\n[^]*?^\s*\]$/m.exec(story)?.[0] ?? ''
  const program = JSON.parse(text) as Step[]
  assert.ok(program.length <= 2, story)
  await assert.rejects(runProgram(bench, program), /engine \(actual\) and model \(expected\) differ/)
  const path = /WINDLASS_SEED=1 WINDLASS_TEST_PATH=([\d:]+) /.exec(story)?.[1]
  assert.ok(path !== undefined, story)
  assert.ok((await storyOf(path)).includes(text))
})

test('a search that saw nothing is no proof', () => {
  assert.throws(() => assertSeen(new Map([['programs', 5]])), /never saw these/)
})

test('a search whose time is over goes on until it has seen what matters', async () => {
  const whole: Bench = { open: async (now) => openMemory({ now }), dispose: (engine) => engine.close() }
  const short = { ...options, bench: whole, runs: 400, within: 0 }
  assert.equal((await search(short)).get('programs'), undefined)
  assertSeen(await search({ ...short, sees: true }))
})
