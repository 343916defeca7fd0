// What systemd is told of a service of ours: ready, reloading, stopping, a line for `systemctl status`, a sign of life.
// Promises that messages arrive in order, that nothing waits for them, and that without NOTIFY_SOCKET nothing is loaded
// or done. Node has no unix datagram sockets, so each message is one run of `systemd-notify`, which every machine with
// systemd has (docs/adr/0019-service-notice.md). Leaves when to say what to whoever runs the service.

import { systemClock, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/** Tells a service manager. No method throws or waits. */
export interface ServiceNotice {
  /** False: nobody wants to be told. */
  readonly heard: boolean
  /** The service does its work now; also the end of a reload. From now on a watchdog hears a sign of life. */
  ready(status: string): void
  /** It began to take in a new config, which may take so many ms, whatever the unit's own limit is. */
  reloading(status: string, longest: number): void
  /** It began to end, likewise. */
  stopping(status: string, longest: number): void
  /** A line for people. */
  status(text: string): void
}

export interface ServiceNoticeOptions {
  readonly log: Pick<Log, 'warn'>
  readonly clock?: Clock
  /** Read, and freed of what is for this process alone. Default the process's environment. */
  readonly env?: NodeJS.ProcessEnv
  /** Sends the lines of one message. Default: `systemd-notify`. */
  readonly send?: (lines: readonly string[], socket: string) => Promise<void>
}

const SILENT: ServiceNotice = {
  heard: false,
  ready: () => undefined,
  reloading: () => undefined,
  stopping: () => undefined,
  status: () => undefined,
}

/** How long one message may take, in ms: `systemd-notify` itself waits 5 s for a manager that is busy. */
const LONGEST_SEND = 10_000

/**
 * Takes NOTIFY_SOCKET and the watchdog's time out of the environment, so that no child process speaks for this one.
 * Call it before anything is started.
 */
export function openServiceNotice(options: ServiceNoticeOptions): ServiceNotice {
  const { env = process.env } = options
  const socket = env['NOTIFY_SOCKET'] ?? ''
  const watchdog = readWatchdog(env)
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name]
  return socket === '' ? SILENT : new SystemdNotice(options, socket, watchdog)
}

/** How often a sign of life is due, in ms: half of what the manager waits; null: it does not wait for any. */
function readWatchdog(env: NodeJS.ProcessEnv): number | null {
  const limit = Number(env['WATCHDOG_USEC'])
  const pid = env['WATCHDOG_PID']
  const ours = pid === undefined || pid === String(process.pid)
  return ours && Number.isSafeInteger(limit) && limit > 0 ? limit / 2_000 : null
}

class SystemdNotice implements ServiceNotice {
  readonly heard = true
  readonly #options: ServiceNoticeOptions
  readonly #clock: Clock
  readonly #socket: string
  readonly #watchdog: number | null
  readonly #queue: (readonly string[])[] = []
  #sending = false
  #watched = false
  #failed = false
  #told = ''

  constructor(options: ServiceNoticeOptions, socket: string, watchdog: number | null) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#socket = socket
    this.#watchdog = watchdog
  }

  ready(status: string): void {
    this.#tell(['READY=1'], status)
    if (!this.#watched) this.#keepAlive()
  }

  reloading(status: string, longest: number): void {
    // Newer managers want to know when, by the clock that this one is.
    const now = `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`
    this.#tell(['RELOADING=1', now, extendBy(longest)], status)
  }

  stopping(status: string, longest: number): void {
    this.#tell(['STOPPING=1', extendBy(longest)], status)
  }

  status(text: string): void {
    if (text !== this.#told) this.#tell([], text)
  }

  /** The timer is in the event loop, so a loop that stands still is silent by itself. */
  #keepAlive(): void {
    if (this.#watchdog === null) return
    // One that has not been heard yet is enough: a manager that is slow must not get them all at once.
    if (!this.#queue.some((lines) => lines[0] === 'WATCHDOG=1')) this.#enqueue(['WATCHDOG=1'])
    this.#watched = true
    this.#clock.timer(this.#watchdog, () => this.#keepAlive())
  }

  #tell(lines: readonly string[], status: string): void {
    this.#told = status
    this.#enqueue([...lines, `STATUS=${status.replaceAll(/\s+/g, ' ')}`])
  }

  #enqueue(lines: readonly string[]): void {
    this.#queue.push(lines)
    if (!this.#sending) void this.#sendAll()
  }

  async #sendAll(): Promise<void> {
    const { send = runSystemdNotify, log } = this.#options
    this.#sending = true
    for (let lines = this.#queue.shift(); lines !== undefined; lines = this.#queue.shift()) {
      try {
        await send(lines, this.#socket)
        this.#failed = false
      } catch (error) {
        if (!this.#failed) log.warn('systemd could not be told how this service is', { error })
        this.#failed = true
      }
    }
    this.#sending = false
  }
}

function extendBy(ms: number): string {
  return `EXTEND_TIMEOUT_USEC=${Math.ceil(ms) * 1_000}`
}

async function runSystemdNotify(lines: readonly string[], socket: string): Promise<void> {
  const [{ execFile }, { promisify }] = await Promise.all([import('node:child_process'), import('node:util')])
  const env = { PATH: process.env['PATH'], NOTIFY_SOCKET: socket }
  await promisify(execFile)('systemd-notify', [...lines], { env, timeout: LONGEST_SEND })
}
