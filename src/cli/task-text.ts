// A task as text for people, and the same document with a profile's state words.
// Owns what is shown in which order; promises that text of tasks cannot steer the terminal. The document itself is
// made by src/client/task-json.ts.

import type { AttemptJson, TaskDetailJson, TaskJson } from '../client/task-json.ts'
import { formatDuration } from '../core/duration.ts'
import type { TaskState } from '../core/record.ts'
import type { Cli } from './cli.ts'
import { oneLine, printable, type Output } from './output.ts'
import { stateWord } from './profile.ts'
import { formatFacts, formatTable } from './table.ts'

const COLOURS = {
  scheduled: 'cyan',
  ready: 'cyan',
  running: 'blue',
  succeeded: 'green',
  dead: 'red',
  cancelled: 'gray',
} as const satisfies Record<TaskState, string>

/** The same document in the words of `--profile`. */
export function worded<T extends { readonly state: TaskState }>(
  cli: Cli,
  document: T,
): Omit<T, 'state'> & { readonly state: string } {
  return { ...document, state: stateWord(document.state, cli.globals.profile) }
}

/** A state in its colour. */
function stateText(cli: Cli, state: TaskState): string {
  return cli.out.style(COLOURS[state], stateWord(state, cli.globals.profile))
}

/** Everything of one task. */
export function describeTask(cli: Cli, task: TaskDetailJson): string {
  const { out } = cli
  const facts = formatFacts([
    ['task', out.style('bold', task.task_id)],
    ['type', oneLine(task.type)],
    ['queue', `${oneLine(task.queue)}, priority ${task.priority}`],
    ['state', stateText(cli, task.state) + (task.reason === null ? '' : ` (${task.reason})`)],
    ['cancel', task.cancel_requested ? 'requested' : null],
    ['progress', progressText(task, out)],
    [
      'attempt',
      `${task.attempt}, ${task.failures} failed, ${task.retries_left} of ${task.retries_max} retries left`,
    ],
    ['crashes', task.crashes === 0 ? null : String(task.crashes)],
    ['tags', task.tags.length === 0 ? null : oneLine(task.tags.join(', '))],
    ['unique key', task.unique_key === null ? null : oneLine(task.unique_key)],
    ['created', task.created_at],
    ['due', task.run_at === task.created_at ? null : task.run_at],
    ['expires', task.expires_at],
    ['started', task.started_at],
    ['finished', task.finished_at],
    ['took', task.duration_ms === null ? null : formatDuration(task.duration_ms)],
    ['payload', jsonText(task.payload)],
    ['result', task.state === 'succeeded' ? jsonText(task.result) : null],
    ['unreadable', task.unreadable ?? null],
    ['error', task.error === null ? null : errorText(task.error)],
  ])
  return task.attempts.length === 0 ? facts : `${facts}\n\n${attemptTable(task.attempts, out)}`
}

/** A list of tasks, one a line. */
export function taskTable(cli: Cli, tasks: readonly TaskJson[], now: number): string {
  return formatTable(
    [
      { title: 'task' },
      { title: 'type', most: 30 },
      { title: 'queue', most: 20 },
      { title: 'pri', align: 'right' },
      { title: 'state' },
      { title: 'attempt', align: 'right' },
      { title: 'age', align: 'right' },
      { title: '', most: 60 },
    ],
    tasks.map((task) => [
      oneLine(task.task_id),
      oneLine(task.type),
      oneLine(task.queue),
      String(task.priority),
      stateText(cli, task.state),
      String(task.attempt),
      formatDuration(Math.max(0, now - Date.parse(task.created_at))),
      remark(task),
    ]),
    (head) => cli.out.style('bold', head),
  )
}

function remark(task: TaskJson): string {
  if (task.state === 'running' && task.progress !== null)
    return oneLine(`${task.progress.percent} % ${task.progress.message ?? ''}`)
  if (task.state === 'scheduled') return `due ${task.run_at}`
  if (task.error !== null) return oneLine(`${task.error.name}: ${task.error.message}`)
  return task.reason ?? ''
}

function progressText(task: TaskJson, out: Output): string | null {
  if (task.progress === null) return null
  const { percent, message } = task.progress
  return oneLine(`${bar(percent, 20, out)} ${message ?? ''}`)
}

/** `████████░░ 80 %`; without a terminal the number alone. */
export function bar(percent: number, width: number, out: Output): string {
  const number = `${Math.round(percent)} %`
  if (!out.terminal) return number
  const full = Math.round((width * Math.min(100, Math.max(0, percent))) / 100)
  return `${'█'.repeat(full)}${'░'.repeat(width - full)} ${number}`
}

function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return printable(
    text.length > 2_000 ? `${text.slice(0, 2_000)}… (${text.length} characters, --json shows all)` : text,
  )
}

function errorText({ name, message, causes }: NonNullable<TaskJson['error']>): string {
  const chain = causes.map((cause) => `\n  caused by ${cause.name}: ${cause.message}`)
  return printable(`${name}: ${message}${chain.join('')}`)
}

function attemptTable(attempts: readonly AttemptJson[], out: Output): string {
  return formatTable(
    [
      { title: 'attempt', align: 'right' },
      { title: 'worker', most: 30 },
      { title: 'started' },
      { title: 'took', align: 'right' },
      { title: 'outcome' },
      { title: 'error', most: 60 },
    ],
    attempts.map((one) => [
      String(one.attempt),
      oneLine(one.worker ?? ''),
      one.started_at,
      one.ended_at === null
        ? ''
        : formatDuration(Math.max(0, Date.parse(one.ended_at) - Date.parse(one.started_at))),
      one.outcome ?? 'running',
      oneLine([one.error === null ? '' : one.error.message, ...one.warnings].join(' ')),
    ]),
    (head) => out.style('bold', head),
  )
}
