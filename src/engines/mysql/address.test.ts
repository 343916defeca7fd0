import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatMysqlAddress, parseMysqlAddress, prefixOf } from './address.ts'

test('what is ours and where the server is', () => {
  const address = parseMysqlAddress(
    'mariadb+pymysql://me:p%40ss%25@db:3307/my%20app?namespace=x&pool=3&max_overflow=0&pool_timeout=100&ssl=verify&charset=UTF8MB4',
    'windlass',
  )
  assert.deepEqual(address, {
    server: {
      host: 'db',
      port: 3_307,
      user: 'me',
      password: 'p@ss%',
      database: 'my app',
      socket: null,
      ssl: 'verify',
    },
    namespace: 'x',
    pool: 3,
    maxOverflow: 0,
    poolTimeout: 100,
  })
})

test('what is not said', () => {
  const { server, namespace, ...pool } = parseMysqlAddress('mysql:///app', 'mine')
  const { host, port, user, password, ssl } = server
  assert.deepEqual([host, port, user, password, ssl], ['127.0.0.1', 3_306, '', '', 'off'])
  assert.deepEqual([namespace, pool], ['mine', { pool: null, maxOverflow: null, poolTimeout: null }])
})

test('the address of an open store leads to the same store', () => {
  for (const url of [
    'mysql://db/app',
    'mysql://a%2Fb:c%40%3A%25@[::1]:3307/d%2Fe?namespace=x&pool=2&max_overflow=1&pool_timeout=0',
    'mysql://me@db/app?socket=%2Frun%2Fmysqld%2Fmysqld.sock&ssl=trust',
  ]) {
    const address = parseMysqlAddress(url, 'windlass')
    assert.deepEqual(parseMysqlAddress(formatMysqlAddress(address), 'windlass'), address)
  }
})

test('a namespace is what the names of its tables begin with', () => {
  assert.equal(prefixOf('windlass'), 'windlass_')
  assert.equal(prefixOf('x'), 'windlass_x_')
})

for (const url of [
  'mysql://me:s3cret@db/app?namespce=x',
  'mysql://me:s3cret@db/app?namespace=X;drop',
  'mysql://me:s3cret@db/app?pool=0',
  'mysql://me:s3cret@db/app?max_overflow=1.5',
  'mysql://me:s3cret@db/app?ssl=maybe',
  'mysql://me:s3cret@db/app?charset=latin1',
  'mysql://me:s3cret%@db/app',
  'mysql://me:s3cret@db/',
  'mysql://me:s3cret@:port/app',
]) {
  test(`refused without telling the password: ${url.replace('s3cret', '…')}`, () => {
    assert.throws(
      () => parseMysqlAddress(url, 'windlass'),
      (error: Error & { code?: string }) =>
        error.code === 'engine_url_invalid' && !error.message.includes('s3cret'),
    )
  })
}
