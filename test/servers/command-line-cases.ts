// The command line on a server whose URL holds a password: everything that works on a file works here, and the password
// is never told, in output, in errors, in logs and in what `ps` shows of any process.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'

import { dropTrial, withNamespace } from '../../src/engines/namespaces.ts'
import { FILES } from '../cli/fixtures.ts'
import { errorOf, Place, type Answer, type Document, type Running } from '../cli/launch.ts'

const TASKS_ONLY = {
  ...FILES,
  'windlass.config.ts':
    "import { defineConfig } from 'windlass'\nexport default defineConfig({ tasks: ['tasks.ts'] })",
}

/**
 * Declares the tests for the engine behind this URL.
 * @param variable of the seeds that chooses such an engine
 */
export function runCommandLineCases(engine: string, server: string, variable: string): void {
  const target: Target = {
    server,
    variable,
    secret: server === '' ? '' : decodeURIComponent(new URL(server).password),
  }
  test(`${engine}: a task from end to end, and every verb that looks`, (t) => judgeVerbs(t, target))
  test(`${engine}: up runs workers, and nobody on the machine reads the password`, (t) => judgeUp(t, target))
  test(`${engine}: a server that is not there, and a wrong password`, (t) => judgeFailures(t, target))
}

interface Target {
  readonly server: string
  readonly variable: string
  readonly secret: string
}

function open(t: TestContext, { server, variable }: Target) {
  const url = withNamespace(server, `trial_${randomBytes(6).toString('hex')}`)
  const place = new Place(t, TASKS_ONLY, { [variable]: url })
  t.after(() => dropTrial(url, { store: false }))
  return { place, url }
}

function assertSecret({ secret }: Target, texts: readonly string[]): void {
  for (const text of texts) assert.ok(secret !== '' && !text.includes(secret), 'the password is told')
}

async function judgeVerbs(t: TestContext, target: Target): Promise<void> {
  const { place } = open(t, target)
  const texts: string[] = []
  const ask = async (...args: string[]): Promise<Answer> => {
    const answer = await place.json(args)
    texts.push(JSON.stringify(answer.document), answer.stderr)
    return answer
  }
  assert.equal((await ask('migrate')).code, 0)
  const id = (await ask('enqueue', 'echo', '{"n":1}')).document['task_id'] as string
  assert.equal((await place.run(['worker', '--drain'])).code, 0)
  const got = await ask('get', id)
  assert.deepEqual([got.document['state'], got.document['result']], ['succeeded', { echo: { n: 1 } }])
  for (const verb of ['stats', 'workers', 'list', 'config']) assert.equal((await ask(verb)).code, 0, verb)
  const doctor = await ask('doctor')
  assert.deepEqual([doctor.code, wrongOf(doctor)], [0, []])
  const checks = new Set((doctor.document['checks'] as Document[]).map(({ check }) => check))
  for (const check of ['engine', 'instance', 'version', 'durability', 'connections', 'clock'])
    assert.ok(checks.has(check), check)
  const selftest = await ask('selftest')
  assert.equal(selftest.code, 0, JSON.stringify(selftest.document))
  assertSecret(target, texts)
}

async function judgeUp(t: TestContext, target: Target): Promise<void> {
  const { place, url } = open(t, target)
  // The worst way to name it: as an argument.
  const up = place.start(['up', '--json', '--engine', url])
  await up.until((one) => eventsOf(one, 'all_ready').length > 0, 30_000)
  const { document } = await place.json(['enqueue', 'echo', '{"n":2}', '--wait'])
  assert.equal(document['state'], 'succeeded')
  const pids = [up.pid, ...eventsOf(up, 'started').map((one) => Number(one['pid']))]
  assert.equal(pids.length, 3)
  if (process.platform === 'linux') {
    const shown = pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    assertSecret(target, shown)
  }
  up.signal('SIGTERM')
  const { code, stdout, stderr } = await up.ended
  assert.equal(code, 0, stderr)
  assertSecret(target, [stdout, stderr])
}

async function judgeFailures(t: TestContext, target: Target): Promise<void> {
  const { place, url } = open(t, target)
  const away = new URL(url)
  away.port = '1'
  const wrong = new URL(url)
  wrong.password = `${target.secret}-wrong`
  for (const [bad, code] of [
    [away.href, 'engine_unreachable'],
    [wrong.href, null],
  ] as const) {
    for (const verb of ['stats', 'doctor', 'migrate']) {
      const answer = await place.json([verb], { env: { [target.variable]: bad } })
      assert.notEqual(answer.code, 0)
      if (code !== null) assert.deepEqual([answer.code, errorOf(answer).code], [4, code])
      assertSecret(target, [JSON.stringify(answer.document), answer.stderr])
    }
  }
}

function wrongOf({ document }: Answer): Document[] {
  return (document['checks'] as Document[]).filter(({ ok }) => ok === false)
}

function eventsOf(running: Running, event: string): Document[] {
  return running.objects.filter((one) => one['event'] === event)
}
