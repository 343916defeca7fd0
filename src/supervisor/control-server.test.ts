/** The control socket with real sockets and locks: who is answered, who is dropped, who else may have the place. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { WindlassError, type ErrorCode } from '../core/errors.ts'
import { askSupervisor } from './ask.ts'
import { ControlServer } from './control-server.ts'
import type { Controlled, StopManner, SupervisorStatus } from './control.ts'
import { holdPlace } from './lock.ts'
import { makePlace, placeOf, type Place } from './place.ts'

const STATUS = { supervisor: { pid: 7, name: 'worker' }, workers: [] } as unknown as SupervisorStatus

function newPlace(t: TestContext, name?: string): Place {
  const root = mkdtempSync(join(tmpdir(), 'windlass-control-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const place = placeOf(root, name, root)
  makePlace(place)
  return place
}

async function serve(t: TestContext, more: Partial<Controlled> = {}) {
  const place = newPlace(t)
  const server = new ControlServer({
    controlled: {
      status: () => STATUS,
      scale: () => Promise.resolve(),
      restart: () => Promise.resolve(),
      stop: () => {},
      ...more,
    },
    onWorker: () => null,
  })
  await server.listen(place.socket)
  t.after(() => server.close())
  return { place, server }
}

function failsWith(code: ErrorCode, words?: RegExp) {
  return (error: unknown) =>
    error instanceof WindlassError && error.code === code && (words?.test(error.message) ?? true)
}

test('status is answered, over a socket of this user only', async (t) => {
  const { place } = await serve(t)
  assert.deepEqual({ ...(await askSupervisor(place, { verb: 'status' })), ok: 0 }, { ...STATUS, ok: 0 })
  assert.equal(statSync(place.socket).mode & 0o777, 0o600)
})

test('scale and restart are answered when they are done, or at once for who does not wait', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const asked: unknown[] = []
  const { place } = await serve(t, {
    scale: (count) => {
      asked.push(count)
      return promise
    },
    restart: () => Promise.reject(new WindlassError('child_failed', 'worker-1 did not start')),
  })
  await askSupervisor(place, { verb: 'scale', count: 3 }, { wait: false })
  const scaled = askSupervisor(place, { verb: 'scale', count: 4 })
  await askSupervisor(place, { verb: 'status' })
  resolve()
  await scaled
  assert.deepEqual(asked, [3, 4])
  await assert.rejects(
    askSupervisor(place, { verb: 'restart', count: null }),
    failsWith('child_failed', /worker-1 did not start/),
  )
})

test('who asks for a stop hears when the supervisor is gone', async (t) => {
  const manners: StopManner[] = []
  const { place, server } = await serve(t, { stop: (how) => manners.push(how) })
  let over = false
  const stopped = askSupervisor(place, { verb: 'stop', grace: 5, force: false }).then(() => {
    over = true
  })
  await askSupervisor(place, { verb: 'stop', grace: null, force: true }, { wait: false })
  assert.equal(over, false)
  await server.close()
  await stopped
  assert.deepEqual(
    manners.map(({ grace, force }) => [grace, force]),
    [
      [5, false],
      [null, true],
    ],
  )
})

test('nobody there, a file that a dead one left, and one that does not answer', async (t) => {
  const place = newPlace(t)
  await assert.rejects(askSupervisor(place, { verb: 'status' }), failsWith('not_running'))
  writeFileSync(place.socket, '')
  await assert.rejects(askSupervisor(place, { verb: 'status' }), failsWith('not_running'))
  const stuck = new Promise<void>(() => {})
  const { place: other } = await serve(t, { scale: () => stuck })
  const leaving = new AbortController()
  const left = askSupervisor(other, { verb: 'scale', count: 1 }, { signal: leaving.signal })
  leaving.abort()
  await assert.rejects(left, failsWith('cancelled'))
})

test('garbage, strangers and endless lines are dropped, and others are still answered', async (t) => {
  const { place } = await serve(t)
  for (const text of ['garbage\n', '{"worker":{"token":"x"}}\n', '7\n', 'x'.repeat(600_000)]) {
    const socket = connect(place.socket)
    socket.on('error', () => {})
    socket.write(text)
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
  }
  await assert.rejects(askSupervisor(place, { verb: 'scale', count: -1 }), failsWith('invalid_option'))
  await askSupervisor(place, { verb: 'status' })
})

test('one holder a place: the second one is refused and told the pid; a socket file that is left is replaced', (t) => {
  const place = newPlace(t)
  const release = holdPlace(place, () => null)
  assert.throws(() => holdPlace(place, () => 4711), failsWith('already_running', /worker .* pid 4711/))
  // No journal, for which a full disk has no room.
  assert.deepEqual(readdirSync(dirname(place.lock)), [basename(place.lock)])
  assert.equal(statSync(place.lock).size, 0)
  release()
  holdPlace(place, () => null)()
})

test('a path that is too long for a socket moves to a folder of this user', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'windlass-control-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const deep = join(root, 'x'.repeat(100))
  mkdirSync(deep)
  const place = placeOf(deep, 'a/b', root)
  assert.equal(dirname(place.state), join(deep, '.windlass'))
  assert.ok(Buffer.byteLength(place.socket) <= 100)
  makePlace(place)
  assert.equal(statSync(dirname(place.socket)).mode & 0o777, 0o700)
  assert.notEqual(placeOf(deep, 'c', root).socket, place.socket)
})
