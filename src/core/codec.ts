// The seam for encrypting or compressing what is stored: payloads and results pass a codec on their way in and out.
// The name of the codec is kept on the task, so that old tasks stay readable after a change of codecs. A codec that
// fails, or answers what not every store can keep, is refused: nothing is ever stored plain in its place.

import { WindlassError } from './errors.ts'

/** Turns JSON text into stored text and back, byte for byte. Must be synchronous and must not keep state. */
export interface Codec {
  /** Stable name, kept on each task it wrote. */
  readonly name: string
  /** Well-formed text without NUL (such as base64): what SQL stores can keep as text. */
  encode(text: string): string
  decode(text: string): string
}

/** The codecs of one system: the one that writes and those that may still be met. */
export class Codecs {
  readonly #writer: Codec | null
  readonly #readers: ReadonlyMap<string, Codec>

  /**
   * @param list the first one writes; none: plain JSON text
   * @throws WindlassError `config_invalid` when two have the same name
   */
  constructor(list: readonly Codec[] = []) {
    this.#writer = list[0] ?? null
    this.#readers = new Map(list.map((codec) => [codec.name, codec]))
    if (this.#readers.size === list.length) return
    throw new WindlassError('config_invalid', 'two codecs have the same name', {
      hint: 'Give each codec a name of its own; a new key is a new name.',
    })
  }

  /** Name of the codec that writes; null: plain JSON text. */
  get writer(): string | null {
    return this.#writer?.name ?? null
  }

  knows(name: string | null): boolean {
    return name === null || this.#readers.has(name)
  }

  /** @throws WindlassError `invalid_option` for a codec that is not configured here, `codec_failed` for one that fails */
  encode(text: string, name: string | null): string {
    const codec = this.#pick(name)
    if (codec === null) return text
    const encoded = run(codec, 'encode', text)
    if (encoded.isWellFormed() && !encoded.includes('\0')) return encoded
    throw failed(codec, 'encode', 'answered half a surrogate pair or a NUL, which not every store can keep')
  }

  /** @throws WindlassError `invalid_option` for a codec that is not configured here, `codec_failed` for one that fails */
  decode(text: string, name: string | null): string {
    const codec = this.#pick(name)
    return codec === null ? text : run(codec, 'decode', text)
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

function run(codec: Codec, verb: 'encode' | 'decode', text: string): string {
  let answer: unknown
  try {
    answer = codec[verb](text)
  } catch (cause) {
    throw failed(codec, verb, 'failed', cause)
  }
  if (typeof answer === 'string') return answer
  throw failed(codec, verb, `answered ${typeof answer}, not text; it must be synchronous`)
}

function failed(codec: Codec, verb: string, words: string, cause?: unknown): WindlassError {
  const message = `${verb} of the codec ${JSON.stringify(codec.name)} ${words}`
  return new WindlassError('codec_failed', message, { cause })
}
