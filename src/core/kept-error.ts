// From whatever a handler threw to the bounded record that is kept: name, message, stack, chain of causes.
// Nothing here throws, whatever was thrown: getters and proxies of strangers may. Every text that is kept is well
// formed UTF-16 without NUL, so that all engines give back the same bytes, and is without secrets (secrets.ts).
// Other properties of an error are not kept at all.

import { inspect } from 'node:util'

import { LIMITS } from './limits.ts'
import type { KeptError } from './record.ts'
import { maskSecrets } from './secrets.ts'

const NAME_BYTES = 128

/** Keeps an error, or any thrown value. Never throws, whatever was thrown. */
export function keepError(thrown: unknown): KeptError {
  const { name, message } = describe(thrown, 'a handler threw ')
  const causes = causesOf(thrown)
  return {
    code: codeOf(thrown),
    name,
    // Node's AggregateError (a host that refused on all its addresses) has no message of its own.
    message: message === '' ? (causes[0]?.message ?? '') : message,
    stack: isError(thrown) ? kept(textOf(read(thrown, 'stack')), LIMITS.errorStackBytes) : null,
    causes,
  }
}

/** A kept error made of words, for endings that have no thrown value. */
export function wordsAsError(code: string | null, name: string, message: string): KeptError {
  return { code, name, message: kept(message, LIMITS.errorMessageBytes), stack: null, causes: [] }
}

function causesOf(thrown: unknown): { name: string; message: string }[] {
  const causes: { name: string; message: string }[] = []
  const seen = new Set<unknown>([thrown])
  const open = nextCauses(thrown)
  while (open.length > 0 && causes.length < LIMITS.errorCauses) {
    const cause = open.shift()
    if (seen.has(cause)) continue
    seen.add(cause)
    causes.push(describe(cause, ''))
    open.push(...nextCauses(cause))
  }
  return causes
}

/** Its cause, then what an AggregateError lists. */
function nextCauses(error: unknown): unknown[] {
  if (!isError(error)) return []
  const cause = read(error, 'cause')
  const listed = isAggregate(error) ? listOf(read(error, 'errors')) : []
  return cause === undefined ? listed : [cause, ...listed]
}

function describe(thrown: unknown, prefix: string): { name: string; message: string } {
  if (!isError(thrown)) {
    return { name: 'NotAnError', message: kept(prefix + plainText(thrown), LIMITS.errorMessageBytes) }
  }
  const message = read(thrown, 'message')
  return {
    name: kept(textOf(read(thrown, 'name')), NAME_BYTES) || 'Error',
    message: kept(
      typeof message === 'string' || message === undefined ? textOf(message) : plainText(message),
      LIMITS.errorMessageBytes,
    ),
  }
}

function codeOf(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null) return null
  const code = read(thrown, 'code')
  return typeof code === 'string' || typeof code === 'number' ? kept(String(code), NAME_BYTES) : null
}

/** True also for errors of another realm (a vm, a test runner). */
function isError(value: unknown): value is Error {
  try {
    return Error.isError(value) || value instanceof Error
  } catch {
    return false
  }
}

function isAggregate(error: Error): boolean {
  return error instanceof AggregateError || read(error, 'name') === 'AggregateError'
}

function read(from: object, key: string): unknown {
  try {
    return (from as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

/** The first few of a list that may be endless, hostile or no list at all. */
function listOf(value: unknown): unknown[] {
  try {
    return Array.isArray(value) ? (value.slice(0, LIMITS.errorCauses) as unknown[]) : []
  } catch {
    return []
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** `inspect` shows anything, also what JSON cannot; bounded here, and no code of a stranger runs. */
function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return inspect(value, {
      depth: 1,
      breakLength: Number.POSITIVE_INFINITY,
      customInspect: false,
      maxArrayLength: 20,
      maxStringLength: 500,
    })
  } catch {
    return 'a value that cannot be shown'
  }
}

/** What is kept of a text. Secrets are replaced first, so that a cut does not hide the end by which they are known. */
function kept(text: string, bytes: number): string {
  return cut(maskSecrets(text.slice(0, bytes + 1_024)), bytes)
}

/** Cuts to at most `bytes` bytes of UTF-8 without splitting a character; what it gives is well formed, without NUL. */
export function cut(text: string, bytes: number): string {
  // Each UTF-16 unit takes a byte at least: what lies further behind is not looked at.
  const head = text
    .slice(0, bytes + 1)
    .toWellFormed()
    .replaceAll('\0', '\ufffd')
  if (head.length * 3 <= bytes) return head
  const buffer = Buffer.from(head)
  if (buffer.length <= bytes) return head
  const mark = bytes < 3 ? '' : '…'
  // Step back over continuation bytes (10xxxxxx), so that the cut falls between characters.
  let end = bytes - 3 * mark.length
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end--
  return `${buffer.subarray(0, end).toString()}${mark}`
}
