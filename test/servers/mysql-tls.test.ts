// MySQL or MariaDB over TLS, by the `ssl` of the address. The server takes nothing else, so whatever works is encrypted.

import { test } from 'node:test'

import { Certificates } from './certificates.ts'
import { startOwn } from './own-server.ts'
import { assertRefused, assertWorks, reached, trust, withoutCertificates } from './tls-cases.ts'

test('MySQL over TLS', { skip: withoutCertificates, timeout: 60_000 }, async (t) => {
  const own = new Certificates(t, 'mysql')
  const settings = {
    'ssl-cert': own.certificate,
    'ssl-key': own.key,
    'ssl-ca': own.authority,
    'require-secure-transport': 'ON',
  }
  await startOwn(t, { kind: 'mysql', settings }, async (server) => {
    const at = (ssl: string): string => reached(server.url, { ssl })

    await t.test('trust takes every certificate', () => assertWorks(at('trust')))

    await t.test('verify takes a certificate of an authority that is trusted, and no other', async () => {
      await assertRefused(at('verify'), /certificate/i)
      trust(own.authority)
      await assertWorks(at('verify'))
    })

    await t.test('a certificate for another host is refused', async () => {
      await server.kill()
      own.sign('elsewhere.example')
      await server.run()
      await assertRefused(at('verify'), /certificate/i)
      await assertWorks(at('trust'))
    })
  })
})

test('MySQL without TLS is refused where TLS is demanded', async () => {
  const server = process.env['WINDLASS_TEST_MYSQL_URL'] ?? ''
  for (const ssl of ['verify', 'trust']) await assertRefused(reached(server, { ssl }), /TLS/)
})
