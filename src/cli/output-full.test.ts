/** Output that goes to a file on a disk that is full. */
import assert from 'node:assert/strict'
import { spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const OUTPUT = fileURLToPath(new URL('output.ts', import.meta.url))

/** How a program ends that writes to both streams; 7: it went on to its end. */
async function exitOf(program: string, stdio: (full: number) => StdioOptions): Promise<unknown> {
  const full = openSync('/dev/full', 'w')
  try {
    const code = `
      const { Output } = await import(process.argv[1])
      const out = new Output(false)
      ${program}
      setTimeout(() => process.exit(7), 20)
    `
    const run = ['--conditions=windlass-source', '--input-type=module', '-e', code, OUTPUT]
    const child = spawn(process.execPath, run, { stdio: stdio(full) })
    const [exit] = (await once(child, 'exit')) as unknown[]
    return exit
  } finally {
    closeSync(full)
  }
}

const skip = !existsSync('/dev/full') && 'there is no /dev/full'

test('a full disk ends no verb that runs on, but one that cannot answer', { skip }, async () => {
  const runsOn = `out.onReaderGone(() => process.exit(8)); out.print('x'); out.note('y'); out.print('x')`
  assert.deepEqual(
    await Promise.all([
      exitOf(runsOn, (full) => ['ignore', full, full]),
      exitOf(`out.note('y'); out.note('y')`, (full) => ['ignore', 'ignore', full]),
      exitOf(`out.answer({}, () => 'x')`, (full) => ['ignore', full, 'ignore']),
    ]),
    [7, 7, 1],
  )
})
