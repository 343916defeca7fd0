// Conformance: byte-exact payload and key corpus. Texts that engines have been seen to change, cut, merge or refuse:
// what goes in comes out, and what differs in one byte is something else.

import assert from 'node:assert/strict'

import { LIMITS } from '../../core/limits.ts'
import { newError, newTask, outcomes } from '../samples.ts'
import { ids, only } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

const DEEP = `${'['.repeat(64)}1${']'.repeat(64)}`
const DEEP_OBJECT = `${'{"a":'.repeat(64)}null${'}'.repeat(64)}`
const LARGE = JSON.stringify('x'.repeat(LIMITS.payloadBytes - 2))
const LARGE_WIDE = JSON.stringify('汉'.repeat(Math.floor((LIMITS.payloadBytes - 2) / 3)))

/** JSON texts, and a few that only a codec would write. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['null', 'null'],
  ['an empty text', '""'],
  ['an empty object', '{}'],
  ['an empty list', '[]'],
  ['empty lists inside', '{"a":[],"b":{}}'],
  ['white space around and inside', ' {\n\t"a" :  1\r\n} '],
  ['the order of keys', '{"b":1,"a":2,"B":3}'],
  ['the same key twice', '{"a":1,"a":2}'],
  ['an empty key', '{"":1}'],
  ['numbers above 2^53', '[9007199254740993,18446744073709551615,-9223372036854775809]'],
  ['how numbers are written', '[1.0,1.10,1e3,1E+3,-0,0.1,1e400,123456789.123456789123456789]'],
  ['an escaped NUL', String.raw`"a\u0000b"`],
  ['escaped control characters', String.raw`"\u0001\b\f\n\r\t\u001f\u007f"`],
  ['escapes that need not be', String.raw`"\u0061\/\u00e9"`],
  ['half a surrogate pair, escaped', String.raw`"\ud800"`],
  ['the other half, escaped', String.raw`["\udc00","\ud83d\ude00"]`],
  ['emoji, also joined ones', '"😀👩‍👩‍👧‍👦🏳️‍🌈"'],
  ['Chinese, Arabic, Hebrew', '"汉字 مرحبا שלום"'],
  ['composed and decomposed accents', '["é","e\u0301"]'],
  ['characters without width', '"\u200b\u200d\u2060\ufeff"'],
  ['line separators', '"\u2028\u2029"'],
  ['the last code points', '"\uffff\u{10ffff}"'],
  ['quotes and backslashes', String.raw`"'\"\\ \\\\ '' \\'"`],
  ['what looks like SQL', `"'; DROP TABLE tasks; -- $1 ? :name %s @x"`],
  ['what looks like a template', '"${x} {{y}} %(z)s \\\\0"'],
  ['64 lists deep', DEEP],
  ['64 objects deep', DEEP_OBJECT],
  ['256 KiB', LARGE],
  ['256 KiB of three-byte characters', LARGE_WIDE],
  ['a key named __proto__', '{"__proto__":{"a":1},"constructor":2}'],
  ['no JSON at all: a codec wrote it', 'zstd:KLUv/SQA+/=='],
  ['nothing: a codec wrote it', ''],
]

const texts = [
  ...checkEach(
    TEXTS,
    ([what]) => `payload, result, meta and log line come back: ${what}`,
    ['DESIGN §4'],
    async (b, [, text]) => {
      const meta = text.length <= LIMITS.metaBytes ? text : '{}'
      const session = await b.session()
      const task = await b.start({ payload: text, meta }, session)
      assert.equal(task.payload, text)
      const message = text.slice(0, 1_000)
      await b.end(task, outcomes.succeed(text), { logs: [{ at: b.now, level: 'info', message }] })
      const done = await b.get(task.id)
      assert.equal(done.payload, text)
      assert.equal(done.result, text)
      assert.equal(done.meta, meta)
      const { lines } = await b.engine.journal.logs(task.id, null, 1)
      assert.equal(lines[0]?.message, message)
      const { tasks } = await b.engine.records.find({ states: ['succeeded'], limit: 1, cursor: null })
      assert.equal(only(tasks).payload, text)
    },
  ),
  ...checkEach(
    TEXTS.filter(([, text]) => text.length <= LIMITS.documentBytes),
    ([what]) => `documents, schedules and journal entries come back: ${what}`,
    ['DESIGN §4'],
    async (b, [, body]) => {
      const key = { kind: 'k', key: 'k' }
      await b.engine.documents.put([{ ...key, version: 0, body }])
      assert.equal(only(await b.engine.documents.get([key]))?.body, body)
      await b.engine.schedules.put([{ name: 'n', version: 0, body, paused: false, dueAt: null }])
      assert.equal(only(await b.engine.schedules.list(null)).body, body)
      await b.engine.journal.append([{ stream: 's', key: 'k', at: 1, body }])
      const query = { stream: 's', key: null, from: null, to: null, limit: 1, cursor: null }
      assert.equal(only((await b.engine.journal.read(query)).entries).body, body)
    },
  ),
  check('a result that differs in one byte is another result', [8], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.succeed('"é"'))
    assert.equal((await b.settle(task, outcomes.succeed('"e\u0301"'))).status, 'lost')
    assert.equal((await b.settle(task, outcomes.succeed('"é"'))).status, 'already')
  }),
  check('errors, progress and tags keep every character', ['DESIGN §4'], async (b) => {
    const odd = `'" \\ 汉 😀 é e\u0301 \u200b $1 ? %`
    const task = await b.start({ tags: [odd, 'a,b', '["x"]'] })
    const progress = { percent: 33.333_333_333, message: odd, at: b.now }
    await b.engine.report([{ id: task.id, claim: task.claim ?? '', progress, logs: [] }])
    const error = {
      ...newError(odd),
      code: odd,
      name: odd,
      stack: odd,
      causes: [{ name: odd, message: odd }],
    }
    const dead = await b.end(task, outcomes.die({ error, warnings: [odd] }))
    assert.deepEqual([dead.tags, dead.error, dead.progress], [[odd, 'a,b', '["x"]'], error, progress])
    assert.deepEqual((await b.engine.journal.attempts([task.id]))[0]?.[0]?.warnings, [odd])
  }),
  check('times and numbers keep their value over the whole range', ['DESIGN §4'], async (b) => {
    const far = 253_402_300_799_999
    const large = Number.MAX_SAFE_INTEGER
    const keep = { succeeded: LIMITS.duration, dead: LIMITS.duration }
    const task = await b.get(
      await b.add({ due: { at: far }, timeout: LIMITS.duration, keep, payloadVersion: 2 ** 31 }),
    )
    assert.deepEqual(
      [task.runAt, task.timeout, task.keep, task.payloadVersion],
      [far, LIMITS.duration, keep, 2 ** 31],
    )
    await b.engine.schedules.put([{ name: 'n', version: 0, body: '', paused: false, dueAt: far }])
    assert.equal(only(await b.engine.schedules.list(null)).dueAt, far)
    await b.engine.journal.append([{ stream: 's', key: 'k', at: large, body: '' }])
    const query = { stream: 's', key: null, from: large, to: null, limit: 1, cursor: null }
    assert.equal((await b.engine.journal.read(query)).entries[0]?.at, large)
    const policy = {
      kind: 'exponential',
      retries: 10_000,
      base: 1,
      factor: 1.1,
      cap: large,
      jitter: 0.333,
    } as const
    assert.deepEqual((await b.get(await b.add({ retry: policy }))).retry, policy)
  }),
]

/** Keys that a collation, a trim or a normalisation would merge; no two are equal. */
const KEYS: readonly string[] = [
  'order-1',
  'Order-1',
  'ORDER-1',
  'order-1 ',
  ' order-1',
  'order-1\u00a0',
  'order-1\u200b',
  'örder-1',
  'o\u0308rder-1',
  'ｏrder-1',
  'order‑1',
  'straße',
  'strasse',
  'STRASSE',
  'ı',
  'i',
  'İ',
  'I',
  'ﬁ',
  'fi',
  '汉字',
  '漢字',
  '😀',
  '😁',
  '👩‍👧',
  '👩👧',
  '1',
  '01',
  '1.0',
  '１',
  'null',
  'NULL',
  'undefined',
  'true',
  '__proto__',
  'constructor',
  'toString',
  '%',
  '_',
  '*',
  "'",
  '"',
  '`',
  '\\',
  '\\0',
  '$1',
  '?',
  '{a}',
  '{b}',
  ':',
  '::',
  'a:b',
  'a::b',
  'a/b',
  '../a',
  "'; --",
  'x'.repeat(LIMITS.keyBytes),
  `${'x'.repeat(LIMITS.keyBytes - 1)}y`,
  '汉'.repeat(Math.floor(LIMITS.keyBytes / 3)),
]

