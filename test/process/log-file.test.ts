/** One log file, several processes that write and rotate it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const WRITER = fileURLToPath(new URL('fixtures/log-writer.ts', import.meta.url))
const WRITERS = 4
const LINES = 3_000
const SIZE = 20_000

test('several processes share one log file: every line is there once, in the order of its writer', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-log-'))
  const path = join(folder, 'shared.log')
  const args = (name: string): string[] => [WRITER, path, name, String(LINES), String(SIZE), '1000']
  const writers = Array.from({ length: WRITERS }, (_, i) =>
    spawn(process.execPath, args(`w${i}`), { stdio: ['ignore', 'ignore', 'inherit'] }),
  )
  t.after(() => {
    for (const one of writers) one.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const codes = await Promise.all(writers.map(async (one) => (await once(one, 'exit'))[0] as unknown))
  assert.deepEqual(codes, [0, 0, 0, 0])
  const age = (name: string): number => Number(name.split('.')[2] ?? 0)
  const names = readdirSync(folder).toSorted((a, b) => age(b) - age(a))
  assert.ok(!names.includes('shared.log.lock'))
  const lines = names.flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1))
  assert.equal(lines.length, WRITERS * LINES)
  for (let i = 0; i < WRITERS; i++) {
    const numbers = lines
      .filter((line) => line.startsWith(`w${i} `))
      .map((line) => Number(line.split(' ')[1]))
    assert.deepEqual(
      numbers,
      Array.from({ length: LINES }, (_, n) => n),
    )
  }
  // None was rotated twice.
  const sizes = names.slice(0, -1).map((name) => statSync(join(folder, name)).size)
  assert.ok(Math.min(...sizes) > SIZE / 2, sizes.join(' '))
})
