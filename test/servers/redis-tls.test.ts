// Redis or Valkey over TLS, by the scheme of the address.

import { test } from 'node:test'

import { freePort } from '../../scripts/test/servers/instance.ts'
import { Certificates } from './certificates.ts'
import { startOwn } from './own-server.ts'
import { assertRefused, assertWorks, reached, trust, withoutCertificates } from './tls-cases.ts'

test('Redis over TLS', { skip: withoutCertificates, timeout: 60_000 }, async (t) => {
  const own = new Certificates(t, 'redis')
  const port = String(await freePort())
  const settings = {
    'tls-port': port,
    'tls-cert-file': own.certificate,
    'tls-key-file': own.key,
    'tls-ca-cert-file': own.authority,
    'tls-auth-clients': 'no',
  }
  await startOwn(t, { kind: 'redis', settings }, async (server) => {
    const secure = reached(server.url, { port }).replace(/^redis:/, 'rediss:')

    await t.test('takes a certificate of an authority that is trusted, and no other', async () => {
      await assertRefused(secure, /certificate/i)
      trust(own.authority)
      await assertWorks(secure)
      await assertWorks(secure.replace(/^rediss:/, 'valkeys:'))
    })

    await t.test('a server that offers no TLS is refused where TLS is demanded', () =>
      assertRefused(reached(server.url, {}).replace(/^redis:/, 'rediss:'), /TLS/),
    )

    await t.test('a certificate for another host is refused', async () => {
      await server.kill()
      own.sign('elsewhere.example')
      await server.run()
      await assertRefused(secure, /certificate/i)
    })
  })
})
