/** A worker process that the system cannot start ends like any other: nothing is thrown, and its end tells why. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { Child } from './child.ts'

test('a start that the system refuses at once is an end with its error', async () => {
  const command = { file: process.execPath, args: ['x'.repeat(1_000_000)], env: {} }
  const child = new Child(command, '/nowhere', () => {})
  assert.equal(child.pid, null)
  const { error, code, signal } = await child.ended
  assert.ok(error instanceof Error)
  assert.deepEqual([code, signal], [null, null])
  assert.deepEqual(child.lastLines, [error.message])
})

/** Takes every file that this process may have, then starts a child. */
const GREEDY = `
  import { openSync } from 'node:fs'
  const { Child } = await import(process.argv[1])
  try { for (;;) openSync('/dev/null', 'r') } catch {}
  const child = new Child({ file: process.execPath, args: [], env: {} }, '/nowhere', () => {})
  const { error } = await child.ended
  console.log(child.pid, error?.code)
`

test('so is one when no file is left', { skip: process.platform === 'win32' && 'no limit' }, async () => {
  const url = fileURLToPath(new URL('child.ts', import.meta.url))
  const run = ['--conditions=windlass-source', '--input-type=module', '-e', GREEDY, url]
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', 'ulimit -n 48; exec "$@"', 'sh', process.execPath, ...run],
    { timeout: 60_000 },
  )
  assert.equal(stdout.trim(), 'null EMFILE')
})
