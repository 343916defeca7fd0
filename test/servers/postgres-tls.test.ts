// PostgreSQL over TLS, by the sslmode of the address.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import pg from 'pg'

import { openEngine } from '../../src/engines/open.ts'
import { Certificates } from './certificates.ts'
import { startOwn } from './own-server.ts'
import { assertRefused, assertWorks, reached, withoutCertificates } from './tls-cases.ts'

test('PostgreSQL over TLS', { skip: withoutCertificates, timeout: 60_000 }, async (t) => {
  const own = new Certificates(t, 'postgres')
  const strange = new Certificates(t, 'postgres')
  const settings = { ssl: 'on', ssl_cert_file: own.certificate, ssl_key_file: own.key }
  await startOwn(t, { kind: 'postgres', settings }, async (server) => {
    const { url } = server
    const at = (sslmode: string, sslrootcert?: string): string =>
      reached(url, { sslmode, ...(sslrootcert !== undefined && { sslrootcert }) })

    for (const sslmode of ['verify-full', 'require'])
      await t.test(`${sslmode} takes the server whose authority it is given, and no other`, async () => {
        await assertWorks(at(sslmode, own.authority))
        await assertRefused(at(sslmode, strange.authority), /certificate/i)
        await assertRefused(at(sslmode), /certificate/i)
      })

    await t.test('no-verify takes every certificate, and the connection is encrypted', async (one) => {
      const engine = await openEngine(at('no-verify'))
      one.after(() => engine.close())
      await engine.migrate()
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      one.after(() => client.end())
      const { rows } = await client.query<{ ssl: boolean }>(
        "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'windlass%'",
      )
      assert.deepEqual(rows, [{ ssl: true }])
    })

    await t.test('an authority that cannot be read is told', async () => {
      await assertRefused(at('verify-full', '/nowhere/authority.pem'), /ENOENT/)
    })

    await t.test('a certificate for another host is refused', async () => {
      await server.kill()
      own.sign('elsewhere.example')
      await server.run()
      await assertRefused(at('verify-full', own.authority), /certificate/i)
    })
  })
})

test('PostgreSQL without TLS is refused where TLS is demanded', async () => {
  const server = process.env['WINDLASS_TEST_POSTGRES_URL'] ?? ''
  for (const sslmode of ['verify-full', 'require', 'no-verify'])
    await assertRefused(reached(server, { sslmode }), /TLS/)
})
