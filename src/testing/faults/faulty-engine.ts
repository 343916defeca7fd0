// An engine behind a bad connection: calls are delayed, refused, lost on the way, and above all done and then said to
// have failed. Promises that whatever it tells the caller is true as far as the caller can know (never `not applied`
// of what may happen). Leaves which fate a call meets, and what time is, to its link.

import type { Engine } from '../../core/engine.ts'
import { WindlassError } from '../../core/errors.ts'
import type { Fate } from './fate.ts'

/** The connection between one client and the store. */
export interface Link {
  /** What becomes of this call. */
  fate(verb: string): Fate
  /** False: this hint never arrives; else how long it takes. */
  hint(): number | false
  /** Runs later, whatever has become of the client: it is on its way already. */
  network(ms: number, arrive: () => void): void
  /** Runs later at the client, if it still lives then; answers the way to call it off. */
  client(ms: number, hear: () => void): () => void
  /** How long a client waits for an answer. */
  readonly timeout: number
}

type Method = (...args: readonly unknown[]) => Promise<unknown>

/** Not calls to the store, or not subject to faults. */
const DIRECT: ReadonlySet<string> = new Set(['close', 'migrate', 'durability', 'now'])
const GROUPS: ReadonlySet<string> = new Set(['records', 'schedules', 'documents', 'journal'])

/** The engine as a client at the end of `link` sees it. */
export function faultyEngine(engine: Engine, link: Link): Engine {
  return through(engine, link, (name, value) => {
    if (name === 'watch') return watcher(engine, link)
    if (GROUPS.has(name)) return through(value as object, link, () => undefined)
    return DIRECT.has(name) ? (value as Method).bind(engine) : undefined
  })
}

/** Every method goes over the link, except what `special` replaces. */
function through<T extends object>(
  target: T,
  link: Link,
  special: (name: string, value: unknown) => unknown,
): T {
  const known = new Map<string, unknown>()
  return new Proxy(target, {
    get(from, key) {
      const name = String(key)
      if (known.has(name)) return known.get(name)
      const value: unknown = Reflect.get(from, key, from)
      const replaced = special(name, value)
      const call = value as Method
      const sent = (...args: readonly unknown[]): Promise<unknown> =>
        send(name, () => call.apply(from, args as []), link)
      const shown = replaced ?? (typeof value === 'function' ? sent : value)
      known.set(name, shown)
      return shown
    },
  })
}

function watcher(engine: Engine, link: Link): Engine['watch'] {
  return (listener) =>
    engine.watch((hint) => {
      const ms = link.hint()
      if (ms !== false) link.client(ms, () => listener(hint))
    })
}

function send(verb: string, call: () => Promise<unknown>, link: Link): Promise<unknown> {
  const { kind, there, back } = link.fate(verb)
  return new Promise((resolve, reject) => {
    const doubt = (): void => reject(unknownError(verb))
    const silently = (): void => void call().catch(() => undefined)
    switch (kind) {
      case 'refuse':
        link.client(there + back, () => reject(refusal(verb)))
        return
      case 'lost_request':
        link.client(link.timeout, doubt)
        return
      case 'lost_reply':
        link.network(there, silently)
        link.client(link.timeout, doubt)
        return
      case 'late':
        link.network(link.timeout + there + back, silently)
        link.client(link.timeout, doubt)
        return
      case 'double':
        // In a row: with others between them the second answer could deny what the first delivery did.
        link.network(there, silently)
        break
      case 'answer':
    }
    const giveUp = link.client(link.timeout, doubt)
    const answer = (hear: () => void): void => {
      link.client(back, () => {
        giveUp()
        hear()
      })
    }
    link.network(there, () => {
      call().then(
        (reply) => answer(() => resolve(reply)),
        (error: Error) => answer(() => reject(error)),
      )
    })
  })
}

function refusal(verb: string): WindlassError {
  return new WindlassError('engine_busy', `${verb} was refused by a test`, { applied: 'no' })
}

function unknownError(verb: string): WindlassError {
  return new WindlassError('engine_timeout', `no answer to ${verb}`, { applied: 'unknown' })
}
