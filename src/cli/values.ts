// What is typed on the command line, read and checked before anything is done: numbers, times, lists, JSON.
// Bare numbers are seconds. Promises an error with exit code 2 that names the option for whatever cannot be read.

import { readFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'

import { parseDuration, show } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import { checkJsonText, PAYLOAD_CODES } from '../core/json.ts'
import { readInstant } from '../core/new-task.ts'
import { TASK_STATES, type TaskState } from '../core/record.ts'
import { suggest } from '../core/keys.ts'
import { statesOf, type Profile } from './profile.ts'

/** A duration in ms; bare numbers are seconds. */
export function readSeconds(value: string, option: string): number {
  return parseDuration(value, option, 1_000)
}

/** A whole number within bounds. */
export function readWhole(value: string, option: string, min: number, max: number): number {
  const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw new WindlassError(
    'invalid_option',
    `${option} is a whole number from ${min} to ${max}, not ${show(value)}`,
  )
}

/** A point in time: ISO-8601, or seconds since the epoch. */
export function readTime(value: string, option: string): Date {
  const at = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : value
  return new Date(readInstant(at, option))
}

/** Items between commas, without empty ones. */
export function readList(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/**
 * Checks what `-Q` was given: `mail,files:2`. A colon always starts a weight here, so that a slip is not taken for the
 * name of a queue that nobody fills.
 */
export function checkQueueList(value: string | undefined): void {
  for (const item of value === undefined ? [] : value.split(',')) {
    if (/^\s*(\*|[^:]+|.+:\d+)\s*$/.test(item)) continue
    throw new WindlassError('invalid_option', `--queues takes names with whole weights, not ${show(item)}`, {
      hint: 'Write mail,files:2; for a queue with a colon in its name add the weight: a:b:1.',
    })
  }
}

/** States from our own words or the profile's; several between commas. */
export function readStates(values: readonly string[], profile: Profile | null): TaskState[] {
  const states = values.flatMap(readList).flatMap((word) => {
    const found = statesOf(word, profile)
    if (found.length > 0) return found
    throw new WindlassError('invalid_option', `unknown state ${show(word)}${suggest(word, TASK_STATES)}`)
  })
  return [...new Set(states)]
}

/** The largest payload that a config can allow; what it does allow is checked when it is known. */
const MOST_PAYLOAD = 16 * 1024 * 1024

/** JSON text of a payload: as typed, of `@file`, or of standard input (`-`). None: `null`. */
export async function readPayload(argument: string | undefined): Promise<string> {
  if (argument === undefined) return 'null'
  const text = argument === '-' ? await readAll(process.stdin) : (readAt(argument) ?? argument)
  checkJsonText(text, 'payload', PAYLOAD_CODES, MOST_PAYLOAD)
  return text.trim()
}

function readAt(argument: string): string | null {
  return argument.startsWith('@') ? readFileOf(argument.slice(1), 'payload') : null
}

/** The text of a file that an argument names. */
export function readFileOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new WindlassError('invalid_option', `${what}: ${show(path)} cannot be read`, {
      cause,
      hint: 'Check the path.',
    })
  }
}

/** For options that may be given more than once. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value]
}
