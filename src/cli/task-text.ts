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
    [out.say('fact.task'), out.style('bold', task.task_id)],
    [out.say('fact.type'), oneLine(task.type)],
    [
      out.say('fact.queue'),
      out.say('fact.priority', { queue: oneLine(task.queue), priority: task.priority }),
    ],
    [out.say('fact.state'), stateText(cli, task.state) + (task.reason === null ? '' : ` (${task.reason})`)],
    [out.say('fact.cancel'), task.cancel_requested ? out.say('fact.requested') : null],
    [out.say('fact.progress'), progressText(task, out)],
    [
      out.say('fact.attempt'),
      out.say('fact.attempts', {
        attempt: task.attempt,
        failures: task.failures,
        left: task.retries_left,
        most: task.retries_max,
      }),
    ],
    [out.say('fact.crashes'), task.crashes === 0 ? null : String(task.crashes)],
    [out.say('fact.tags'), task.tags.length === 0 ? null : oneLine(task.tags.join(', '))],
    [out.say('fact.unique_key'), task.unique_key === null ? null : oneLine(task.unique_key)],
    [out.say('fact.created'), task.created_at],
    [out.say('fact.due'), task.run_at === task.created_at ? null : task.run_at],
    [out.say('fact.expires'), task.expires_at],
    [out.say('fact.started'), task.started_at],
    [out.say('fact.finished'), task.finished_at],
    [out.say('fact.took'), task.duration_ms === null ? null : formatDuration(task.duration_ms)],
    [out.say('fact.payload'), jsonText(task.payload, out)],
    [out.say('fact.result'), task.state === 'succeeded' ? jsonText(task.result, out) : null],
    [out.say('fact.unreadable'), task.unreadable ?? null],
    [out.say('fact.error'), task.error === null ? null : errorText(task.error, out)],
  ])
  return task.attempts.length === 0 ? facts : `${facts}\n\n${attemptTable(task.attempts, out)}`
}

/** A list of tasks, one a line. */
export function taskTable(cli: Cli, tasks: readonly TaskJson[], now: number): string {
  return formatTable(
    [
      { title: cli.out.say('head.task') },
      { title: cli.out.say('head.type'), most: 30 },
      { title: cli.out.say('head.queue'), most: 20 },
      { title: cli.out.say('head.pri'), align: 'right' },
      { title: cli.out.say('head.state') },
      { title: cli.out.say('head.attempt'), align: 'right' },
      { title: cli.out.say('head.age'), align: 'right' },
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
      remark(task, cli.out),
    ]),
    (head) => cli.out.style('bold', head),
  )
}

function remark(task: TaskJson, out: Output): string {
  if (task.state === 'running' && task.progress !== null)
    return oneLine(`${task.progress.percent} % ${task.progress.message ?? ''}`)
  if (task.state === 'scheduled') return out.say('fact.due', { at: task.run_at })
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

function jsonText(value: unknown, out: Output): string {
  const text = JSON.stringify(value) ?? 'null'
  return printable(
    text.length > 2_000 ? `${text.slice(0, 2_000)}… ${out.say('fact.cut', { count: text.length })}` : text,
  )
}

function errorText({ name, message, causes }: NonNullable<TaskJson['error']>, out: Output): string {
  const chain = causes.map(
    (cause) => `\n  ${out.say('fact.caused', { error: `${cause.name}: ${cause.message}` })}`,
  )
  return printable(`${name}: ${message}${chain.join('')}`)
}

function attemptTable(attempts: readonly AttemptJson[], out: Output): string {
  return formatTable(
    [
      { title: out.say('head.attempt'), align: 'right' },
      { title: out.say('head.worker'), most: 30 },
      { title: out.say('head.started') },
      { title: out.say('head.took'), align: 'right' },
      { title: out.say('head.outcome') },
      { title: out.say('head.error'), most: 60 },
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
