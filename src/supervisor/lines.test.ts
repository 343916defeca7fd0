/** Lines: chunk borders, character borders, long lines and the unfinished last one. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'

import { LastLines, LINE_LENGTH, readLines } from './lines.ts'

async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough()
  const lines: string[] = []
  readLines(stream, (line) => lines.push(line))
  for (const chunk of chunks) stream.write(chunk)
  stream.end()
  await once(stream, 'close')
  return lines
}

test('lines come whole, whatever the chunks', async () => {
  assert.deepEqual(await linesOf('a', 'b\nc', '\r\n\nlast'), ['ab', 'c', '', 'last'])
  const text = Buffer.from('汉字\n')
  assert.deepEqual(await linesOf(text.subarray(0, 2), text.subarray(2)), ['汉字'])
})

test('a line without an end is told in pieces', async () => {
  const lines = await linesOf('x'.repeat(LINE_LENGTH * 2 + 5))
  assert.deepEqual(
    lines.map((line) => line.length),
    [LINE_LENGTH, LINE_LENGTH, 5],
  )
})

test('the last lines are kept, bounded', () => {
  const last = new LastLines(2)
  for (const line of ['a', 'b', 'y'.repeat(600)]) last.add(line)
  assert.deepEqual(last.all, ['b', `${'y'.repeat(500)}…`])
})
