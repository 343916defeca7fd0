/** Messages between worker and supervisor: what is understood, and what is nobody's. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readHello, readReport } from './messages.ts'

const VITALS = { running: 1, finished: 2, rss: 3, cpu: 4, loop_delay: 5 }

test('reports are read, everything else is nobody’s', () => {
  assert.deepEqual(readReport({ ready: true, session: 's', vitals: VITALS, more: 1 }), {
    ready: true,
    session: 's',
    vitals: VITALS,
  })
  assert.deepEqual(readReport({ ready: false, session: null, vitals: { ...VITALS, cpu: 'much' } }), {
    ready: false,
    session: null,
    vitals: null,
  })
  for (const other of [null, 'ready', 7, {}, { ready: 1 }, { ready: true }, { ready: true, session: 5 }])
    assert.equal(readReport(other), null)
})

test('a worker says who it is, with a token', () => {
  const hello = { ready: false, session: null, vitals: null, token: 't', pid: 5 }
  assert.deepEqual(readHello(hello), hello)
  assert.equal(readHello({ ...hello, token: undefined }), null)
  assert.equal(readHello({ ...hello, pid: '5' }), null)
})
