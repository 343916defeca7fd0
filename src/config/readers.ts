// Readers of single values: from text of the environment or a value of a config file to what the program uses.
// Each refuses with a sentence that starts with the name under which the value was found.

import { parseBytes } from '../core/byte-size.ts'
import { parseDuration, show } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import { suggest } from '../core/keys.ts'
import type { Reader } from './origin.ts'

function refuse(name: string, wants: string, raw: unknown): never {
  throw new WindlassError('config_invalid', `${name} is ${wants}, not ${show(raw)}`)
}

export const readText: Reader<string> = (raw, _unit, name) =>
  typeof raw === 'string' && raw.trim() !== '' ? raw.trim() : refuse(name, 'a text that is not empty', raw)

/** Text that must never be repeated in a message. */
export const readSecret: Reader<string> = (raw, _unit, name) =>
  typeof raw === 'string' && raw !== '' ? raw : refuse(name, 'a text that is not empty', typeof raw)

export function readWhole(min: number, max: number): Reader<number> {
  return (raw, _unit, name) => {
    const value = typeof raw === 'string' && /^\d+$/.test(raw.trim()) ? Number(raw) : raw
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    return refuse(name, `a whole number from ${min} to ${max}`, raw)
  }
}

/** A number of bytes, or text with a unit: `512MB`. A number in text is one of bytes, too. */
export const readBytes: Reader<number> = (raw, _unit, name) => {
  try {
    return parseBytes(typeof raw === 'string' && /^\d+$/.test(raw.trim()) ? Number(raw) : raw, name)
  } catch {
    return refuse(name, 'a number of bytes or a size such as 512MB', raw)
  }
}

export function readDuration(min = 0, max: number = Number.POSITIVE_INFINITY): Reader<number> {
  return (raw, unit, name) => {
    const ms = parseDuration(raw, name, unit)
    if (ms >= min && ms <= max) return ms
    return refuse(name, max === Number.POSITIVE_INFINITY ? `at least ${min} ms` : `${min} to ${max} ms`, raw)
  }
}

export const readBoolean: Reader<boolean> = (raw, _unit, name) => {
  if (typeof raw === 'boolean') return raw
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : ''
  if (['true', '1', 'yes', 'on'].includes(word)) return true
  if (['false', '0', 'no', 'off'].includes(word)) return false
  return refuse(name, 'true or false', raw)
}

/** A list, or text with commas. */
export const readList: Reader<readonly string[]> = (raw, _unit, name) => {
  const items = typeof raw === 'string' ? raw.split(',') : raw
  if (!Array.isArray(items)) return refuse(name, 'a list of texts, or text with commas', raw)
  return items.map((item) => readText(item, 1, name)).filter((item) => item !== '')
}

/** As readList, and never repeated in a message. */
export const readSecrets: Reader<readonly string[]> = (raw, _unit, name) => {
  const items = typeof raw === 'string' ? raw.split(',').map((item) => item.trim()) : raw
  if (!Array.isArray(items)) return refuse(name, 'a list of texts, or text with commas', typeof raw)
  return items.map((item) => readSecret(item, 1, name))
}

export const readDurations: Reader<readonly number[]> = (raw, unit, name) => {
  const items = typeof raw === 'string' ? raw.split(',') : raw
  if (!Array.isArray(items)) return refuse(name, 'a list of durations', raw)
  return items.map((item) => parseDuration(item, name, unit))
}

/** A queue, and how often it comes first beside the others. */
export interface QueueShare {
  readonly name: string
  readonly weight: number
}

/** `mail,files:2`, `['mail', 'files:2']` or `{ mail: 1, files: 2 }`. Null for `*`: all queues. */
export const readQueues: Reader<readonly QueueShare[] | null> = (raw, unit, name) => {
  const pairs: [string, unknown][] =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw)
      ? Object.entries(raw)
      : readList(raw, unit, name).map(splitWeight)
  if (pairs.some(([queue]) => queue === '*')) return null
  const weight = readWhole(1, 1_000)
  return pairs.map(([queue, share]) => ({
    name: queue,
    weight: weight(share, 1, `${name}: weight of ${queue}`),
  }))
}

function splitWeight(item: string): [string, unknown] {
  const match = /^(.+):(\d+)$/.exec(item)
  return match === null ? [item, 1] : [match[1] ?? item, match[2]]
}

/** Levels; the words of other loggers are understood, in any case. */
export const readLevel: Reader<'debug' | 'info' | 'warn' | 'error' | 'silent'> = (raw, _unit, name) => {
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : ''
  const level = Object.hasOwn(LEVELS, word) ? LEVELS[word] : undefined
  if (level !== undefined) return level
  throw new WindlassError(
    'config_invalid',
    `${name} is no level: ${show(raw)}${suggest(word, Object.keys(LEVELS))}`,
  )
}

const LEVELS: Readonly<Record<string, 'debug' | 'info' | 'warn' | 'error' | 'silent'>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  silent: 'silent',
  trace: 'debug',
  notice: 'info',
  warning: 'warn',
  critical: 'error',
  fatal: 'error',
  none: 'silent',
}
