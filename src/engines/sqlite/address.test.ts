// Addresses: what is read from each spelling, what is refused, and that an address leads back to the same store.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatSqliteAddress, parseSqliteAddress } from './address.ts'

const read = (url: string) => parseSqliteAddress(url, 'windlass')

for (const [url, path] of [
  ['sqlite:tasks.db', 'tasks.db'],
  ['sqlite:.windlass/windlass.db', '.windlass/windlass.db'],
  ['sqlite:/var/lib/tasks.db', '/var/lib/tasks.db'],
  ['sqlite:///var/lib/tasks.db', '/var/lib/tasks.db'],
  ['sqlite://tasks.db', 'tasks.db'],
  ['SQLITE:tasks.db', 'tasks.db'],
  ['sqlite::memory:', ':memory:'],
  ['sqlite:a folder/任务.db', 'a folder/任务.db'],
  ['sqlite:50%20off%3F.db', '50%20off?.db'],
  ['sqlite:a%25b%23.db', 'a%b#.db'],
  ['sqlite:100%.db', '100%.db'],
  ['sqlite:C:\\data\\tasks.db', 'C:\\data\\tasks.db'],
  // As SQLAlchemy has it: three slashes before a relative path, four before an absolute one.
  ['sqlite+aiosqlite:///./tasks.db', './tasks.db'],
  ['sqlite+aiosqlite:////var/lib/tasks.db', '/var/lib/tasks.db'],
] as const) {
  test(`the path of ${url}`, () => assert.equal(read(url).path, path))
}

test('parameters and their defaults', () => {
  assert.deepEqual(read('sqlite:a.db'), { path: 'a.db', synchronous: 'full', namespace: 'windlass' })
  assert.deepEqual(read('sqlite:a.db?synchronous=NORMAL&namespace=shop_2'), {
    path: 'a.db',
    synchronous: 'normal',
    namespace: 'shop_2',
  })
  assert.equal(parseSqliteAddress('sqlite:a.db', 'other').namespace, 'other')
})

for (const [url, says] of [
  ['sqlite:', /no path/],
  ['sqlite:a.db?synchronous=off', /full or normal/],
  ['sqlite:a.db?synchronus=full', /did you mean "synchronous"/],
  ['sqlite:a.db?namespace=a-b', /namespace/],
  ['sqlite:a.db?namespace=', /namespace/],
  ['sqlite:a\0.db', /null character/],
] as const) {
  test(`refused: ${url}`, () => assert.throws(() => read(url), { code: 'engine_url_invalid', message: says }))
}

test('an address leads back to the same store', () => {
  for (const path of ['/a b/任务.db', '/100%.db', '/what?.db', '/a#b.db', '/%41.db']) {
    for (const synchronous of ['full', 'normal'] as const) {
      const address = { path, synchronous, namespace: 'shop' }
      assert.deepEqual(read(formatSqliteAddress(address)), address)
    }
  }
})
