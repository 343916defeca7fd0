// `windlass schedule list|show|put|add|next|ticks|pause|resume|run|remove`: looks after schedules.
// Promises that what is wrong with a schedule is told before anything is stored (exit 2), and that a list says when
// nobody fires. Leaves firing to `windlass up` and `windlass scheduler`.

import type { Command } from 'commander'

import { JsonText } from '../client/json-text.ts'
import { WindlassError } from '../core/errors.ts'
import { suggest } from '../core/keys.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { checkType } from './enqueue.ts'
import { openWindlass, withWindlass } from './open.ts'
import { oneLine } from './output.ts'
import {
  declareScheduleFlags,
  readRuleFlags,
  readScheduleFlags,
  type ScheduleFlags,
} from './schedule-flags.ts'
import { describeSchedule, nextLines, scheduleTable, schedulerLine, tickTable } from './schedule-text.ts'
import { readPayload, readWhole } from './values.ts'

interface Flags extends ScheduleFlags {
  readonly limit?: string
  readonly untyped?: boolean
}

interface Given {
  readonly name: string | undefined
  readonly task: string | undefined
  readonly payload: string | undefined
  readonly flags: Flags
}

const ACTIONS = {
  list,
  show,
  put: (cli: Cli, given: Given) => put(cli, given, false),
  add: (cli: Cli, given: Given) => put(cli, given, true),
  next,
  ticks,
  pause: (cli: Cli, given: Given) => setPaused(cli, given, 'pause'),
  resume: (cli: Cli, given: Given) => setPaused(cli, given, 'resume'),
  run,
  remove,
} as const

const SHOWN_TICKS = 10
const MOST = 1_000

export function define(command: Command, cli: Cli): void {
  command
    .argument('<action>', 'list, show, put, add, next, ticks, pause, resume, run or remove')
    .argument('[name]', 'the schedule')
    .argument('[task]', 'with put and add: the task type')
    .argument('[payload]', 'JSON, @file, or - for standard input')
  declareScheduleFlags(command)
  command
    .option('--limit <n>', 'with next and ticks: how many')
    .option('--untyped', 'take the name as it is, without looking for its task type')
    .action(async (word: string, name?: string, task?: string, payload?: string, flags: Flags = {}) => {
      const action = Object.keys(ACTIONS).find((one) => one === word)
      if (action === undefined)
        throw new WindlassError(
          'invalid_option',
          `unknown action ${JSON.stringify(word)}${suggest(word, Object.keys(ACTIONS))}`,
        )
      await ACTIONS[action as keyof typeof ACTIONS](cli, { name, task, payload, flags })
    })
}

async function list(cli: Cli): Promise<void> {
  await withWindlass(cli, async ({ schedules: operator }) => {
    const [schedules, schedulers] = [await operator.list(), await operator.schedulers()]
    cli.out.answer({ schedules, schedulers }, () =>
      [scheduleTable(schedules, cli.out), schedulerLine(schedules, schedulers, cli.out)]
        .filter((text) => text !== '')
        .join('\n\n'),
    )
  })
}

async function show(cli: Cli, given: Given): Promise<void> {
  const name = needName(given, 'show')
  await withWindlass(cli, async ({ schedules }) => {
    const schedule = await schedules.get(name)
    if (schedule === null)
      throw new WindlassError('not_found', `there is no schedule ${JSON.stringify(name)}`, {
        hint: '`windlass schedule list` shows those there are.',
      })
    const following = schedule.unreadable === undefined ? await schedules.next(name) : []
    const { ticks: newest } = await schedules.ticks(name, { limit: SHOWN_TICKS })
    cli.out.answer({ ...schedule, next: following, ticks: newest }, () =>
      [
        describeSchedule(schedule, cli.out),
        schedule.paused ? '' : nextLines(following, schedule.timezone),
        newest.length === 0 ? '' : tickTable(newest, cli.out),
      ]
        .filter((text) => text !== '')
        .join('\n\n'),
    )
  })
}

async function put(cli: Cli, given: Given, create: boolean): Promise<void> {
  const action = create ? 'add' : 'put'
  const name = needName(given, action)
  const { task, payload, flags } = given
  if (task === undefined)
    throw new WindlassError('invalid_option', `schedule ${action} needs a task type after the name`)
  const options = { ...readScheduleFlags(flags), task, payload: new JsonText(await readPayload(payload)) }
  const windlass = await openWindlass(cli, { tasks: true })
  try {
    if (flags.untyped !== true) await checkType(windlass, task)
    const done = await windlass.schedules.put(name, options, { create, untyped: true })
    cli.out.answer(done, () =>
      cli.out.say(`schedule.${done.outcome}`, { schedule: oneLine(name), next: done.next_at ?? '–' }),
    )
  } finally {
    await windlass.close()
  }
}

/** Of a stored schedule, or of the rule that the options say. */
async function next(cli: Cli, { name, flags }: Given): Promise<void> {
  const limit = flags.limit === undefined ? undefined : readWhole(flags.limit, '--limit', 1, MOST)
  const rule = readRuleFlags(flags)
  if (name === undefined && Object.keys(rule).length === 0)
    throw new WindlassError(
      'invalid_option',
      'schedule next needs the name of a schedule, or --cron or --every',
    )
  await withWindlass(cli, async ({ schedules }) => {
    const following = await schedules.next(name ?? rule, limit)
    const timezone = name === undefined ? flags.timezone : (await schedules.get(name))?.timezone
    cli.out.answer({ name: name ?? null, next: following }, () => nextLines(following, timezone ?? 'UTC'))
  })
}

async function ticks(cli: Cli, { name, flags }: Given): Promise<void> {
  const limit = flags.limit === undefined ? {} : { limit: readWhole(flags.limit, '--limit', 1, MOST) }
  await withWindlass(cli, async ({ schedules }) => {
    const page = await schedules.ticks(name ?? null, limit)
    cli.out.answer(page, () =>
      page.ticks.length === 0 ? cli.out.say('schedule.no_ticks') : tickTable(page.ticks, cli.out),
    )
  })
}

async function setPaused(cli: Cli, given: Given, action: 'pause' | 'resume'): Promise<void> {
  const name = needName(given, action)
  await withWindlass(cli, async ({ schedules }) => {
    const schedule = await schedules[action](name)
    cli.out.answer(schedule, () =>
      cli.out.say(`schedule.${action}`, { schedule: oneLine(name), next: schedule.next_at ?? '–' }),
    )
  })
}

async function run(cli: Cli, given: Given): Promise<void> {
  const name = needName(given, 'run')
  await withWindlass(cli, async ({ schedules }) => {
    const done = await schedules.run(name)
    cli.out.answer(done, () =>
      done.task_id === null
        ? cli.out.say('schedule.run_built_in', { schedule: oneLine(name) })
        : cli.out.say('schedule.run', { schedule: oneLine(name), task: done.task_id }),
    )
  })
}

async function remove(cli: Cli, given: Given): Promise<void> {
  const name = needName(given, 'remove')
  await withWindlass(cli, async (windlass: Windlass) => {
    const done = await windlass.schedules.remove(name)
    cli.out.answer(done, () => cli.out.say('schedule.remove', { schedule: oneLine(name) }))
  })
}

function needName({ name }: Given, action: string): string {
  if (name !== undefined) return name
  throw new WindlassError('invalid_option', `schedule ${action} needs the name of a schedule`)
}
