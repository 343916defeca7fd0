// PostgreSQL behind PgBouncer in transaction mode: two server connections for everybody, so nothing that is kept on a
// connection between two transactions (prepared statements, settings, LISTEN) may be relied on.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'

import { Servers } from '../../scripts/test/servers/servers.ts'
import type { Engine } from '../../src/core/engine.ts'
import { dropTrial, withNamespace } from '../../src/engines/namespaces.ts'
import { openEngine } from '../../src/engines/open.ts'
import { VERBS } from './verbs.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL'] ?? ''

/** Two engines behind the bouncer and one beside it, on one store. */
async function openStore(t: TestContext): Promise<{ bounced: readonly Engine[]; direct: Engine }> {
  const servers = new Servers()
  t.after(() => servers.close())
  const namespace = `trial_${randomBytes(6).toString('hex')}`
  const own = withNamespace(server, namespace)
  t.after(() => dropTrial(own, { store: false }))
  const { url } = await servers.start('pgbouncer', { upstream: server })
  const behind = `${withNamespace(url, namespace)}&pgbouncer=1`
  const engines = await Promise.all([behind, behind, own].map((one) => openEngine(one)))
  t.after(() => Promise.all(engines.map((engine) => engine.close())))
  const [first, second, direct] = engines
  assert.ok(first !== undefined && second !== undefined && direct !== undefined)
  await first.migrate()
  return { bounced: [first, second], direct }
}

test('every hot verb, many at once and again and again', async (t) => {
  const { bounced, direct } = await openStore(t)
  for (let round = 0; round < 3; round++) {
    for (const prepare of Object.values(VERBS)) {
      const attempts = await Promise.all(bounced.map(() => prepare(direct)))
      const answers = await Promise.all(attempts.map((one, i) => one.call(bounced[i] ?? direct)))
      if (prepare === VERBS.claim || prepare === VERBS.sweep) continue
      for (const [i, one] of attempts.entries()) {
        one.check(answers[i])
        one.check(await one.call(bounced[1 - i] ?? direct))
        await one.judge(direct)
      }
    }
  }
})
