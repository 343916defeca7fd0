// A thread for one task at a time. Its heap can be limited; a handler that blocks it can be ended, a call into the
// system that does not return cannot. What a thread cannot be kept from: the memory, files and fate of its process.

import { Worker as Thread } from 'node:worker_threads'

import { formatBytes } from '../../core/byte-size.ts'
import { keepError, wordsAsError } from '../../core/kept-error.ts'
import type { KeptError } from '../../core/record.ts'
import type { Cell, CellListener, CellOptions } from './cell.ts'
import { readFromChild, wrap, type ToChild } from './messages.ts'
import { childFlags } from './node-flags.ts'

/** In `dist` the neighbour is JavaScript. */
const ENTRY = import.meta.url.endsWith('.ts')
  ? new URL('./thread-entry.ts', import.meta.url)
  : new URL('./thread-entry.js', import.meta.url)

export class ThreadCell implements Cell {
  readonly name: string
  ready = false
  used = 0
  listener: CellListener
  readonly #thread: Thread
  readonly #memory: number | null
  #error: unknown = undefined

  constructor({ start, memory }: CellOptions, listener: CellListener) {
    this.listener = listener
    this.#memory = memory
    this.#thread = new Thread(ENTRY, {
      workerData: start,
      execArgv: childFlags(process.execArgv),
      name: 'windlass task',
      ...(memory === null
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memory / 1024 ** 2) } }),
    })
    this.name = `thread ${this.#thread.threadId}`
    this.#thread.on('message', (value: unknown) => {
      const message = readFromChild(value)
      if (message === null) return
      this.ready ||= message.kind === 'ready'
      this.listener.message(message)
    })
    this.#thread.on('error', (error: unknown) => {
      this.#error = error
    })
    this.#thread.on('exit', (code) => this.listener.ended(this.#cause(code)))
    // The claimer decides how long the process lives.
    this.#thread.unref()
  }

  send(message: ToChild): void {
    this.#thread.postMessage(wrap(message))
  }

  kill(): void {
    void this.#thread.terminate()
  }

  #cause(code: number): KeptError {
    const error = this.#error
    if (error === undefined)
      return wordsAsError('exit_code', 'Crash', `its thread ended with exit code ${code} before the task did`)
    const kept = keepError(error)
    if (kept.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      const limit = this.#memory === null ? 'that of Node' : formatBytes(this.#memory)
      return wordsAsError('memory_limit', 'Crash', `its thread reached its memory limit, ${limit} of heap`)
    }
    const message = `an error that nobody caught ended its thread: ${kept.name}: ${kept.message}`
    return { ...wordsAsError('uncaught_error', 'Crash', message), stack: kept.stack }
  }
}
