// The run as a whole on a folder of its own: what it says and how it ends where an engine is missing.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const RUN = fileURLToPath(new URL('run.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'windlass-run-'))

before(() => {
  mkdirSync(join(folder, 'test'))
  const text = "import { test } from 'node:test'\ntest('one', () => undefined)\n"
  writeFileSync(join(folder, 'test', 'plain.test.ts'), text)
  writeFileSync(join(folder, 'test', 'redis.test.ts'), text)
})
after(() => rmSync(folder, { recursive: true, force: true }))

/** A machine without servers, docker and permission to install. */
const BARE = {
  PATH: '/nowhere',
  WINDLASS_TEST_PROGRAMS: '/nowhere',
  WINDLASS_NO_APT: '1',
  WINDLASS_TEST_ROOT: folder,
}

async function run(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [RUN, ...args], { env: { ...BARE, ...more }, stdio: 'pipe' })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said, last: said.trim().split('\n').at(-1) ?? '' }
}

const UNPROVEN =
  'NOT PROVEN HERE: redis (missing; mend: apt-get install redis-server, or set WINDLASS_TEST_REDIS_URL; '

test('the last line says which engine was not proven, and the rest counts', async () => {
  const { code, said, last } = await run([])
  assert.equal(code, 0, said)
  assert.ok(last.startsWith(UNPROVEN), said)
  assert.match(said, /^1 passed, 0 failed, 0 skipped$/m)
})

test('an engine that must run and is missing fails the run', async () => {
  for (const args of [['--require-all'], ['--engine', 'redis']]) {
    const { code, last, said } = await run(args)
    assert.equal(code, 1, said)
    assert.ok(last.startsWith(UNPROVEN), said)
  }
})

test("a user's own REDIS_URL is no test server", async () => {
  const { code, last } = await run([], { REDIS_URL: 'redis://127.0.0.1:1/', DATABASE_URL: 'postgres://x/y' })
  assert.equal(code, 0)
  assert.ok(last.startsWith(UNPROVEN))
})

test('files that need no missing engine say nothing of it', async () => {
  const { code, last } = await run(['plain', '--require-all'])
  assert.deepEqual([code, last], [0, '1 passed, 0 failed, 0 skipped'])
})

test('a name that is no engine here ends the run before it began', async () => {
  const { code, said } = await run(['--engine', 'redsi'])
  assert.equal(code, 2)
  assert.match(said, /^--engine redsi: /)
})
