// The seam for encrypting or compressing what is stored: payloads and results pass a codec on their way in and out.
// The name of the codec is kept on the task, so that old tasks stay readable after a change of codecs.

import { WindlassError } from './errors.ts'

/** Turns JSON text into stored text and back, byte for byte. Must be synchronous and must not keep state. */
export interface Codec {
  /** Stable name, kept on each task it wrote. */
  readonly name: string
  encode(text: string): string
  decode(text: string): string
}

/** The codecs of one system: the one that writes and those that may still be met. */
export class Codecs {
  readonly #writer: Codec | null
  readonly #readers: ReadonlyMap<string, Codec>

  /** @param list the first one writes; none: plain JSON text */
  constructor(list: readonly Codec[] = []) {
    this.#writer = list[0] ?? null
    this.#readers = new Map(list.map((codec) => [codec.name, codec]))
  }

  /** Name of the codec that writes; null: plain JSON text. */
  get writer(): string | null {
    return this.#writer?.name ?? null
  }

  knows(name: string | null): boolean {
    return name === null || this.#readers.has(name)
  }

  encode(text: string, name: string | null): string {
    return this.#pick(name)?.encode(text) ?? text
  }

  /** @throws WindlassError `invalid_option` for a codec that is not configured here */
  decode(text: string, name: string | null): string {
    return this.#pick(name)?.decode(text) ?? text
  }

  #pick(name: string | null): Codec | null {
    if (name === null) return null
    const codec = this.#readers.get(name)
    if (codec !== undefined) return codec
    throw new WindlassError('invalid_option', `the codec ${JSON.stringify(name)} is not configured here`, {
      hint: 'Add the codec to `codecs` in the config.',
    })
  }
}
