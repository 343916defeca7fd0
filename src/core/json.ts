// JSON at the edge: from a value to the exact text that is stored, or a refusal. What JSON would silently change
// (undefined in lists, holes, NaN, functions, Map, Promise, invalid dates) or what could harm a reader (`__proto__`
// keys, great depth) is refused. The check sees each member as it is written, so that no getter or toJSON slips by.
// Left to JSON's own ways: undefined members, symbol keys and named members of lists vanish, −0 is written as 0.

import { types } from 'node:util'

import { WindlassError, type ErrorCode } from './errors.ts'
import { LIMITS } from './limits.ts'

/** Which codes a refusal carries: those of a payload, of a result or of an option. */
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
/** For small JSON that is an option, such as `meta`. */
export const OPTION_CODES: JsonCodes = {
  notJson: 'invalid_option',
  tooLarge: 'invalid_option',
  tooDeep: 'invalid_option',
}

/**
 * The JSON text of a value.
 * @param value undefined counts as null; objects may have toJSON; undefined members are left out as JSON does
 * @param what what it is, for the message
 * @param limit most bytes of UTF-8
 * @throws WindlassError with one of `codes`, and nothing else, whatever the value does
 */
export function toJsonText(
  value: unknown,
  what: string,
  codes: JsonCodes,
  limit: number = LIMITS.payloadBytes,
): string {
  if (value === undefined) return 'null'
  const text = new Writer(what, codes, limit).write(value)
  checkSize(text, what, codes, limit)
  return text
}

/**
 * Refuses a text that is over `limit` bytes of UTF-8.
 * @throws WindlassError `codes.tooLarge`
 */
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

/**
 * Checks JSON text that came from outside without JavaScript values: size, syntax, depth, `__proto__`, numbers that
 * are too large for JavaScript.
 * @throws WindlassError with one of `codes`
 */
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
  new Writer(what, codes, limit).write(value)
}

/** One writing of one value: checks each member at the moment when JSON.stringify writes it. */
class Writer {
  readonly #what: string
  readonly #codes: JsonCodes
  readonly #limit: number
  /** The objects that are being written, outermost first, and the keys under which they were met. */
  readonly #open: object[] = []
  readonly #keys: string[] = []
  /** Bytes that the text has at least. */
  #size = 0
  #visits = 0
  #refusal: WindlassError | null = null

  constructor(what: string, codes: JsonCodes, limit: number) {
    this.#what = what
    this.#codes = codes
    this.#limit = limit
  }

  write(value: unknown): string {
    const visit = (holder: object, key: string, member: unknown): unknown => this.#visit(holder, key, member)
    try {
      const text = JSON.stringify(value, function (this: object, key: string, member: unknown): unknown {
        return visit(this, key, member)
      }) as string | undefined
      if (text !== undefined) return text
    } catch (cause) {
      throw (
        this.#refusal ?? new WindlassError(this.#codes.notJson, this.#said('cannot be written'), { cause })
      )
    }
    throw new WindlassError(this.#codes.notJson, this.#said('cannot be written'))
  }

  /** `member` is what toJSON gave where there is one; what was given then is still to be found in `holder`. */
  #visit(holder: object, key: string, member: unknown): unknown {
    while (this.#open.length > 0 && this.#open.at(-1) !== holder) {
      this.#open.pop()
      this.#keys.pop()
    }
    const listed = Array.isArray(holder)
    this.#count(member === undefined && !listed ? 0 : sizeOf(member) + (listed ? 0 : key.length))
    if (key === '__proto__' && !listed) this.#refuse(this.#codes.notJson, key, 'a key that harms its reader')
    const problem =
      member === undefined && !listed && this.#open.length > 0 ? null : problemOf(member, holder, key)
    if (problem !== null) this.#refuse(this.#codes.notJson, key, problem)
    if (typeof member !== 'object' || member === null) return member
    if (this.#open.includes(member)) this.#refuse(this.#codes.notJson, key, 'part of a cycle')
    if (this.#open.length >= LIMITS.jsonDepth) {
      this.#refusal = new WindlassError(
        this.#codes.tooDeep,
        `${this.#what} is nested deeper than ${LIMITS.jsonDepth} levels`,
      )
      throw this.#refusal
    }
    this.#open.push(member)
    this.#keys.push(key)
    return member
  }

  /** A graph that shares members could be walked for ever, or written as a text that fills the memory. */
  #count(size: number): void {
    this.#size += size
    this.#visits++
    if (this.#size <= this.#limit && this.#visits <= 4 * this.#limit + 1_000) return
    this.#refusal = new WindlassError(
      this.#codes.tooLarge,
      `${this.#what} is larger than the limit of ${this.#limit} bytes`,
      { detail: { limit: this.#limit } },
    )
    throw this.#refusal
  }

  #refuse(code: ErrorCode, key: string, problem: string): never {
    this.#refusal = new WindlassError(code, `${this.#what}${this.#pathTo(key)} is ${problem}`)
    throw this.#refusal
  }

  #said(words: string): string {
    return `${this.#what} ${words} as JSON`
  }

  /** `.rows[3].name`, no more than five steps. The first key is that of the root. */
  #pathTo(key: string): string {
    if (this.#open.length === 0) return ''
    const steps = [...this.#keys.slice(1), key].slice(0, 5)
    return steps.map((step, i) => stepText(step, Array.isArray(this.#open[i]))).join('')
  }
}

function stepText(step: string, listed: boolean): string {
  if (listed) return `[${step}]`
  return /^[\w$]+$/.test(step) ? `.${step.slice(0, 40)}` : `[${JSON.stringify(step.slice(0, 40))}]`
}

/** Bytes that a member takes at least. */
function sizeOf(member: unknown): number {
  return typeof member === 'string' ? member.length + 2 : 1
}

function problemOf(member: unknown, holder: object, key: string): string | null {
  switch (typeof member) {
    case 'number':
      return Number.isFinite(member) ? null : `${member}, which JSON cannot hold`
    case 'bigint':
      return 'a bigint, which JSON cannot hold'
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    case 'undefined':
      return 'undefined'
    case 'object':
      return problemOfObject(member, (holder as Record<string, unknown>)[key])
    default:
      return null
  }
}

/**
 * What has its content in hidden slots would be written as `{}`, as null or as a list of bytes. `given` is what stood
 * there before toJSON: whoever brings a toJSON of his own says how it is to be written.
 */
function problemOfObject(member: object | null, given: unknown): string | null {
  if (member === null) return types.isDate(given) ? 'an invalid date' : null
  if (ArrayBuffer.isView(given)) return 'binary data, which JSON cannot hold'
  const kind = Object.getPrototypeOf(member) as unknown
  if (kind === Object.prototype || kind === Array.prototype || kind === null) return null
  if (types.isPromise(member)) return 'a promise; await it first'
  if (Error.isError(member)) return 'an error, whose message JSON would lose'
  const hidden =
    types.isMap(member) ||
    types.isSet(member) ||
    types.isWeakMap(member) ||
    types.isWeakSet(member) ||
    types.isRegExp(member) ||
    types.isAnyArrayBuffer(member) ||
    types.isBoxedPrimitive(member) ||
    types.isGeneratorObject(member)
  return hidden ? 'no plain JSON object' : null
}
