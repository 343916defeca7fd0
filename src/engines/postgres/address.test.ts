import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatPostgresAddress, parsePostgresAddress, schemaOf } from './address.ts'

test('what is ours is taken out, the rest is left to the driver', () => {
  const address = parsePostgresAddress(
    'postgresql+asyncpg://me:p%40ss@db:5433/app?sslmode=require&namespace=x&pool=3&max_overflow=0&pool_timeout=100&pgbouncer=1',
    'windlass',
  )
  assert.deepEqual(address, {
    url: 'postgres://me:p%40ss@db:5433/app?sslmode=require',
    namespace: 'x',
    bouncer: true,
    direct: null,
    pool: 3,
    maxOverflow: 0,
    poolTimeout: 100,
  })
})

test('the address of an open store leads to the same store', () => {
  for (const url of ['postgres://db/app', 'postgres://a:b@db/app?namespace=x&pgbouncer=1&pool=2']) {
    const address = parsePostgresAddress(url, 'windlass')
    assert.deepEqual(parsePostgresAddress(formatPostgresAddress(address), 'windlass'), address)
  }
})

test('a namespace is a schema of its own', () => {
  assert.equal(schemaOf('windlass'), 'windlass')
  assert.equal(schemaOf('x'), 'windlass_x')
})

for (const url of [
  'postgres://me:s3cret@db/app?namespce=x',
  'postgres://me:s3cret@db/app?namespace=X;drop',
  'postgres://me:s3cret@db/app?pool=0',
  'postgres://me:s3cret@db/app?pgbouncer=maybe',
  'postgres://me:s3cret@:port/app',
]) {
  test(`refused without telling the password: ${url.replace('s3cret', '…')}`, () => {
    assert.throws(
      () => parsePostgresAddress(url, 'windlass'),
      (error: Error & { code?: string }) =>
        error.code === 'engine_url_invalid' && !error.message.includes('s3cret'),
    )
  })
}
