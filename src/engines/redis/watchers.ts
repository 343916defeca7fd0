// Hints of changes, over a connection that does nothing else and is there only while somebody watches.
// Promises that a watcher that throws harms nobody, and that watchers are told `any` whenever hints may have been
// missed: when listening begins and when it goes on after a break. Nothing rests on a hint.

import type { Hint } from '../../core/hot-verbs.ts'
import type { RedisAddress } from './address.ts'
import { Link } from './link.ts'
import { prefixOf, type Store } from './store.ts'
import { FIELD, LINE, unword } from './words.ts'

export class Watchers {
  readonly #listeners = new Set<(hint: Hint) => void>()
  readonly #address: RedisAddress
  readonly #callTimeout: number
  #link: Link | null = null

  constructor(address: RedisAddress, callTimeout: number) {
    this.#address = address
    this.#callTimeout = callTimeout
  }

  /** Answers the way to stop it. */
  watch(listener: (hint: Hint) => void): () => void {
    // Each watch is its own entry, so that stopping one of two with the same listener stops one.
    const entry = (hint: Hint): void => listener(hint)
    this.#listeners.add(entry)
    this.#link ??= this.#listen()
    return () => {
      this.#listeners.delete(entry)
      if (this.#listeners.size === 0) this.#unlisten()
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#unlisten()
  }

  #listen(): Link {
    const link: Link = new Link(this.#address, {
      callTimeout: this.#callTimeout,
      connected: () => void this.#subscribe(link),
    })
    link.start()
    return link
  }

  #unlisten(): void {
    this.#link?.close()
    this.#link = null
  }

  async #subscribe(link: Link): Promise<void> {
    try {
      await link.subscribe(`${prefixOf(this.#address.namespace)}hints`, (message) => {
        for (const text of message.split(LINE)) this.#tell(hintOf(text))
      })
      this.#tell({ kind: 'any', queues: null })
    } catch {
      // The link connects again by itself, and this is called again.
    }
  }

  #tell(hint: Hint): void {
    for (const listener of this.#listeners) {
      try {
        listener(hint)
      } catch {
        // A hint may be lost: the listener's own error is its own business.
      }
    }
  }
}

/** Tells of ends that scripts were not to tell of; a hint that is lost harms nobody. */
export async function tellOfEnds(store: Store): Promise<void> {
  try {
    await store.command('PUBLISH', 'hints', `change${FIELD}`)
  } catch {
    // Nobody hears it; those who wait look for themselves after a while.
  }
}

function hintOf(text: string): Hint {
  const [kind, queue = ''] = text.split(FIELD)
  return { kind: kind as Hint['kind'], queues: queue === '' ? null : [unword(queue)] }
}
