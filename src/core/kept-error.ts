// From whatever a handler threw to the bounded record that is kept: name, message, stack, chain of causes.

import { inspect } from 'node:util'

import { LIMITS } from './limits.ts'
import type { KeptError } from './record.ts'

/** Keeps an error, or any thrown value. Never throws, whatever was thrown. */
export function keepError(thrown: unknown): KeptError {
  const { name, message } = describe(thrown)
  return {
    code: codeOf(thrown),
    name,
    message,
    stack: thrown instanceof Error ? cut(readText(thrown, 'stack'), LIMITS.errorStackBytes) : null,
    causes: causesOf(thrown),
  }
}

/** A kept error made of words, for endings that have no thrown value. */
export function wordsAsError(code: string | null, name: string, message: string): KeptError {
  return { code, name, message: cut(message, LIMITS.errorMessageBytes), stack: null, causes: [] }
}

function causesOf(thrown: unknown): { name: string; message: string }[] {
  const causes: { name: string; message: string }[] = []
  const seen = new Set<unknown>([thrown])
  const next = (error: unknown): unknown[] => {
    if (typeof error !== 'object' || error === null) return []
    const listed: unknown[] = error instanceof AggregateError ? error.errors : []
    return 'cause' in error && error.cause !== undefined ? [error.cause, ...listed] : listed
  }
  const open = next(thrown)
  while (open.length > 0 && causes.length < LIMITS.errorCauses) {
    const cause = open.shift()
    if (seen.has(cause)) continue
    seen.add(cause)
    causes.push(describe(cause))
    open.push(...next(cause).slice(0, LIMITS.errorCauses))
  }
  return causes
}

function describe(thrown: unknown): { name: string; message: string } {
  if (thrown instanceof Error) {
    const name = readText(thrown, 'name')
    return {
      name: name.slice(0, 128) || 'Error',
      message: cut(readText(thrown, 'message'), LIMITS.errorMessageBytes),
    }
  }
  return {
    name: 'NotAnError',
    message: cut(`a handler threw ${plainText(thrown)}`, LIMITS.errorMessageBytes),
  }
}

function codeOf(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return null
  const code = thrown.code
  return typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, 128) : null
}

/** Getters of strangers may throw. */
function readText(error: Error, key: 'name' | 'message' | 'stack'): string {
  try {
    const text: unknown = error[key]
    return typeof text === 'string' ? text : ''
  } catch {
    return ''
  }
}

/** `inspect` shows anything, also what JSON cannot: bounded here, and safe against hostile getters. */
function plainText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : inspect(value, { depth: 2, breakLength: Number.POSITIVE_INFINITY })
}

/** Cuts to a number of bytes of UTF-8 without splitting a character. */
export function cut(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text
  const buffer = Buffer.from(text)
  if (buffer.length <= bytes) return text
  // Step back over continuation bytes (10xxxxxx), so that the cut falls between characters.
  let end = bytes - 3
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end--
  return `${buffer.subarray(0, end).toString()}…`
}
