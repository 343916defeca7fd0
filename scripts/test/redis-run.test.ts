// The run as a whole with a real server: tests get its URL, and a run that is interrupted or killed leaves no process.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { askRedis, isAlive, until } from './servers/probe.ts'

const RUN = fileURLToPath(new URL('run.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'windlass-run-'))

before(() => {
  mkdirSync(join(folder, 'test'))
  writeFileSync(
    join(folder, 'test', 'redis-lasting.test.ts'),
    `import { test } from 'node:test'
    import { writeFileSync, renameSync } from 'node:fs'
    test('lasts', async () => {
      const { WINDLASS_TEST_REDIS_URL: url, WINDLASS_TEST_TELL: tell, REDIS_URL: users } = process.env
      writeFileSync(tell + '.new', JSON.stringify({ url, users, pid: process.pid }))
      renameSync(tell + '.new', tell)
      if (process.env.WINDLASS_TEST_LASTING) await new Promise((resolve) => setTimeout(resolve, 60_000))
    })`,
  )
})
after(() => rmSync(folder, { recursive: true, force: true }))

let runs = 0

/** Starts a run; answers when its test file has told what it sees. */
async function begin(lasting: boolean) {
  const tell = join(folder, `told-${++runs}`)
  const { NODE_TEST_CONTEXT: _outer, WINDLASS_TEST_REDIS_URL: _given, ...env } = process.env
  const child = spawn(process.execPath, [RUN], {
    env: {
      ...env,
      REDIS_URL: 'redis://live',
      WINDLASS_TEST_ROOT: folder,
      WINDLASS_TEST_TELL: tell,
      ...(lasting ? { WINDLASS_TEST_LASTING: '1' } : {}),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  await until('the test file has told', () => existsSync(tell), 30_000)
  const told = JSON.parse(readFileSync(tell, 'utf8')) as { url: string; users?: string; pid: number }
  return { child, ended, told }
}

async function assertGone({ url, pid }: { readonly url: string; readonly pid: number }): Promise<void> {
  await until('the test file has ended', () => !isAlive(pid))
  const late = performance.now() + 10_000
  while (performance.now() < late) {
    if ((await askRedis(url, 'PING').catch((error: NodeJS.ErrnoException) => error.code)) === 'ECONNREFUSED')
      return
  }
  assert.fail('the server still answers')
}

test('a test is given the URL of a server, never the one of the user, and the server ends with the run', async () => {
  const { ended, told } = await begin(false)
  assert.equal(told.users, undefined)
  assert.deepEqual(await ended, [0, null])
  await assertGone(told)
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends the run, its test files and its servers`, async () => {
    const { child, ended, told } = await begin(true)
    child.kill(signal)
    assert.deepEqual(await ended, [code, null])
    await assertGone(told)
  })
}

test('nothing is left of a run that is killed', async () => {
  const { child, ended, told } = await begin(true)
  child.kill('SIGKILL')
  await ended
  await assertGone(told)
})
