// JSON at the edge: from a value to the exact text that is stored, or a refusal. What JSON would silently change
// (undefined in lists, NaN, functions, cycles) or what could harm a reader (`__proto__` keys) is refused.

import { WindlassError, type ErrorCode } from './errors.ts'
import { LIMITS } from './limits.ts'

/** Which codes a refusal carries: those of a payload or those of a result. */
export interface JsonCodes {
  readonly notJson: ErrorCode
  readonly tooLarge: ErrorCode
  readonly tooDeep: ErrorCode
}

export const PAYLOAD_CODES: JsonCodes = {
  notJson: 'payload_not_json',
  tooLarge: 'payload_too_large',
  tooDeep: 'payload_too_deep',
}
export const RESULT_CODES: JsonCodes = {
  notJson: 'result_not_json',
  tooLarge: 'result_too_large',
  tooDeep: 'result_not_json',
}

/**
 * The JSON text of a value.
 * @param value undefined counts as null; objects may have toJSON; undefined members are left out as JSON does
 * @param limit most bytes of UTF-8
 * @throws WindlassError with one of `codes`
 */
export function toJsonText(
  value: unknown,
  what: string,
  codes: JsonCodes,
  limit: number = LIMITS.payloadBytes,
): string {
  if (value === undefined) return 'null'
  checkShape(value, what, codes, limit)
  const text = stringify(value, what, codes)
  checkSize(text, what, codes, limit)
  return text
}

/** Refuses a text that is over `limit` bytes of UTF-8. */
export function checkSize(text: string, what: string, codes: JsonCodes, limit: number): void {
  // A text of n UTF-16 units has at most 3n bytes: most need no count.
  if (text.length * 3 <= limit) return
  const bytes = Buffer.byteLength(text)
  if (bytes > limit) {
    throw new WindlassError(codes.tooLarge, `${what} is ${bytes} bytes, the limit is ${limit}`, {
      detail: { bytes, limit },
    })
  }
}

function stringify(value: unknown, what: string, codes: JsonCodes): string {
  try {
    const text = JSON.stringify(value) as string | undefined
    if (text !== undefined) return text
  } catch (cause) {
    throw new WindlassError(codes.notJson, `${what} cannot be written as JSON`, { cause })
  }
  throw new WindlassError(codes.notJson, `${what} cannot be written as JSON`)
}

/** Walks without recursion, so that hostile depth cannot overflow the stack. */
function checkShape(root: unknown, what: string, codes: JsonCodes, limit: number): void {
  const stack: { value: unknown; depth: number; path: string }[] = [{ value: root, depth: 1, path: '' }]
  // Each member takes a byte at least; a graph that shares members could otherwise be walked for ever.
  let visits = 0
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    if (++visits > limit) throw new WindlassError(codes.tooLarge, `${what} has more than ${limit} members`)
    const problem = problemOf(item.value)
    if (problem !== null) throw new WindlassError(codes.notJson, `${what}${item.path} is ${problem}`)
    const value = item.value
    if (typeof value !== 'object' || value === null || hasToJson(value)) continue
    if (item.depth > LIMITS.jsonDepth) {
      throw new WindlassError(codes.tooDeep, `${what} is nested deeper than ${LIMITS.jsonDepth} levels`)
    }
    pushMembers(stack, value, item, what, codes)
  }
}

function pushMembers(
  stack: { value: unknown; depth: number; path: string }[],
  value: object,
  item: { depth: number; path: string },
  what: string,
  codes: JsonCodes,
): void {
  const list = Array.isArray(value)
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__')
      throw new WindlassError(codes.notJson, `${what}${item.path} has a key "__proto__"`)
    if (member === undefined && !list) continue
    if (typeof member === 'string' || typeof member === 'boolean') continue
    const path = item.depth > 4 ? item.path : `${item.path}${list ? `[${key}]` : `.${key.slice(0, 40)}`}`
    stack.push({ value: member, depth: item.depth + 1, path })
  }
}

function hasToJson(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

function problemOf(value: unknown): string | null {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? null : `${value}, which JSON cannot hold`
    case 'bigint':
      return 'a bigint, which JSON cannot hold'
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    case 'undefined':
      return 'undefined'
    case 'object':
      return value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)
        ? 'no plain JSON object'
        : null
    default:
      return null
  }
}

/** Checks JSON text that came from outside without JavaScript values: size, syntax, depth, `__proto__`. */
export function checkJsonText(
  text: string,
  what: string,
  codes: JsonCodes,
  limit: number = LIMITS.payloadBytes,
): void {
  checkSize(text, what, codes, limit)
  if (!text.isWellFormed()) throw new WindlassError(codes.notJson, `${what} has half a surrogate pair`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new WindlassError(codes.notJson, `${what} is no valid JSON`, { cause })
  }
  checkShape(value, what, codes, limit)
}
