// Shared memory in which the worker's thread says that its event loop turns, and the heart's thread writes what that
// thread does when it says so no more. Read in the very turn in which a blocking handler ends, when no message could
// have arrived yet. Times are of a clock that all threads of the process share.

const HEAD = 24
const TEXT_BYTES = 1_024
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** performance.now() counts from the start of its thread; this brings it to the one origin of the process. */
const SHIFT = Number(process.hrtime.bigint()) / 1e6 - performance.now()

export class StallBoard {
  readonly buffer: SharedArrayBuffer
  /** When the loop last turned; to which turn the stack belongs. */
  readonly #times: Float64Array
  readonly #length: Int32Array
  readonly #text: Uint8Array

  /** @param buffer that of another thread's board */
  constructor(buffer = new SharedArrayBuffer(HEAD + TEXT_BYTES)) {
    this.buffer = buffer
    this.#times = new Float64Array(buffer, 0, 2)
    this.#length = new Int32Array(buffer, 16, 1)
    this.#text = new Uint8Array(buffer, HEAD)
  }

  /** The loop turns. */
  turned(): void {
    this.#times[0] = performance.now() + SHIFT
  }

  /** Nobody is to watch any more. */
  clear(): void {
    this.#times[0] = 0
  }

  /** How long the loop has stood still, in ms; 0 when nobody watches it, or when its stack is here already. */
  get age(): number {
    const [turned = 0, told = 0] = this.#times
    return turned === 0 || turned === told ? 0 : performance.now() + SHIFT - turned
  }

  /** What the thread does, instead of turning. */
  tell(stack: string): void {
    const { written } = encoder.encodeInto(stack, this.#text)
    Atomics.store(this.#length, 0, written)
    this.#times[1] = this.#times[0] ?? 0
  }

  /** What it did in the standstill that is just over; null: it is not known. */
  get stack(): string | null {
    const [turned = 0, told = 0] = this.#times
    // A copy: the decoder refuses shared memory.
    const text = decoder.decode(this.#text.slice(0, Atomics.load(this.#length, 0)))
    return turned === told && text !== '' ? text : null
  }
}
