// Which servers are refused, by what they say of themselves.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { checkServer, type ServerFacts } from './server.ts'

function facts(
  name: ServerFacts['name'],
  version: string,
  settings: ServerFacts['settings'] = null,
): ServerFacts {
  return { name, version, settings }
}

test('versions from Redis 7.0 and Valkey 7.2 on are taken', () => {
  for (const [name, version] of [
    ['Redis', '7.0.15'],
    ['Redis', '8.2.0'],
    ['Valkey', '7.2.5'],
    ['Valkey', '9.0.0'],
  ] as const)
    checkServer(facts(name, version))
})

test('older ones are refused with the oldest that works', () => {
  for (const [name, version, oldest] of [
    ['Redis', '6.2.14', /7\.0/],
    ['Redis', '3.0.504', /7\.0/],
    ['Valkey', '7.1.0', /7\.2/],
  ] as const)
    assert.throws(() => checkServer(facts(name, version)), { code: 'engine_too_old', message: oldest })
})

test('every policy that evicts keys is refused', () => {
  for (const policy of ['allkeys-lru', 'allkeys-random', 'volatile-lru', 'volatile-ttl'])
    assert.throws(() => checkServer(facts('Redis', '7.0.0', { 'maxmemory-policy': policy })), {
      code: 'engine_unsafe',
      message: new RegExp(policy),
    })
  checkServer(facts('Redis', '7.0.0', { 'maxmemory-policy': 'noeviction' }))
})
