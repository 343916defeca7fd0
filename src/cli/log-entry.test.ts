// Lines of a log file understood again: both shapes, bare text, and every line as something.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { createLog } from '../base/log.ts'
import { concerns, entryJson, entryText, nameLine, reaches, readEntry } from './log-entry.ts'

const LOOK = {
  name: (text: string) => text,
  translate: (text: string) => text,
  printable: (text: string) => text,
}

function said(json: boolean): string {
  let line = ''
  const log = createLog({ json, destination: { write: (text) => (line = text.trimEnd()) } })
  log.warn('the store is slow', { ms: 5 })
  return line
}

test('what a log wrote is read with its time and level, in both shapes, with and without a name', () => {
  for (const json of [true, false])
    for (const worker of [null, 'worker-1']) {
      const line = worker === null ? said(json) : nameLine(worker, said(json), json)
      const entry = readEntry(line)
      assert.deepEqual([entry.level, entry.worker], ['warn', worker])
      assert.ok(Math.abs((entry.time ?? 0) - Date.now()) < 60_000)
      const object = JSON.parse(entryJson(entry)) as Record<string, unknown>
      assert.deepEqual([object['level'], object['worker'] ?? null], ['warn', worker])
      assert.equal(object['time'], new Date(entry.time ?? 0).toISOString())
      assert.match(String(object['message']), /^the store is slow( ms=5)?$/)
      const text = entryText(entry, LOOK)
      assert.match(text, /WARN {2}the store is slow ms=5/)
      assert.equal(text.startsWith('[worker-1] '), worker !== null)
    }
})

test('bare text is a line at info of whoever said it', () => {
  const entry = readEntry('[worker-2] plain words')
  assert.deepEqual([entry.worker, entry.level, entry.time], ['worker-2', null, null])
  assert.deepEqual([reaches(entry, 'info'), reaches(entry, 'warn')], [true, false])
  const object = { level: 'info', time: null, worker: 'worker-2', message: 'plain words' }
  assert.deepEqual(JSON.parse(entryJson(entry)), object)
  assert.equal(entryText(entry, LOOK), '[worker-2] plain words')
})

test('a worker concerns what it said and what its supervisor said of it', () => {
  const of = (line: string): boolean => concerns(readEntry(line), 'worker-1')
  assert.deepEqual(
    [
      '[worker-1] words',
      '2026-01-31T08:00:00.000Z ERROR worker process died worker=worker-1 pid=7',
      '{"level":"error","worker":"worker-1","message":"died"}',
      '[worker-2] words worker=worker-1',
      '2026-01-31T08:00:00.000Z ERROR worker process died worker=worker-10 pid=7',
    ].map(of),
    [true, true, true, false, false],
  )
})

test('every line is understood as something', () => {
  const beginnings = fc.constantFrom(
    '',
    '[w] ',
    '{',
    '[w] {"a":',
    '2026-01-31T08:00:00.000Z ',
    '2026-99-99T99Z INFO ',
  )
  fc.assert(
    fc.property(beginnings, fc.string({ unit: 'binary-ascii' }), (beginning, rest) => {
      const entry = readEntry(beginning + rest)
      assert.equal(typeof JSON.parse(entryJson(entry)), 'object')
      assert.equal(typeof entryText(entry, LOOK), 'string')
    }),
  )
})
