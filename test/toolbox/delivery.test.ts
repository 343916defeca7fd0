/** Alerts that leave the process: a real command and a real server, what they are given, and what becomes of failures. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DEFAULT_RULES, type AlertTargets } from '../../src/core/alert-rules.ts'
import type { Engine } from '../../src/core/engine.ts'
import { mintToken } from '../../src/core/ids.ts'
import { openMemory } from '../../src/engines/memory/engine.ts'
import { ManualClock } from '../../src/testing/clock.ts'
import { newTask } from '../../src/testing/samples.ts'
import { checkAlerts } from '../../src/toolbox/alert-check.ts'
import { readBook } from '../../src/toolbox/alert-document.ts'
import type { AlertNotice } from '../../src/toolbox/alert-words.ts'
import { postNotice, runCommand } from '../../src/toolbox/courier.ts'

const NOTICE: AlertNotice = {
  id: 'dead@2026-06-02T08:00:00.000Z/fired',
  event: 'fired',
  alert: 'dead',
  reason: 'above',
  text: '101 tasks are dead, more than 100',
  value: 101,
  threshold: 100,
  since: '2026-06-02T08:00:00.000Z',
  at: '2026-06-02T08:00:00.000Z',
  instance: 'i',
}
const GO = new AbortController().signal

const here = (command: string) => ({ command, folder: tmpdir() })

/** A server that answers what the test says, and keeps what it was sent. */
async function serve(t: TestContext, status: () => number) {
  const got: { readonly id: unknown; readonly type: unknown; readonly notice: AlertNotice }[] = []
  const read = async (request: IncomingMessage): Promise<void> => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { 'webhook-id': id, 'content-type': type } = request.headers
    got.push({ id, type, notice: JSON.parse(body) as AlertNotice })
  }
  const server = createServer((request, response) => {
    void read(request).then(() => response.writeHead(status(), { location: '/elsewhere' }).end('x'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=hidden`, got }
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'windlass-alerts-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('a webhook gets the alert as JSON, and an id by which it can tell it again', async (t) => {
  const { url, got } = await serve(t, () => 204)
  await postNotice(url, NOTICE, GO)
  assert.deepEqual(got, [{ id: NOTICE.id, type: 'application/json', notice: NOTICE }])
})

test('a webhook that refuses, sends elsewhere or is not there has failed, without its address being told', async (t) => {
  for (const code of [500, 302]) {
    const { url, got } = await serve(t, () => code)
    await assert.rejects(postNotice(url, NOTICE, GO), {
      code: 'notice_failed',
      message: `the webhook answered ${code}`,
    })
    assert.equal(got.length, 1)
  }
  const gone = await assert.rejects(postNotice('http://127.0.0.1:1/secret', NOTICE, GO), (error: Error) => {
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /secret|127/)
    return true
  })
  assert.equal(gone, undefined)
})

test('a command gets the alert as JSON on its standard input, and no secret of ours', async (t) => {
  const path = join(folder(t), 'out')
  const before = process.env['DATABASE_URL']
  process.env['DATABASE_URL'] = 'postgres://u:hidden@h/d'
  t.after(() => {
    if (before === undefined) delete process.env['DATABASE_URL']
    else process.env['DATABASE_URL'] = before
  })
  await runCommand(here(`cat > '${path}'; env >> '${path}'`), NOTICE, GO)
  const [first = '', ...env] = readFileSync(path, 'utf8').split('\n')
  assert.deepEqual(JSON.parse(first), NOTICE)
  assert.ok(env.some((line) => line.startsWith('PATH=')))
  assert.ok(!env.some((line) => line.includes('hidden')))
})

test('a command that fails, and one that goes on and on with a child of its own', async (t) => {
  await assert.rejects(runCommand(here('exit 3'), NOTICE, GO), { message: 'the command ended with 3' })
  await assert.rejects(runCommand(here('sleep 60'), NOTICE, GO, 50), { message: 'the command took too long' })
  const path = join(folder(t), 'pid')
  const stop = new AbortController()
  const running = runCommand(
    here(`sleep 60 & echo $! > '${path}.new'; mv '${path}.new' '${path}'; wait`),
    NOTICE,
    stop.signal,
  )
  const ended = assert.rejects(running, { message: 'the command was stopped' })
  await until('it runs', () => existsSync(path))
  stop.abort()
  await ended
  const pid = Number(readFileSync(path, 'utf8'))
  await until('its child is gone', () => !isAlive(pid))
})

/** Killed, and perhaps not buried yet by whoever inherited it. */
function isAlive(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^\) [ZX]/.test(state.slice(state.lastIndexOf(')')))
  } catch {
    return false
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const late = performance.now() + 30_000; !holds(); await sleep(5))
    assert.ok(performance.now() < late, what)
}

async function openAlerting(t: TestContext): Promise<{ engine: Engine; clock: ManualClock }> {
  const clock = new ManualClock()
  const engine = openMemory({ namespace: `alerts-${mintToken()}`, now: clock.now, callTimeout: 5_000 })
  t.after(() => engine.close())
  await engine.enqueue([newTask()])
  return { engine, clock }
}

test('what could not be delivered is delivered by a later check, under the same id, and to nobody twice', async (t) => {
  const { engine, clock } = await openAlerting(t)
  let status = 503
  const { url, got } = await serve(t, () => status)
  const path = join(folder(t), 'out')
  writeFileSync(path, '')
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }
  const targets: AlertTargets = { log: false, ...here(`cat >> '${path}'`), webhook: url }
  const off = { successRate: null, dead: null, workers: null, unserved: false, stuck: false }
  const rules = { ...DEFAULT_RULES, ...off, for: 0, backlog: { above: 0, queues: null } }
  const check = (to = targets): Promise<void> => checkAlerts({ engine, log, targets: to }, rules, GO)
  // Four schedulers at once.
  await Promise.all([check(), check(), check(), check()])
  assert.deepEqual(
    (await readBook(engine)).pending.map(({ left }) => left),
    [['webhook']],
  )
  status = 200
  // Not yet its time.
  await check()
  assert.equal(got.length, 1)
  clock.advance(30_000)
  // A scheduler that has no webhook leaves it to others.
  await check({ ...targets, webhook: null })
  assert.equal(got.length, 1)
  await check()
  assert.equal(got.length, 2)
  assert.equal(got[0]?.id, got[1]?.id)
  assert.deepEqual((await readBook(engine)).pending, [])
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 1)
})

test('a scheduler that ended while it delivered leaves it to the next one', async (t) => {
  const { engine, clock } = await openAlerting(t)
  const silent = createServer(() => undefined)
  const heard = new Promise((resolve) => silent.once('request', resolve))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const { url, got } = await serve(t, () => 200)
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }
  const off = { successRate: null, dead: null, workers: null, unserved: false, stuck: false }
  const rules = { ...DEFAULT_RULES, ...off, for: 0, backlog: { above: 0, queues: null } }
  const check = (webhook: string): Promise<void> =>
    checkAlerts({ engine, log, targets: { log: false, command: null, folder: '/', webhook } }, rules, GO)
  const hanging = check(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
  await heard
  clock.advance(59_999)
  await check(url)
  assert.equal(got.length, 0)
  clock.advance(1)
  await check(url)
  assert.deepEqual(
    got.map(({ notice }) => [notice.alert, notice.event]),
    [['backlog', 'fired']],
  )
  silent.closeAllConnections()
  await hanging
  assert.deepEqual((await readBook(engine)).pending, [])
})
