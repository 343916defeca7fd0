// From URLs to engines: which are opened, which are known and not there yet, and that no secret is repeated.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { WindlassError } from '../core/errors.ts'
import { openEngine } from './open.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-open-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('memory: and sqlite: are opened, and migrate only when told', async () => {
  for (const [url, name] of [
    ['memory:', 'memory'],
    ['sqlite::memory:', 'sqlite'],
    [`sqlite:${join(folder, 'a.db')}`, 'sqlite'],
    [`SQLite:${join(folder, 'b.db')}?namespace=shop&synchronous=normal`, 'sqlite'],
  ] as const) {
    const engine = await openEngine(url)
    assert.equal(engine.name, name)
    if (name === 'sqlite') await assert.rejects(engine.records.get(['t']), { code: 'not_migrated' })
    assert.equal((await engine.migrate()).to > 0, true)
    assert.deepEqual(await engine.records.get(['t']), [null])
    assert.match(engine.instanceId, /^[0-9a-f]{32}$/)
    await engine.close()
  }
})

test('the address of a store opens it again, with its settings', async () => {
  const engine = await openEngine(`sqlite:${join(folder, 'c d.db')}?synchronous=normal&namespace=shop`)
  await engine.migrate()
  const again = await openEngine(engine.address ?? '')
  assert.equal(again.instanceId, engine.instanceId)
  assert.equal((await again.durability()).class, 'D2')
  assert.equal(again.address, engine.address)
  await Promise.all([engine.close(), again.close()])
})

test('durability is told: full, normal, memory', async () => {
  for (const [url, expected] of [
    [`sqlite:${join(folder, 'd.db')}`, 'D3'],
    [`sqlite:${join(folder, 'd.db')}?synchronous=normal`, 'D2'],
    ['sqlite::memory:', 'D0'],
  ] as const) {
    const engine = await openEngine(url)
    assert.equal((await engine.durability()).class, expected)
    await engine.close()
  }
})

test('namespaces keep systems apart in one file', async () => {
  const url = `sqlite:${join(folder, 'e.db')}`
  const [one, two] = [await openEngine(url), await openEngine(`${url}?namespace=two`)]
  await one.migrate()
  await assert.rejects(two.records.get(['t']), { code: 'not_migrated' })
  await two.migrate()
  assert.notEqual(one.instanceId, two.instanceId)
  const three = await openEngine(url, { namespace: 'two' })
  assert.equal(three.instanceId, two.instanceId)
  await Promise.all([one.close(), two.close(), three.close()])
})

const SECRET = 'h0rse-battery'
for (const scheme of ['amqp', 'amqps']) {
  test(`${scheme}: is known and not there yet`, async () => {
    await assert.rejects(openEngine(`${scheme}://user:${SECRET}@host/db`), (error: unknown) => {
      assert.ok(error instanceof WindlassError)
      assert.equal(error.code, 'engine_not_available')
      return !JSON.stringify([error.message, error.hint, error.detail]).includes(SECRET)
    })
  })
}

for (const url of [
  '',
  'tasks.db',
  `user:${SECRET}@host`,
  `mongodb://user:${SECRET}@host`,
  '://x',
  'sqlite:',
]) {
  test(`no engine URL: ${JSON.stringify(url.replace(SECRET, '…'))}`, async () => {
    await assert.rejects(openEngine(url), (error: unknown) => {
      assert.ok(error instanceof WindlassError)
      assert.equal(error.code, 'engine_url_invalid')
      return !JSON.stringify([error.message, error.hint, error.detail]).includes(SECRET)
    })
  })
}
