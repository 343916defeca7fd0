/** What is masked, and what is left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { maskSecrets } from './secrets.ts'

for (const [text, masked] of [
  ['postgres://me:s3cret@db/app', 'postgres://me:***@db/app'],
  ['redis://:s3cret@db:6379/0', 'redis://:***@db:6379/0'],
  ['postgresql+asyncpg://me:a@b:c@db/app?x=1', 'postgresql+asyncpg://me:***@db/app?x=1'],
  ['two amqp://a:b@c and mysql://d:e@f here', 'two amqp://a:***@c and mysql://d:***@f here'],
  ['postgres://db/app?user=me&password=s3cret&ssl=1', 'postgres://db/app?user=me&password=***&ssl=1'],
  ['postgres://me:a/b?c#d@db/app', 'postgres://me:***@db/app'],
  ['at "mysql://me:p@ss@db/app" for a@b', 'at "mysql://me:***@db/app" for a@b'],
  ['sqlite:.windlass/windlass.db', 'sqlite:.windlass/windlass.db'],
  ['http://localhost:8000/a@b', 'http://localhost:8000/a@b'],
  ['mail a:b@c', 'mail a:b@c'],
] as const) {
  test(`mask: ${text}`, () => {
    assert.equal(maskSecrets(text), masked)
  })
}