const keys = [
  check('ids: each is itself and no other', ['DESIGN §4'], async (b) => {
    const tasks = KEYS.map((id, i) => newTask({ id, payload: `${i}` }))
    const replies = await b.engine.enqueue(tasks)
    assert.deepEqual(
      replies,
      KEYS.map((id) => ({ outcome: 'created', id, state: 'ready' })),
    )
    const read = await b.engine.records.get(KEYS)
    assert.deepEqual(
      read.map((task) => [task?.id, task?.payload]),
      KEYS.map((id, i) => [id, `${i}`]),
    )
    const again = await b.engine.enqueue(tasks.toReversed())
    assert.ok(again.every((reply) => reply.outcome === 'existing'))
    const { tasks: taken } = await b.claim(await b.session(), { limit: 1_000 })
    assert.deepEqual(ids(taken), KEYS)
  }),
  check('unique keys: each is itself and no other', [17], async (b) => {
    const fresh = KEYS.map((key) => newTask({ unique: { key, for: null } }))
    const created = await b.engine.enqueue(fresh)
    assert.ok(created.every((reply) => reply.outcome === 'created'))
    const again = await b.engine.enqueue(KEYS.map((key) => newTask({ unique: { key, for: null } })))
    assert.deepEqual(
      again.map((reply) => [reply.outcome, reply.id]),
      ids(fresh).map((id) => ['duplicate', id]),
    )
    const read = await b.engine.records.get(ids(fresh))
    assert.deepEqual(
      read.map((task) => task?.uniqueKey),
      KEYS,
    )
  }),
  check('queues: each is itself and no other', ['DESIGN §4'], async (b) => {
    const all = await b.addAll(KEYS.map((queue) => ({ queue, type: queue, group: queue, tags: [queue] })))
    const session = await b.session({ queues: KEYS, types: KEYS })
    for (const [i, queue] of KEYS.entries()) {
      const filter = { limit: 10, cursor: null }
      for (const one of [{ queue }, { type: queue }, { group: queue }, { tag: queue }]) {
        assert.deepEqual(ids((await b.engine.records.find({ ...filter, ...one })).tasks), [all[i]], queue)
      }
      assert.deepEqual(ids((await b.claim(session, { queues: [queue] })).tasks), [all[i]], queue)
    }
    const stats = await b.engine.records.stats(KEYS)
    assert.deepEqual(
      stats.map((one) => [one.queue, one.counts.running]),
      KEYS.map((queue) => [queue, 1]),
    )
    const known = only(await b.engine.records.sessions({ state: 'live', host: null }))
    assert.deepEqual([known.queues, known.types], [KEYS, KEYS])
  }),
  check('documents, schedules and streams: each is itself and no other', ['DESIGN §4'], async (b) => {
    await b.engine.documents.put(KEYS.map((key) => ({ kind: 'k', key, version: 0, body: key })))
    await b.engine.documents.put(KEYS.map((kind) => ({ kind, key: 'k', version: 0, body: kind })))
    for (const list of [KEYS.map((key) => ({ kind: 'k', key })), KEYS.map((kind) => ({ kind, key: 'k' }))]) {
      const read = await b.engine.documents.get(list)
      assert.deepEqual(
        read.map((one) => one?.body),
        KEYS,
      )
    }
    const put = KEYS.map((name) => ({ name, version: 0, body: name, paused: false, dueAt: null }))
    await b.engine.schedules.put(put)
    assert.equal((await b.engine.schedules.list(null)).length, KEYS.length)
    await b.engine.journal.append(KEYS.map((stream) => ({ stream, key: stream, at: 1, body: stream })))
    for (const stream of KEYS) {
      assert.equal(only(await b.engine.schedules.list([stream])).body, stream)
      const query = { stream, key: stream, from: null, to: null, limit: 10, cursor: null }
      assert.equal(only((await b.engine.journal.read(query)).entries).body, stream)
    }
  }),
  check('sessions and hosts: each is itself and no other', ['DESIGN §4'], async (b) => {
    for (const id of KEYS)
      await b.session({ id, host: id, name: id, bootId: id, pidSpace: id, startTime: id })
    for (const id of KEYS) {
      const session = only(await b.engine.records.sessions({ state: 'live', host: id }))
      assert.deepEqual([session.id, session.name, session.startTime], [id, id, id])
    }
    await b.kill('order-1')
    const live = await b.engine.records.sessions({ state: 'live', host: null })
    assert.equal(live.length, KEYS.length - 1)
  }),
]

export const corpusTopic: TopicSpec = { topic: 'byte-exact corpus', cases: [...texts, ...keys] }
