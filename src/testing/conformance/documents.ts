// Conformance: documents. Small versioned texts that are replaced and removed by compare-and-set only.

import assert from 'node:assert/strict'

import { only, type Bench } from './bench.ts'
import { check, type TopicSpec } from './case.ts'

const DOOR = { kind: 'endpoint', key: 'door' }

async function put(b: Bench, version: number, body: string, key = DOOR) {
  return only(await b.engine.documents.put([{ ...key, version, body }]))
}

async function get(b: Bench, key = DOOR) {
  return only(await b.engine.documents.get([key]))
}

export const documentsTopic: TopicSpec = {
  topic: 'documents',
  cases: [
    check('version 0 creates, and the document comes back as it went in', ['DESIGN §4'], async (b) => {
      assert.equal(await get(b), null)
      assert.deepEqual(await put(b, 0, '{"url":"x"}'), { status: 'put', version: 1 })
      assert.deepEqual(await get(b), { ...DOOR, version: 1, body: '{"url":"x"}', updatedAt: b.now })
    }),
    check('version 0 does not replace: conflict with the standing version', ['DESIGN §4'], async (b) => {
      await put(b, 0, 'first')
      assert.deepEqual(await put(b, 0, 'second'), { status: 'conflict', version: 1 })
      assert.equal((await get(b))?.body, 'first')
    }),
    check('the standing version replaces; versions rise', ['DESIGN §4'], async (b) => {
      await put(b, 0, 'first')
      b.clock.advance(10)
      assert.deepEqual(await put(b, 1, 'second'), { status: 'put', version: 2 })
      assert.deepEqual(await get(b), { ...DOOR, version: 2, body: 'second', updatedAt: b.now })
      assert.deepEqual(await put(b, 2, 'third'), { status: 'put', version: 3 })
    }),
    check('an old or a future version is a conflict and changes nothing', ['DESIGN §4'], async (b) => {
      await put(b, 0, 'first')
      await put(b, 1, 'second')
      const before = await get(b)
      b.clock.advance(10)
      assert.deepEqual(await put(b, 1, 'late'), { status: 'conflict', version: 2 })
      assert.deepEqual(await put(b, 3, 'early'), { status: 'conflict', version: 2 })
      assert.deepEqual(await get(b), before)
    }),
    check('a version where nothing stands is a conflict with 0', ['DESIGN §4'], async (b) => {
      assert.deepEqual(await put(b, 1, 'x'), { status: 'conflict', version: 0 })
      assert.equal(await get(b), null)
    }),
    check('of fifty puts at once exactly one wins', ['DESIGN §4'], async (b) => {
      await put(b, 0, 'first')
      const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => put(b, 1, `body ${i}`)))
      assert.equal(replies.filter((reply) => reply.status === 'put').length, 1)
      const winner = replies.findIndex((reply) => reply.status === 'put')
      assert.equal((await get(b))?.body, `body ${winner}`)
    }),
    check('kinds and keys are told apart byte by byte', ['DESIGN §4'], async (b) => {
      const keys = [
        DOOR,
        { kind: 'endpoint', key: 'Door' },
        { kind: 'endpoint', key: 'door ' },
        { kind: 'Endpoint', key: 'door' },
        { kind: 'end', key: 'pointdoor' },
      ]
      for (const key of keys) assert.equal((await put(b, 0, JSON.stringify(key), key)).status, 'put')
      const read = await b.engine.documents.get([...keys, { kind: 'endpoint', key: 'doo' }])
      assert.deepEqual(
        read.map((one) => one?.body ?? null),
        [...keys.map((key) => JSON.stringify(key)), null],
      )
    }),
    check('remove takes the standing version only', ['DESIGN §4'], async (b) => {
      const remove = async (version: number) => only(await b.engine.documents.remove([{ ...DOOR, version }]))
      assert.deepEqual(await remove(1), { status: 'not_found' })
      await put(b, 0, 'first')
      await put(b, 1, 'second')
      assert.deepEqual(await remove(1), { status: 'conflict' })
      assert.equal((await get(b))?.body, 'second')
      assert.deepEqual(await remove(2), { status: 'removed' })
      assert.equal(await get(b), null)
      assert.deepEqual(await remove(2), { status: 'not_found' })
      assert.equal((await put(b, 0, 'again')).status, 'put')
    }),
    check('a batch answers each: a conflict hinders no other', ['DESIGN §4'], async (b) => {
      await put(b, 0, 'first')
      const replies = await b.engine.documents.put([
        { ...DOOR, key: 'a', version: 0, body: 'a' },
        { ...DOOR, version: 0, body: 'refused' },
        { ...DOOR, key: 'a', version: 1, body: 'a again' },
      ])
      assert.deepEqual(replies, [
        { status: 'put', version: 1 },
        { status: 'conflict', version: 1 },
        { status: 'put', version: 2 },
      ])
      assert.equal((await get(b, { kind: 'endpoint', key: 'a' }))?.body, 'a again')
    }),
    check(
      'list: one kind, in the byte order of keys, after a key, up to the limit',
      ['DESIGN §4', 20],
      async (b) => {
        const sorted = ['10', '9', 'B', 'a', 'é', '\uffee', '😀']
        for (const key of sorted.toReversed()) await put(b, 0, key, { kind: 'list', key })
        await put(b, 0, 'other', { kind: 'listed', key: 'a' })
        const list = async (after: string | null, limit: number) =>
          (await b.engine.documents.list('list', after, limit)).map((one) => one.key)
        assert.deepEqual(await list(null, 100), sorted)
        assert.deepEqual(await list(null, 3), ['10', '9', 'B'])
        assert.deepEqual(await list('B', 3), ['a', 'é', '\uffee'])
        assert.deepEqual(await list('C', 1), ['a'])
        assert.deepEqual(await list('😀', 3), [])
        assert.deepEqual(await b.engine.documents.list('none', null, 3), [])
      },
    ),
  ],
}
