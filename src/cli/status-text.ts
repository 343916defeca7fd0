// What a supervisor and its workers do, as text for people: the table of `status`, and the lines that `scale`, `restart`
// and `stop` print while they wait. Pure; leaves asking to the verbs.

import { formatDuration } from '../core/duration.ts'
import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import { oneLine, type Output } from './output.ts'
import { formatTable } from './table.ts'

/** What is needed of the output. */
type Voice = Pick<Output, 'say' | 'style'>

/** Answers with it: the document, or the text. */
export function answerStatus(out: Output, { supervisor, workers }: SupervisorStatus): void {
  out.answer({ supervisor, workers }, () => statusText({ supervisor, workers }, out))
}

/** The supervisor on one line, its workers as a table, and why workers last ended. */
export function statusText({ supervisor, workers }: SupervisorStatus, out: Voice): string {
  const { name, pid, state, uptime_ms, rss_mb, count, log } = supervisor
  const head = out.say('status.head', {
    name: oneLine(name),
    state,
    pid,
    time: formatDuration(uptime_ms),
    memory: Math.round(rss_mb),
    ready: workers.filter((one) => one.state === 'running').length,
    count,
  })
  const ends = workers.flatMap(({ name: worker, last_end }) =>
    last_end === null ? [] : [out.say('status.last_end', { name: oneLine(worker), why: oneLine(last_end) })],
  )
  return [
    head,
    ...(log === null ? [] : [out.say('status.log', { file: oneLine(log) })]),
    ...(workers.length === 0 ? [] : ['', workerTable(workers, out)]),
    ...(ends.length === 0 ? [] : ['', ...ends]),
  ].join('\n')
}

/** Each worker on a line. */
export function workerTable(workers: readonly WorkerFacts[], out: Voice): string {
  const right = (title: string) => ({ title, align: 'right' as const })
  return formatTable(
    [
      { title: out.say('head.worker'), most: 40 },
      right(out.say('head.pid')),
      { title: out.say('head.state') },
      right(out.say('head.up')),
      right(out.say('head.memory')),
      right(out.say('head.cpu')),
      right(out.say('head.loop_delay')),
      right(out.say('head.running')),
      right(out.say('head.finished')),
      right(out.say('head.restarts')),
      { title: '' },
    ],
    workers.map((one) => [
      oneLine(one.name),
      shown(one.pid, String),
      out.style(one.state === 'running' ? 'green' : 'yellow', one.state),
      shown(one.uptime_ms, formatDuration),
      shown(one.rss_mb, (mb) => `${Math.round(mb)} MB`),
      shown(one.cpu, (percent) => `${Math.round(percent)} %`),
      shown(one.loop_delay_ms, formatDuration),
      shown(one.running, String),
      shown(one.finished, String),
      String(one.restarts),
      one.adopted ? out.say('status.adopted') : '',
    ]),
    (head) => out.style('bold', head),
  )
}

function shown<T>(value: T | null, text: (value: T) => string): string {
  return value === null ? '' : text(value)
}

/** What happened to the worker processes from one look to the next, a line each; none: nothing did. */
export function changeLines(
  before: readonly WorkerFacts[],
  after: readonly WorkerFacts[],
  out: Pick<Output, 'say'>,
): string[] {
  const old = new Map(before.map((one) => [keyOf(one), one]))
  const now = new Map(after.map((one) => [keyOf(one), one]))
  const gone = before.filter((one) => one.pid !== null && !now.has(keyOf(one)))
  return [
    ...after.filter((one) => old.get(keyOf(one))?.state !== one.state).map((one) => stepLine(one, out)),
    ...gone.map(({ name, pid }) => out.say('progress.gone', { name: oneLine(name), pid: pid ?? '' })),
  ]
}

/** While a worker is renewed there are two of its name. */
function keyOf({ name, pid }: WorkerFacts): string {
  return `${name} ${pid ?? ''}`
}

function stepLine({ name, pid, state, running }: WorkerFacts, out: Pick<Output, 'say'>): string {
  const told = { name: oneLine(name), state }
  if (pid === null) return out.say('progress.waits', told)
  return state === 'draining' && running !== null && running > 0
    ? out.say('progress.draining', { ...told, pid, count: running })
    : out.say('progress.step', { ...told, pid })
}
