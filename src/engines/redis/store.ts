// A namespace on a server: how its scripts and commands are called, with the time and the keys that they need.
// Promises that one call carries at most 1,000 items. What the scripts do is in lua/.

import { WindlassError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Link, Reply } from './link.ts'
import { RecordReader } from './records.ts'

export class Store {
  readonly reader = new RecordReader()
  /** Changes that a sweep leaves. */
  readonly changesKept: number
  readonly #link: Link
  readonly #clock: (() => number) | null
  readonly #prefix: string

  constructor(link: Link, options: StoreOptions) {
    this.#link = link
    this.#clock = options.now
    this.#prefix = prefixOf(options.namespace)
    this.changesKept = options.changesKept
  }

  /** Runs a script; its answer is a list. @param quiet hints of ends are left out */
  async run(name: string, args: readonly string[], quiet = false): Promise<readonly Reply[]> {
    const now = this.#clock === null ? '' : String(this.#clock())
    const reply = await this.#link.run(name, this.#prefix, [now, quiet ? 'q' : '', ...args])
    return Array.isArray(reply) ? (reply as readonly Reply[]) : [reply]
  }

  /** Runs a command on one of the namespace's keys. */
  async command(verb: string, key: string, ...args: string[]): Promise<Reply> {
    return this.#link.command(verb, `${this.#prefix}${key}`, ...args)
  }

  /** A command whose answer is a list of texts. */
  async texts(verb: string, key: string, ...args: string[]): Promise<string[]> {
    const reply = await this.command(verb, key, ...args)
    return Array.isArray(reply) ? reply.map((one) => (one === null ? '' : String(one))) : []
  }

  /** A hash as pairs. */
  async pairs(key: string): Promise<[string, string][]> {
    const flat = await this.texts('HGETALL', key)
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? ''])
  }

  /** Engine time. */
  async now(): Promise<number> {
    if (this.#clock !== null) return this.#clock()
    const [seconds, micros] = (await this.#link.command('TIME')) as readonly string[]
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
  }
}

export interface StoreOptions {
  readonly namespace: string
  readonly now: (() => number) | null
  readonly changesKept: number
}

/** What all keys of a namespace begin with: one hash tag, so that they are on one node of a cluster. */
export function prefixOf(namespace: string): string {
  return `{windlass:${namespace}}:`
}

/**
 * Calls for each part of at most 1,000 items, one after the other; answers all together.
 * A part that failed for certain leaves the whole in doubt if others were done before it.
 */
export async function inParts<T, R>(
  items: readonly T[],
  call: (part: readonly T[]) => Promise<readonly R[]>,
  weightOf: (item: T) => number = () => 1,
): Promise<R[]> {
  const answers: R[] = []
  let part: T[] = []
  let weight = 0
  const callPart = async (): Promise<void> => {
    try {
      answers.push(...(await call(part)))
    } catch (error) {
      throw answers.length > 0 ? inDoubt(error) : error
    }
  }
  for (const item of items) {
    const more = weightOf(item)
    if (part.length > 0 && weight + more > LIMITS.batch) {
      await callPart()
      part = []
      weight = 0
    }
    part.push(item)
    weight += more
  }
  if (part.length > 0) await callPart()
  return answers
}

/** The same failure of a call of which a part was applied. */
function inDoubt(error: unknown): unknown {
  if (!(error instanceof WindlassError) || error.applied !== 'no') return error
  const { code, message, hint, detail } = error
  return new WindlassError(code, message, { cause: error, applied: 'unknown', hint, detail })
}
