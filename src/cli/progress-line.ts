// One line on the terminal that is drawn over itself while a task is waited for: its state, bar and message.
// Promises to leave no trace of itself, and to do nothing at all where stderr is no terminal.

import type { TaskJson } from '../client/task-json.ts'
import { oneLine, type Output } from './output.ts'
import { fit } from './table.ts'
import { bar } from './task-text.ts'

const EVERY = 300
const CLEAR = '\r\u001B[K'

export class ProgressLine {
  readonly #out: Output
  readonly #look: () => Promise<TaskJson | null>
  #timer: NodeJS.Timeout | null = null

  private constructor(out: Output, look: () => Promise<TaskJson | null>) {
    this.#out = out
    this.#look = look
  }

  /** Draws until `end`. */
  static start(out: Output, look: () => Promise<TaskJson | null>): ProgressLine {
    const line = new ProgressLine(out, look)
    if (out.terminal && process.stderr.isTTY) line.#plan()
    return line
  }

  end(): void {
    if (this.#timer === null) return
    clearTimeout(this.#timer)
    this.#timer = null
    process.stderr.write(CLEAR)
  }

  #plan(): void {
    this.#timer = setTimeout(() => void this.#draw(), EVERY)
  }

  async #draw(): Promise<void> {
    // What cannot be read now is told by the wait itself.
    const task = await this.#look().catch(() => null)
    if (this.#timer === null) return
    if (task !== null)
      process.stderr.write(CLEAR + fit(textOf(task, this.#out), (process.stderr.columns || 80) - 1))
    this.#plan()
  }
}

function textOf({ state, progress }: TaskJson, out: Output): string {
  if (progress === null) return `${state} …`
  return `${state} ${bar(progress.percent, 30, out)} ${oneLine(progress.message ?? '')}`
}
