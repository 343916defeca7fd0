// RESP2, the protocol of Redis, as far as an engine speaks it: commands as text, replies from whatever pieces of bytes
// the socket brings. Promises that a byte is looked at once however replies are cut, and that a reply which cannot be
// one is told. Sockets, timeouts and what replies mean are others' business.

/** What a server answers, as it came. */
export type Reply = string | number | null | readonly Reply[]

/** An error reply; its message is the server's, code first. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
}

/** A command and its arguments as they travel. */
export function encodeCommand(args: readonly string[]): string {
  let text = `*${args.length}\r\n`
  for (const arg of args) text += `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`
  return text
}

/** A list of which elements are still to come. */
interface Open {
  readonly list: Reply[]
  left: number
}

const [PLUS, MINUS, COLON, DOLLAR, STAR, CR] = [43, 45, 58, 36, 42, 13] as const

export class ReplyReader {
  readonly #told: (reply: Reply | ReplyError) => void
  readonly #open: Open[] = []
  /** Bytes of an element that has not come whole, and how many it takes at least. */
  #pieces: Buffer[] = []
  #have = 0
  #need = 1

  /** @param told hears each reply, in order */
  constructor(told: (reply: Reply | ReplyError) => void) {
    this.#told = told
  }

  /** Reads on. @throws Error when this is not the protocol */
  read(piece: Buffer): void {
    this.#have += piece.length
    if (this.#pieces.length > 0) {
      this.#pieces.push(piece)
      if (this.#have < this.#need) return
    }
    const bytes = this.#pieces.length > 0 ? Buffer.concat(this.#pieces) : piece
    const read = this.#readFrom(bytes)
    this.#have = bytes.length - read
    this.#pieces = this.#have === 0 ? [] : [bytes.subarray(read)]
  }

  /** Tells what is whole; answers where the first element begins that is not, and notes how much it takes. */
  #readFrom(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length) {
      const end = bytes.indexOf(CR, at)
      if (end < 0 || end + 1 >= bytes.length) {
        this.#need = bytes.length - at + 1
        return at
      }
      const kind = bytes[at]
      let next = end + 2
      if (kind === DOLLAR) {
        const length = numberIn(bytes, at + 1, end)
        if (length < 0) this.#take(null)
        else {
          next += length + 2
          if (next > bytes.length) {
            this.#need = next - at
            return at
          }
          this.#take(bytes.toString('utf8', end + 2, next - 2))
        }
      } else if (kind === STAR) this.#begin(numberIn(bytes, at + 1, end))
      else if (kind === COLON) this.#take(numberIn(bytes, at + 1, end))
      else if (kind === PLUS) this.#take(bytes.toString('utf8', at + 1, end))
      else if (kind === MINUS) this.#told(new ReplyError(bytes.toString('utf8', at + 1, end)))
      else throw new Error(`a reply of Redis cannot begin with the byte ${kind}`)
      at = next
    }
    return at
  }

  #begin(length: number): void {
    if (length > 0) this.#open.push({ list: [], left: length })
    else this.#take(length < 0 ? null : [])
  }

  #take(value: Reply): void {
    for (;;) {
      const open = this.#open.at(-1)
      if (open === undefined) return this.#told(value)
      open.list.push(value)
      if (--open.left > 0) return
      this.#open.pop()
      value = open.list
    }
  }
}

function numberIn(bytes: Buffer, from: number, end: number): number {
  const negative = bytes[from] === MINUS
  let value = 0
  for (let i = negative ? from + 1 : from; i < end; i++) value = value * 10 + (bytes[i] ?? 0) - 48
  return negative ? -value : value
}
