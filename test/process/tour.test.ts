// `npm start` as a newcomer has it: in a copy of the clone, run twice on one store, and ended with Ctrl-C.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { makeClone, type Clone } from '../setup/clone.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A clone in which the install is done: what set-up itself does is tested in test/setup. */
function readyClone(t: TestContext): Clone {
  const clone = makeClone('windlass-tour-')
  symlinkSync(join(ROOT, 'node_modules'), join(clone.root, 'node_modules'))
  t.after(clone.remove)
  return clone
}

test('the tour checks out on a new store and again on the same one', (t) => {
  const clone = readyClone(t)
  for (const round of ['new store', 'same store']) {
    const { code, out, err } = clone.run('npm', ['start', '--', '--exit'])
    assert.equal(code, 0, `${round}: ${out}\n${err}`)
    assert.match(out.trimEnd().split('\n').at(-1) ?? '', /^tour: \d+ checks passed$/)
    assert.match(out, /its task ran again \d+\.\d\d s after the kill/)
    assert.doesNotMatch(out, /FAIL|\r/)
  }
})

test('an unknown option is refused before anything starts', (t) => {
  const { code, err } = readyClone(t).run('npm', ['start', '--', '--quit'])
  assert.equal(code, 2)
  assert.match(err, /--quit/)
})

test('after the tour it stays up, says how to end it, and one interrupt ends it within two seconds', async (t) => {
  const clone = readyClone(t)
  // Without npm between: what a terminal's Ctrl-C does to a whole group is tested with `windlass up`.
  const child = spawn(process.execPath, [join(clone.root, 'scripts/start.js')], {
    cwd: clone.root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  t.after(() => child.kill('SIGTERM'))
  let last = ''
  for await (const line of createInterface({ input: child.stdout })) {
    last = line
    if (line.startsWith('The system stays up')) break
  }
  assert.match(last, /End it with Ctrl-C/)
  const began = performance.now()
  child.kill('SIGINT')
  await exited
  const took = performance.now() - began
  // The promise is 2 s on a quiet machine; tests allow three times a floor.
  assert.ok(took < 6_000, `it took ${Math.round(took)} ms`)
})
