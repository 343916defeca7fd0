// A process for one task at a time, leader of a process group of its own: what handlers start dies with it. Its memory
// is watched from outside, its heap limited from inside. It holds the other end of a pipe of this process, and so dies
// with it (lifeline.ts).

import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

import type { Cancel, Clock } from '../../base/clock.ts'
import { formatBytes } from '../../core/byte-size.ts'
import { cut, wordsAsError } from '../../core/kept-error.ts'
import type { KeptError } from '../../core/record.ts'
import type { Cell, CellListener, CellOptions } from './cell.ts'
import { CHILD_START, GUARD_FD, killGroup } from './lifeline.ts'
import { readFromChild, wrap, type ToChild } from './messages.ts'
import { childFlags } from './node-flags.ts'

/** In `dist` the neighbour is JavaScript. */
const ENTRY = fileURLToPath(
  import.meta.url.endsWith('.ts')
    ? new URL('./process-entry.ts', import.meta.url)
    : new URL('./process-entry.js', import.meta.url),
)
/** How often memory is looked at. */
const LOOK = 250
/** What is kept of its stderr, to say why it died. */
const LAST_WORDS = 4_096
/** How long the last words of a dead process are waited for: what it started may hold the pipe open. */
const LAST_WORDS_WITHIN = 100

export class ProcessCell implements Cell {
  readonly name: string
  ready = false
  used = 0
  listener: CellListener
  readonly #process: ChildProcess
  readonly #clock: Clock
  readonly #memory: number | null
  #watch: Cancel | null = null
  #tooMuch: number | null = null
  #stderr = ''
  #over = false

  constructor({ start, memory, env }: CellOptions, clock: Clock, listener: CellListener) {
    this.listener = listener
    this.#memory = memory
    this.#clock = clock
    const heap = memory === null ? [] : [`--max-old-space-size=${Math.ceil(memory / 1024 ** 2)}`]
    this.#process = spawn(process.execPath, [...childFlags(process.execArgv), ...heap, ENTRY], {
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc', 'pipe'],
      env: { ...process.env, ...env, [CHILD_START]: JSON.stringify(start) },
    })
    this.name = `process ${this.#process.pid ?? '?'}`
    this.#listen()
    this.#hearGuard()
    this.#letGo()
    if (memory !== null && process.platform === 'linux') this.#lookAtMemory(memory)
  }

  send(message: ToChild): void {
    // The callback takes the error of a channel that closed meanwhile: its end is told by `exit`.
    if (this.#process.connected) this.#process.send(wrap(message), () => {})
  }

  kill(): void {
    if (this.#process.pid !== undefined) killGroup(this.#process.pid)
  }

  #listen(): void {
    const child = this.#process
    child.on('message', (value: unknown) => {
      const message = readFromChild(value)
      if (message === null) return
      this.ready ||= message.kind === 'ready'
      this.listener.message(message)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      this.#stderr = (this.#stderr + text).slice(-LAST_WORDS)
    })
    child.on('error', (error) => {
      // Also told when a signal or a message could not be sent: only a process that never ran ends here.
      if (child.pid === undefined) this.#end(wordsAsError('child_failed', 'Crash', error.message))
    })
    // A handler that closes the channel leaves nobody to talk to.
    child.once('disconnect', () => this.kill())
    child.once('exit', (code, signal) => {
      this.kill()
      const end = (): void => this.#end(this.#cause(code, signal))
      const cancel = this.#clock.timer(LAST_WORDS_WITHIN, end, true)
      child.once('close', () => {
        cancel()
        end()
      })
    })
  }

  /** The claimer decides how long this process lives. */
  #letGo(): void {
    this.#process.unref()
    this.#process.channel?.unref()
    for (const pipe of [this.#process.stderr, this.#process.stdio[GUARD_FD]])
      if (pipe instanceof Socket) pipe.unref()
  }

  #hearGuard(): void {
    const pipe = this.#process.stdio[GUARD_FD]
    if (!(pipe instanceof Socket)) return
    pipe.setEncoding('utf8').on('data', (stack: string) => this.listener.stalled(stack))
    pipe.on('error', () => {})
  }

  #lookAtMemory(limit: number): void {
    this.#watch = this.#clock.timer(LOOK, () => {
      const used = residentBytes(this.#process.pid)
      if (used <= limit) return this.#lookAtMemory(limit)
      this.#tooMuch = used
      this.kill()
    })
  }

  #end(cause: KeptError): void {
    if (this.#over) return
    this.#over = true
    this.#watch?.()
    this.listener.ended(cause)
  }

  #cause(code: number | null, signal: NodeJS.Signals | null): KeptError {
    const limit = this.#memory === null ? 'that of Node' : formatBytes(this.#memory)
    const because = (kind: string, words: string): KeptError => {
      const last = this.#stderr.trim()
      const causes = last === '' ? [] : [{ name: 'stderr', message: cut(last, LAST_WORDS) }]
      return { ...wordsAsError(kind, 'Crash', words), causes }
    }
    if (this.#tooMuch !== null)
      return because(
        'memory_limit',
        `its process used ${formatBytes(this.#tooMuch)} of memory, the limit is ${limit}`,
      )
    if (/heap out of memory|Reached heap limit/.test(this.#stderr))
      return because('memory_limit', `its process reached its memory limit, ${limit} of heap`)
    if (signal !== null) return because('signal', `its process was killed by ${signal}`)
    return because('exit_code', `its process ended with exit code ${code ?? 'unknown'} before the task did`)
  }
}

/** Memory of a process that is not shared out to files or swapped; 0 when it cannot be read. */
function residentBytes(pid: number | undefined): number {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(found?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
