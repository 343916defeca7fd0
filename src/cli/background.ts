// Going to the background: this program starts itself once more, in a session of its own, and leaves when that one says
// that its workers are ready. Both ends are in this file. Promises that a start which fails is told with the error and
// the exit code of the one that failed, and that nothing of it goes on. Leaves what runs there to supervise.ts.

import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readSync, fstatSync } from 'node:fs'
import { dirname } from 'node:path'

import { ERROR_CODES, WindlassError, type ErrorCode } from '../core/errors.ts'
import type { SupervisorStatus } from '../supervisor/control.ts'
import { tellFailure, type Failure } from './exit-codes.ts'
import { ownArguments } from './own-program.ts'
import type { StopRequest } from './stop-signals.ts'

/** Set for a process that was started to go on in the background. */
const BACKGROUND = 'WINDLASS_BACKGROUND'

/** Of what a process that died said last, so many bytes are told. */
const LAST_WORDS = 4_096

type Message =
  | { readonly windlass: 'ready'; readonly status: SupervisorStatus }
  | { readonly windlass: 'failed'; readonly failure: Failure }

/** Whoever waits for this process to be ready. */
export interface Starter {
  ready(status: SupervisorStatus): void
  failed(error: unknown): void
}

/** Null: this process is in the foreground. What this process starts is told nothing of it. */
export function takeStarter(): Starter | null {
  const isBackground = process.env[BACKGROUND] === '1' && process.send !== undefined
  delete process.env[BACKGROUND]
  if (!isBackground) return null
  const tell = (message: Message): void => {
    // It may have been ended meanwhile, which is no reason to stop.
    if (process.connected) process.send?.(message, undefined, undefined, () => process.disconnect())
  }
  return {
    ready: (status) => tell({ windlass: 'ready', status }),
    failed: (error) => tell({ windlass: 'failed', failure: tellFailure(error, null) }),
  }
}

/**
 * Runs this very command line in the background.
 * @param file gets what the process says from now on; made with its folder where there is none
 * @param stop asked for: the start is given up
 * @returns what runs, when all its workers are ready
 * @throws WindlassError what the start failed with; `log_not_writable` before anything was started; `not_started`
 *   after a stop
 */
export async function startInBackground(file: string, stop: StopRequest): Promise<SupervisorStatus> {
  const log = openForAppend(file)
  const size = fstatSync(log).size
  try {
    const child = spawn(process.execPath, [...ownArguments(), ...process.argv.slice(2)], {
      detached: true,
      env: { ...process.env, [BACKGROUND]: '1' },
      stdio: ['ignore', 'ignore', log, 'ipc'],
    })
    let givenUp = false
    void stop.asked.then(() => {
      givenUp = true
      child.kill('SIGTERM')
    })
    stop.onHurry(() => child.kill('SIGTERM'))
    const answer = await answerOf(child)
    if (answer.message?.windlass === 'ready') {
      child.unref()
      return answer.message.status
    }
    if (givenUp)
      throw new WindlassError('not_started', 'the start was given up: nothing of it runs', {
        hint: 'Start it again.',
      })
    throw answer.message === null ? died(answer.how, lastWords(file, size)) : asError(answer.message.failure)
  } finally {
    closeSync(log)
  }
}

/** What it said, once it is ready or gone. */
function answerOf(child: ChildProcess): Promise<{ message: Message | null; how: string }> {
  return new Promise((resolve, reject) => {
    let message: Message | null = null
    child.once('error', reject)
    child.on('message', (value) => {
      message = value as Message
      if (message.windlass === 'ready') resolve({ message, how: '' })
    })
    // Not at its exit: its last message may still be on the way then.
    child.once('close', (code, signal) =>
      resolve({ message, how: signal === null ? `exit code ${code ?? 'unknown'}` : signal }),
    )
  })
}

function asError({ code, message, hint }: Failure): WindlassError {
  return new WindlassError(isCode(code) ? code : 'internal', message, { hint })
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}

function died(how: string, words: string): WindlassError {
  const said = words === '' ? '' : `: ${words}`
  return new WindlassError('child_failed', `the process in the background ended by ${how}${said}`)
}

function openForAppend(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true })
    return openSync(file, 'a+')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new WindlassError('log_not_writable', `the log file ${file} cannot be written: ${why}`, { cause })
  }
}

/** What was added to the file since, its end only. */
function lastWords(file: string, since: number): string {
  const handle = openSync(file, 'r')
  try {
    const { size } = fstatSync(handle)
    const from = Math.max(since, size - LAST_WORDS)
    const bytes = Buffer.alloc(Math.max(0, size - from))
    const read = readSync(handle, bytes, 0, bytes.length, from)
    return bytes.toString('utf8', 0, read).trim()
  } finally {
    closeSync(handle)
  }
}
