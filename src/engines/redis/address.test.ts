// Addresses of Redis stores, read and written.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatRedisAddress, isSecure, parseRedisAddress } from './address.ts'

const PLAIN = {
  scheme: 'redis',
  host: 'localhost',
  port: 6_379,
  sentinel: null,
  others: [],
  database: 0,
  username: null,
  password: null,
  namespace: 'windlass',
}

test('an address says host, port, database, login and namespace', () => {
  const cases: [string, object][] = [
    ['redis://localhost', {}],
    ['redis://localhost:80', { port: 80 }],
    ['redis://localhost:6380/3', { port: 6_380, database: 3 }],
    ['REDIS://localhost/', {}],
    ['valkey://localhost', { scheme: 'valkey' }],
    [
      'rediss://u:p%40ss@h.example/1?namespace=shop',
      {
        scheme: 'rediss',
        host: 'h.example',
        database: 1,
        username: 'u',
        password: 'p@ss',
        namespace: 'shop',
      },
    ],
    ['redis://:secret@[::1]:7000', { host: '::1', port: 7_000, password: 'secret' }],
    ['redis://one/2?sentinel=shop-1', { host: 'one', port: 26_379, database: 2, sentinel: 'shop-1' }],
    [
      'redis://:secret@one,[::1]:7000,three:80/0?sentinel=main',
      {
        host: 'one',
        port: 26_379,
        sentinel: 'main',
        others: [
          { host: '::1', port: 7_000 },
          { host: 'three', port: 80 },
        ],
        password: 'secret',
      },
    ],
  ]
  for (const [url, wanted] of cases) {
    assert.deepEqual(parseRedisAddress(url, 'windlass'), { ...PLAIN, ...wanted }, url)
  }
})

test('the namespace of the options holds where the address says none', () => {
  assert.equal(parseRedisAddress('redis://localhost', 'other').namespace, 'other')
  assert.equal(parseRedisAddress('redis://localhost?namespace=mine', 'other').namespace, 'mine')
})

test('what is written is read back the same', () => {
  for (const url of [
    'redis://localhost:6379/0',
    'valkeys://user:p%40s%2Fs@db.example:6390/5?namespace=shop',
    'redis://:only@[::1]:7000/0',
    'redis://:secret@one:26379,[::1]:7000,three:26380/4?sentinel=main&namespace=shop',
  ]) {
    const address = parseRedisAddress(url, 'windlass')
    assert.equal(formatRedisAddress(address), url)
    assert.deepEqual(parseRedisAddress(formatRedisAddress(address), 'windlass'), address)
  }
})

test('only the schemes with an s at their end are encrypted', () => {
  const secure = ['redis', 'rediss', 'valkey', 'valkeys'].map((scheme) =>
    isSecure(parseRedisAddress(`${scheme}://h`, 'windlass')),
  )
  assert.deepEqual(secure, [false, true, false, true])
})

test('what is wrong is named, and no password repeated', () => {
  for (const url of [
    'redis:',
    'redis://',
    'redis://:s3cret@host/name',
    'redis://:s3cret@host:99999/0',
    'redis://:s3cret@host/0?namespce=x',
    'redis://:s3cret@host/0?namespace=Not%20one',
    'redis://:s3cret%zz@host/0',
    'redis://:s3cret@one,two/0',
    'redis://:s3cret@one,/0?sentinel=main',
    'redis://:s3cret@one/0?sentinel=not%20one',
  ]) {
    assert.throws(
      () => parseRedisAddress(url, 'windlass'),
      (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'engine_url_invalid', url)
        assert.doesNotMatch(error.message, /s3cret/)
        return true
      },
    )
  }
})
