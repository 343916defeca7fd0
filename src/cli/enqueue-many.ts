// `--many FILE`: one payload a line. All lines are read and checked first; a bad one is named by its number and then
// nothing is enqueued. Empty lines are passed over.

import { text as readAll } from 'node:stream/consumers'

import type { CallOptions } from '../client/client.ts'
import { WindlassError } from '../core/errors.ts'
import { checkJsonText, PAYLOAD_CODES } from '../core/json.ts'
import { JsonText } from '../client/json-text.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { readFileOf } from './values.ts'

interface Line {
  readonly number: number
  readonly payload: JsonText
}

/** Enqueues what the file says and answers the counts. */
export async function enqueueMany(
  cli: Cli,
  windlass: Windlass,
  name: string,
  file: string,
  options: CallOptions,
): Promise<void> {
  const lines = readLines(
    file === '-' ? await readAll(process.stdin) : readFileOf(file, '--many'),
    windlass.settings.payloadBytes,
  )
  const counts = { created: 0, existing: 0, duplicate: 0 }
  const handles = await windlass
    .enqueueMany(
      name,
      lines.map(({ payload }) => payload),
      options,
    )
    .catch((error: unknown) => {
      throw atLine(error, lines)
    })
  for (const { outcome } of handles) counts[outcome]++
  cli.out.answer(counts, () => cli.out.say('enqueue.counts', counts))
}

/** The payloads as they were typed, each with the number of its line. */
function readLines(text: string, limit: number): Line[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    checkJsonText(line, `line ${i + 1}`, PAYLOAD_CODES, limit)
    return [{ number: i + 1, payload: new JsonText(line.trim()) }]
  })
}

/** The error in terms of the file. */
function atLine(error: unknown, lines: readonly Line[]): unknown {
  if (!(error instanceof WindlassError)) return error
  const { index, done } = error.detail
  const line = typeof index === 'number' ? lines[index]?.number : undefined
  if (line === undefined) return error
  const inner = error.cause instanceof WindlassError ? error.cause.message : error.message
  const sent = typeof done === 'number' ? `; ${done} of ${lines.length} are enqueued` : ''
  return new WindlassError(error.code, `line ${line}: ${inner}${sent}`, {
    hint: error.hint,
    detail: error.detail,
    applied: error.applied,
  })
}
