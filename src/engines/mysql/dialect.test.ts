import assert from 'node:assert/strict'
import { test } from 'node:test'

import { dialectOf } from './dialect.ts'

for (const [text, product, version] of [
  ['10.11.19-MariaDB-0+deb12u1-log', 'MariaDB', '10.11.19'],
  ['5.5.5-10.6.0-MariaDB', 'MariaDB', '10.6.0'],
  ['11.4.2-mariadb', 'MariaDB', '11.4.2'],
  ['8.0.4-rc-log', 'MySQL', '8.0.4'],
  ['8.0.36-0ubuntu0.22.04.1', 'MySQL', '8.0.36'],
  ['9.1.0', 'MySQL', '9.1.0'],
] as const)
  test(`${text} is ${product} ${version}`, () => {
    const dialect = dialectOf(text)
    assert.deepEqual([dialect.product, dialect.version], [product, version])
  })

for (const text of ['10.5.28-MariaDB', '5.5.5-10.4.34-MariaDB', '8.0.3', '5.7.44-log', 'something else'])
  test(`${text} is too old`, () => {
    assert.throws(() => dialectOf(text), { code: 'engine_too_old', applied: 'no' })
  })

test('a statement ends with the call: MariaDB counts in seconds, MySQL in milliseconds', () => {
  assert.ok(dialectOf('10.11.19-MariaDB').settings(2_500).includes('max_statement_time = 2.5'))
  assert.ok(dialectOf('8.0.36').settings(2_500).includes('max_execution_time = 2500'))
})

test('MariaDB ends a transaction whose client is gone after twice the call, and not before 10 s', () => {
  const ending = (callTimeout: number): string | undefined =>
    dialectOf('10.11.19-MariaDB')
      .settings(callTimeout)
      .find((setting) => setting.startsWith('idle_transaction_timeout'))
  assert.equal(ending(800), 'idle_transaction_timeout = 10')
  assert.equal(ending(30_500), 'idle_transaction_timeout = 61')
})
