// Brings one notice to one target: the log, a command, a webhook. Promises a time limit for each, nothing secret in what
// is handed over, and that whoever fails says so; repeating it is alert-check.ts's business.

import { spawn } from 'node:child_process'

import type { Log } from '../base/log.ts'
import type { AlertTargets } from '../core/alert-rules.ts'
import { WindlassError } from '../core/errors.ts'
import type { AlertNotice } from './alert-words.ts'

/** How long a command and a webhook may take, in ms. */
const COMMAND_LIMIT = 30_000
const WEBHOOK_LIMIT = 10_000

/** What settings and secrets of ours are read from: no business of a command. */
const OURS =
  /^(WINDLASS_(ENGINE|STORE)|API_KEYS|ALERT_WEBHOOK_URL|DATABASE_URL|REDIS_(URL|PASSWORD)|RABBITMQ_(URL|PASSWORD))$/

/** Tells the log. */
export function tellLog(log: Log, notice: AlertNotice): void {
  const { alert, event, text, reason, value, threshold, since } = notice
  const fields = { alert, reason, value, threshold, since }
  if (event === 'fired') log.warn(`alert ${alert} fires: ${text}`, fields)
  else if (event === 'repeated') log.warn(`alert ${alert} still fires: ${text}`, fields)
  else log.info(`alert ${alert} is resolved`, fields)
}

/**
 * Posts it. Redirections are not followed.
 * @throws WindlassError `notice_failed`
 */
export async function postNotice(url: string, notice: AlertNotice, signal: AbortSignal): Promise<void> {
  let status: number
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'webhook-id': notice.id, 'user-agent': 'windlass' },
      body: JSON.stringify(notice),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(WEBHOOK_LIMIT)]),
    })
    status = response.status
    await response.body?.cancel()
  } catch (cause) {
    // The cause names the address, which may be a secret.
    const name = cause instanceof Error ? cause.name : 'error'
    throw failed(`the webhook could not be reached (${name})`)
  }
  if (status < 200 || status > 299) throw failed(`the webhook answered ${status}`)
}

/**
 * Runs the command with the notice on its standard input; the whole group is killed after the limit.
 * @throws WindlassError `notice_failed`
 */
export async function runCommand(
  { command, folder }: { readonly command: string; readonly folder: string },
  notice: AlertNotice,
  signal: AbortSignal,
  limit = COMMAND_LIMIT,
): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)))
  const stdio: ['pipe', 'ignore', 'ignore'] = ['pipe', 'ignore', 'ignore']
  const child = spawn(command, {
    shell: true,
    cwd: folder,
    detached: true,
    stdio,
    env,
    windowsHide: true,
  })
  const over = AbortSignal.any([signal, AbortSignal.timeout(limit)])
  const kill = (): void => killGroup(child.pid)
  over.addEventListener('abort', kill, { once: true })
  try {
    const ended = new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code, killed) => resolve(killed ?? String(code ?? '')))
    })
    // It may end without reading.
    child.stdin.on('error', () => undefined)
    child.stdin.end(`${JSON.stringify(notice)}\n`)
    if (over.aborted) kill()
    const end = await ended
    if (over.aborted) throw failed(signal.aborted ? 'the command was stopped' : `the command took too long`)
    if (end !== '0') throw failed(`the command ended with ${end}`)
  } finally {
    over.removeEventListener('abort', kill)
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}

function failed(message: string): WindlassError {
  return new WindlassError('notice_failed', message)
}

/** The targets beside the history that this process can reach. */
export function targetsOf({ log, command, webhook }: AlertTargets): ('log' | 'command' | 'webhook')[] {
  return [
    ...(log ? (['log'] as const) : []),
    ...(command === null ? [] : (['command'] as const)),
    ...(webhook === null ? [] : (['webhook'] as const)),
  ]
}
