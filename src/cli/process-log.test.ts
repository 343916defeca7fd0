/** A log whose reader stands still: it goes on, and keeps no more than a little for that reader. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Says 40 MB that nobody reads, then how much of it waits. */
const CHATTY = `
  const { openProcessLog } = await import(process.argv[1])
  const { Output } = await import(process.argv[2])
  const cli = { out: new Output(false), globals: { verbose: false } }
  const settings = { root: '/', log: { file: null, level: 'info' }, redact: [] }
  const journal = openProcessLog(cli, settings)
  for (let n = 0; n < 40_000; n++) journal.line('x'.repeat(1_000))
  process.stderr.write(String(process.stdout.writableLength) + ' wait')
`

const skip = process.platform === 'win32' && 'a pipe holds up whoever writes there'

test('a reader that does not read costs 8 MB at most', { skip }, async (t) => {
  const run = ['--conditions=windlass-source', '--input-type=module', '-e', CHATTY]
  const child = spawn(process.execPath, [...run, here('process-log.ts'), here('output.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for await (const piece of child.stderr.setEncoding('utf8')) {
    said += String(piece)
    if (said.endsWith('wait')) break
  }
  const waiting = Number(said.split(' ')[0])
  assert.ok(waiting > 1_000_000 && waiting < 9_000_000, said)
})
