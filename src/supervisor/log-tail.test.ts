// Reading a log file backwards and forwards while it grows and rotates: real files, no processes, no waiting.

import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import fc from 'fast-check'

import { LogFile } from '../base/log-file.ts'
import { LogTail, type Verdict } from './log-tail.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

function logPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-tail-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'w.log')
}

function openTail(t: TestContext, path: string): LogTail {
  const tail = new LogTail(path)
  t.after(() => tail.close())
  return tail
}

function last(
  t: TestContext,
  path: string,
  most: number,
  look: (line: string) => Verdict = () => 'count',
): string[] {
  const tail = openTail(t, path)
  tail.rewind(most, look)
  return [...tail.read(false), ...tail.rest()]
}

/** Writes lines as the product does, with rotations. */
function write(path: string, lines: readonly string[], size: number): void {
  const file = new LogFile({
    path,
    size,
    keep: 9,
    tell: (sentence) => assert.equal(sentence, null),
    lostLine: () => '',
  })
  for (const line of lines) file.write(`${line}\n`)
  file.close()
}

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i}`)

test('the last lines of any file are those at its end', (t) => {
  const path = logPath(t)
  // Lines of about the size of a piece put the ends of lines at the ends of pieces.
  const line = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('', '日志', 'x'.repeat(65_535), 'y'.repeat(65_536), 'z'.repeat(65_537)),
  )
  const clean = line.map((text) => text.replaceAll('\n', ''))
  fc.assert(
    fc.property(fc.array(clean, { maxLength: 12 }), fc.nat(14), fc.boolean(), (lines, most, finished) => {
      writeFileSync(path, lines.join('\n') + (finished && lines.length > 0 ? '\n' : ''))
      const text = lines.length > 0 && !finished && lines.at(-1) === '' ? lines.slice(0, -1) : lines
      const told = last(t, path, most)
      assert.deepEqual(told, most === 0 ? [] : text.slice(-most))
    }),
    { numRuns: 200 },
  )
})

test('where the file does not hold enough, the rotated ones do, to the oldest line of all', (t) => {
  const path = logPath(t)
  write(path, numbered(0, 30), 60)
  assert.deepEqual(last(t, path, 20), numbered(10, 30))
  assert.deepEqual(last(t, path, 1_000), numbered(0, 30))
})

test('only lines that count are counted, and a stop begins behind its line', (t) => {
  const path = logPath(t)
  write(path, numbered(0, 30), 60)
  const even = (line: string): Verdict => (Number(line.slice(5)) % 2 === 0 ? 'count' : 'skip')
  assert.deepEqual(last(t, path, 5, even), numbered(20, 30))
  const until = (line: string): Verdict => (line === 'line 12' ? 'stop' : 'count')
  assert.deepEqual(last(t, path, 1_000, until), numbered(13, 30))
  assert.deepEqual(
    last(t, path, 1_000, () => 'stop'),
    [],
  )
})

test('what is appended is told once, a line when it is finished', (t) => {
  const path = logPath(t)
  writeFileSync(path, 'one\ntw')
  const tail = openTail(t, path)
  assert.deepEqual([...tail.read(true)], ['one'])
  appendFileSync(path, 'o\nthree\n')
  assert.deepEqual([...tail.read(true)], ['two', 'three'])
  assert.deepEqual([...tail.read(true), ...tail.rest()], [])
})

test('a reader follows over any number of rotations, however late it looks', (t) => {
  const path = logPath(t)
  write(path, numbered(0, 1), 60)
  const tail = openTail(t, path)
  const told = [...tail.read(true)]
  for (let i = 0; i < 8; i++) {
    write(path, numbered(1 + i * 10, 11 + i * 10), 60)
    // A file is left only at the second look, so some lines wait.
    for (let looks = 0; looks < 10; looks++) told.push(...tail.read(true))
    assert.deepEqual(told, numbered(0, 11 + i * 10))
  }
})

test('what is written to a file after it was rotated is told before the next file', (t) => {
  const path = logPath(t)
  writeFileSync(path, 'one\n')
  const tail = openTail(t, path)
  assert.deepEqual([...tail.read(true)], ['one'])
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'three\n')
  assert.deepEqual([...tail.read(true)], [])
  appendFileSync(`${path}.1`, 'two\n')
  assert.deepEqual([...tail.read(true)], ['two', 'three'])
})

test('a file that is gone, in the middle of a rotation or emptied in place does not end the reading', (t) => {
  const path = logPath(t)
  writeFileSync(path, 'one\n')
  const tail = openTail(t, path)
  assert.deepEqual([...tail.read(false)], ['one'])
  renameSync(path, `${path}.1`)
  assert.deepEqual([...tail.read(false)], [], 'its successor is not there yet')
  assert.deepEqual(last(t, path, 5), ['one'])
  writeFileSync(path, 'two\n')
  assert.deepEqual([...tail.read(false)], ['two'])
  truncateSync(path)
  appendFileSync(path, '3\n')
  assert.deepEqual([...tail.read(false)], ['3'])
  rmSync(path)
  writeFileSync(path, 'four\n')
  writeFileSync(`${path}.1`, 'older\n')
  assert.deepEqual([...tail.read(false)], ['older', 'four'])
})

test('a file without line ends does not fill the memory', (t) => {
  const path = logPath(t)
  writeFileSync(path, Buffer.alloc(5 * 1024 * 1024, 'x'))
  appendFileSync(path, '\nend\n')
  assert.deepEqual(last(t, path, 1), ['end'])
  const pieces = last(t, path, 2)
  assert.equal(pieces.pop(), 'end')
  assert.ok(pieces.length >= 4 && pieces.every((piece) => piece.length <= 1024 * 1024 + 64 * 1024))
})
