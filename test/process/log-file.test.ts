/** Log files and real processes: several that write and rotate one file, and a disk that is full. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { FILES } from '../cli/fixtures.ts'
import { Place } from '../cli/launch.ts'

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

test('a full log disk stops no work, is told once, and the file says later what is missing in it', async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'windlass-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'windlass-test', disk]).status === 0
  t.after(() => {
    if (mounted) spawnSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  })
  if (!mounted) return t.skip('may not mount')
  mkdirSync(join(disk, 'logs'))
  const other = join(disk, 'other')
  writeFileSync(other, Buffer.alloc(64 * 1024 - 4_096))
  const file = join(disk, 'logs', 'w.log')
  writeFileSync(file, 'x'.repeat(4_095))
  const place = new Place(t, FILES, { LOG_FILE: file })
  const worker = place.start(['worker'])
  await worker.until((one) => one.stdout.includes('worker started'))
  assert.equal((await place.json(['enqueue', 'echo', '--wait'])).document['state'], 'succeeded')
  await worker.until((one) => one.stderr.includes('cannot be written'))
  assert.equal(worker.stderr.split('cannot be written').length, 2)
  rmSync(other)
  const log = (): string => readFileSync(file, 'utf8')
  // Lines are dropped without a try for a second after each one that failed.
  for (const end = Date.now() + 15_000; !log().includes('are missing here'); await sleep(100)) {
    assert.ok(Date.now() < end, worker.stderr)
    await place.json(['enqueue', 'echo', '--wait'])
  }
  assert.match(log(), /WARN {2}log lines are missing here: they could not be written lost=\d+\n.* task /)
  await worker.until((one) => /is written again; \d+ lines were lost/.test(one.stderr))
  worker.signal('SIGTERM')
  assert.equal((await worker.ended).code, 0)
})
