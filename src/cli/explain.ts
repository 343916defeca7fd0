// `windlass explain CODE`: what an error code or the reason of a task means, and what to do about it.
// Opens nothing. A word that is neither is refused with the nearest one (exit 2).

import type { Command } from 'commander'

import { ERROR_CODES, WindlassError, type ErrorCode } from '../core/errors.ts'
import { nearest } from '../core/keys.ts'
import { REASONS } from '../core/reasons.ts'
import type { Reason } from '../core/record.ts'
import type { Cli } from './cli.ts'
import type { Output } from './output.ts'
import { formatFacts } from './table.ts'

export function define(command: Command, cli: Cli): void {
  command.argument('<code>', 'the code or the reason, as it is printed').action((word: string) => {
    const found = look(word)
    if (found === null) throw unknown(word)
    cli.out.answer(document(word, found), () => forPeople(cli.out, word, found))
  })
}

interface Found {
  readonly code: ErrorCode | null
  readonly reason: Reason | null
}

/** A word may be both: `timeout` is an error and a reason. */
function look(word: string): Found | null {
  const code = Object.hasOwn(ERROR_CODES, word) ? (word as ErrorCode) : null
  const reason = Object.hasOwn(REASONS, word) ? (word as Reason) : null
  return code === null && reason === null ? null : { code, reason }
}

function unknown(word: string): WindlassError {
  const known = [...Object.keys(ERROR_CODES), ...Object.keys(REASONS)]
  const near = nearest(word, known)
  return new WindlassError(
    'invalid_option',
    `there is no code or reason ${JSON.stringify(word.slice(0, 60))}${near === null ? '' : `; did you mean "${near}"?`}`,
    { hint: 'All of them are listed in docs/reference/errors.md and docs/reference/reasons.md.' },
  )
}

function document(word: string, { code, reason }: Found): object {
  const error = code === null ? null : { status: ERROR_CODES[code].status, retry: ERROR_CODES[code].retry }
  const hint = code === null ? null : ERROR_CODES[code].hint
  return {
    code: word,
    error: error === null ? null : { ...error, hint },
    reason: reason === null ? null : REASONS[reason],
  }
}

function forPeople(out: Output, word: string, { code, reason }: Found): string {
  const parts = [out.style('bold', word)]
  if (code !== null) {
    const { status, retry, hint } = ERROR_CODES[code]
    parts.push(
      formatFacts([
        [out.say('explain.kind'), `${out.say('explain.error')}, HTTP ${status}`],
        [out.say('explain.retry'), out.say(retry ? 'explain.may' : 'explain.never')],
        [out.say('explain.todo'), out.texts.hint(code, hint)],
      ]),
    )
  }
  if (reason !== null) {
    const { meaning, hint } = out.texts.reason(reason)
    if (code !== null) parts.push('', out.say('explain.also'))
    parts.push(
      formatFacts([
        [out.say('explain.kind'), code === null ? out.say('explain.reason') : null],
        [out.say('explain.meaning'), meaning],
        [out.say('explain.todo'), hint],
      ]),
    )
  }
  return parts.join('\n')
}
