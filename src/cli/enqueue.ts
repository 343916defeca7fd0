// `windlass enqueue NAME [JSON|@file|-]`: one task, or with --many one for each line of a file.
// Promises that whatever is wrong with what was given is told before anything is enqueued (exit 2).

import type { Command } from 'commander'

import { JsonText } from '../client/json-text.ts'
import { WindlassError } from '../core/errors.ts'
import { suggest } from '../core/keys.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { declareEnqueueFlags, readEnqueueFlags, type EnqueueFlags } from './enqueue-flags.ts'
import { enqueueMany } from './enqueue-many.ts'
import { openWindlass } from './open.ts'
import { stateWord } from './profile.ts'
import { describeTask } from './task-text.ts'
import { readPayload } from './values.ts'
import { exitOf, waitFor } from './wait.ts'

interface Flags extends EnqueueFlags {
  readonly many?: string
  readonly untyped?: boolean
  readonly wait?: boolean
}

export function define(command: Command, cli: Cli): void {
  command
    .argument('<name>', 'task type')
    .argument('[payload]', 'JSON, @file, or - for standard input')
    .option('--many <file>', 'one payload a line; all are checked before any is enqueued')
    .option('--untyped', 'take the name as it is, without looking for its task type')
    .option('--wait', 'wait until it is finished; exit 0 only if it succeeded')
  declareEnqueueFlags(command)
  command.action(async (name: string, payload: string | undefined, flags: Flags) => {
    checkCombination(payload, flags)
    const options = { ...readEnqueueFlags(flags), ...(flags.untyped === true ? { untyped: true } : {}) }
    const text = flags.many === undefined ? await readPayload(payload) : null
    const windlass = await openWindlass(cli, { tasks: true })
    try {
      if (flags.untyped !== true) await checkType(windlass, name)
      if (text === null) return await enqueueMany(cli, windlass, name, flags.many ?? '', options)
      const handle = await windlass.enqueue(name, new JsonText(text), options)
      if (flags.wait === true) return await answerWaited(cli, windlass, handle)
      const { id, outcome, state } = handle
      const word = stateWord(state, cli.globals.profile)
      cli.out.answer({ task_id: id, outcome, state: word }, () => `${id} ${outcome} (${word})`)
    } finally {
      await windlass.close()
    }
  })
}

function checkCombination(payload: string | undefined, flags: Flags): void {
  if (flags.many === undefined) return
  const wrong =
    payload !== undefined
      ? 'a payload'
      : (['id', 'unique', 'wait'] as const)
          .filter((one) => flags[one] !== undefined)
          .map((one) => `--${one}`)[0]
  if (wrong !== undefined) throw new WindlassError('invalid_option', `--many does not go with ${wrong}`)
}

/** A misspelt name must not wait for ever in a queue that nobody serves. @throws WindlassError `unknown_task_type` */
export async function checkType(windlass: Windlass, name: string): Promise<void> {
  const hint = 'Give --config, or --untyped to take the name as it is.'
  if (windlass.settings.file === null)
    throw new WindlassError(
      'unknown_task_type',
      `no config was found that defines the task type ${JSON.stringify(name)}`,
      {
        hint,
      },
    )
  const names = [...(await windlass.types()).keys()]
  if (names.includes(name)) return
  throw new WindlassError(
    'unknown_task_type',
    `there is no task type ${JSON.stringify(name)}${suggest(name, names)}`,
    {
      hint: 'Define it in the config, check the spelling, or give --untyped to take the name as it is.',
    },
  )
}

async function answerWaited(
  cli: Cli,
  windlass: Windlass,
  handle: { readonly id: string; readonly outcome: string },
): Promise<void> {
  cli.out.note(cli.out.say('enqueue.waiting', { id: handle.id, outcome: handle.outcome }))
  const task = await waitFor(cli, windlass, handle.id, null)
  cli.exit = exitOf(task)
  const { result, error } = task
  const state = stateWord(task.state, cli.globals.profile)
  cli.out.answer({ task_id: handle.id, outcome: handle.outcome, state, result, error }, () =>
    describeTask(cli, task),
  )
}
