// The options of `enqueue`, from text to what the client takes. Bare numbers are seconds.
// Promises that whatever cannot be read is refused with the option's own name. Leaves bounds to core/new-task.ts.

import type { Command } from 'commander'

import { WindlassError } from '../core/errors.ts'
import type { EnqueueOptions } from '../core/enqueue-options.ts'
import { LIMITS } from '../core/limits.ts'
import { collect, readList, readSeconds, readTime, readWhole } from './values.ts'

/** As commander gives them. */
export interface EnqueueFlags {
  readonly id?: string
  readonly queue?: string
  readonly priority?: string
  readonly delay?: string
  readonly runAt?: string
  readonly expires?: string
  readonly retries?: string
  readonly retryDelays?: string
  readonly timeout?: string
  readonly keep?: string
  readonly unique?: string
  readonly for?: string
  readonly tag?: readonly string[]
}

/** Declares them. */
export function declareEnqueueFlags(command: Command): void {
  command
    .option('--id <id>', 'an id of your own; the same id and content again is `existing`')
    .option('--queue <name>', 'queue')
    .option('--priority <n>', '0 to 10, larger runs first')
    .option('--delay <duration>', 'due after this long')
    .option('--run-at <time>', 'due at this time, ISO-8601')
    .option('--expires <duration|time>', 'cancelled as expired when not started by then')
    .option('--retries <n>', 'retries after the first run')
    .option('--retry-delays <list>', 'waits before the retries, e.g. 10,30,90')
    .option('--timeout <duration|none>', 'longest run of one attempt')
    .option('--keep <duration>', 'how long the finished task is kept; succeeded=1h,dead=30d says them apart')
    .option('--unique <key>', 'one task per key until it is finished')
    .option('--for <duration>', 'with --unique: until that long after the enqueue')
    .option('--tag <tag>', 'tag, may be given more than once', collect)
}

/** What the client takes; times in ms. */
export function readEnqueueFlags(flags: EnqueueFlags): EnqueueOptions {
  if (flags.for !== undefined && flags.unique === undefined)
    throw new WindlassError('invalid_option', '--for goes with --unique')
  return {
    ...(flags.id === undefined ? {} : { id: flags.id }),
    ...(flags.queue === undefined ? {} : { queue: flags.queue }),
    ...(flags.priority === undefined
      ? {}
      : { priority: readWhole(flags.priority, '--priority', LIMITS.priorityMin, LIMITS.priorityMax) }),
    ...(flags.delay === undefined ? {} : { delay: readSeconds(flags.delay, '--delay') }),
    ...(flags.runAt === undefined ? {} : { runAt: readTime(flags.runAt, '--run-at') }),
    ...(flags.expires === undefined ? {} : { expires: readExpires(flags.expires) }),
    ...readRetryFlags(flags),
    ...(flags.timeout === undefined ? {} : { timeout: readTimeoutFlag(flags.timeout) }),
    ...(flags.keep === undefined ? {} : { keep: readKeepFlag(flags.keep) }),
    ...readUniqueFlags(flags),
    ...(flags.tag === undefined ? {} : { tags: flags.tag }),
  }
}

/** A duration, or a time when it looks like one (2026-01-31T08:00:00Z). */
function readExpires(value: string): number | Date {
  return value.includes('-') ? readTime(value, '--expires') : readSeconds(value, '--expires')
}

function readRetryFlags({ retries, retryDelays }: EnqueueFlags): Pick<EnqueueOptions, 'retry'> {
  const count = retries === undefined ? undefined : readWhole(retries, '--retries', 0, LIMITS.retries)
  if (retryDelays === undefined) return count === undefined ? {} : { retry: count }
  const delays = readList(retryDelays).map((delay) => readSeconds(delay, '--retry-delays'))
  if (delays.length === 0)
    throw new WindlassError('invalid_option', '--retry-delays names at least one duration')
  return { retry: count === undefined ? { delays } : { delays, retries: count } }
}

function readTimeoutFlag(value: string): number | false {
  return value === 'none' || value === 'false' ? false : readSeconds(value, '--timeout')
}

function readKeepFlag(value: string): { succeeded?: number; dead?: number } {
  if (!value.includes('=')) {
    const ms = readSeconds(value, '--keep')
    return { succeeded: ms, dead: ms }
  }
  return Object.fromEntries(
    readList(value).map((part) => {
      const [state = '', duration = ''] = part.split('=')
      if (state === 'succeeded' || state === 'dead') return [state, readSeconds(duration, `--keep ${state}`)]
      throw new WindlassError(
        'invalid_option',
        `--keep knows succeeded and dead, not ${JSON.stringify(state)}`,
      )
    }),
  )
}

function readUniqueFlags(flags: EnqueueFlags): Pick<EnqueueOptions, 'unique'> {
  if (flags.unique === undefined) return {}
  if (flags.for === undefined) return { unique: flags.unique }
  return { unique: { key: flags.unique, for: readSeconds(flags.for, '--for') } }
}
