// The options of `schedule put`, `add` and `next`, from text to what the client takes. Bare numbers are seconds.
// Promises that only what was said is answered. Leaves bounds and words to core/schedule.ts.

import type { Command } from 'commander'

import type { RuleOptions } from '../core/schedule-rule.ts'
import type { Missed } from '../core/schedule-ticks.ts'
import type { Overlap, ScheduleOptions } from '../core/schedule.ts'
import { readEnqueueFlags, type EnqueueFlags } from './enqueue-flags.ts'
import { collect, readSeconds, readTime } from './values.ts'

type TaskFlags = Pick<
  EnqueueFlags,
  'queue' | 'priority' | 'retries' | 'retryDelays' | 'timeout' | 'keep' | 'tag'
>

/** As commander gives them. */
export interface ScheduleFlags extends TaskFlags {
  readonly cron?: string
  readonly every?: string
  readonly timezone?: string
  readonly start?: string
  readonly end?: string
  readonly missed?: string
  readonly grace?: string
  readonly overlap?: string
  readonly jitter?: string
  readonly paused?: boolean
  readonly expires?: string
}

/** Declares them. */
export function declareScheduleFlags(command: Command): void {
  command
    .option('--cron <pattern>', 'when: 5 fields, or 6 with seconds first')
    .option('--every <duration>', 'or how often, 1s at least')
    .option('--timezone <name>', 'whose clock the pattern reads (default: UTC)')
    .option('--start <time>', 'no tick before it, ISO-8601')
    .option('--end <time>', 'no tick after it, ISO-8601')
    .option('--missed <policy>', 'missed ticks: skip, once, all or all:n (default: once)')
    .option('--grace <duration>', 'later than that a tick is missed (default: 1m)')
    .option('--overlap <policy>', 'while an earlier task runs: allow, skip or queue (default: allow)')
    .option('--jitter <duration>', 'tasks are due up to this long after their ticks')
    .option('--paused', 'put it paused')
    .option('--queue <name>', 'queue')
    .option('--priority <n>', '0 to 10, larger runs first')
    .option('--expires <duration>', 'cancelled as expired when not started that long after its tick')
    .option('--retries <n>', 'retries after the first run')
    .option('--retry-delays <list>', 'waits before the retries, e.g. 10,30,90')
    .option('--timeout <duration|none>', 'longest run of one attempt')
    .option('--keep <duration>', 'how long the finished task is kept; succeeded=1h,dead=30d says them apart')
    .option('--tag <tag>', 'tag, may be given more than once', collect)
}

/** When; times in ms. */
export function readRuleFlags(flags: ScheduleFlags): RuleOptions {
  const { cron, every, timezone, start, end } = flags
  return {
    ...(cron === undefined ? {} : { cron }),
    ...(every === undefined ? {} : { every: readSeconds(every, '--every') }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(start === undefined ? {} : { start: readTime(start, '--start') }),
    ...(end === undefined ? {} : { end: readTime(end, '--end') }),
  }
}

/** What the client takes, but for task and payload. */
export function readScheduleFlags(flags: ScheduleFlags): Omit<ScheduleOptions, 'task' | 'payload'> {
  const { missed, grace, overlap, jitter, paused, expires } = flags
  const { queue, priority, retries, retryDelays, timeout, keep, tag } = flags
  const task = Object.fromEntries(
    Object.entries({ queue, priority, retries, retryDelays, timeout, keep, tag }).filter(
      ([, value]) => value !== undefined,
    ),
  )
  return {
    ...readEnqueueFlags(task),
    ...readRuleFlags(flags),
    ...(expires === undefined ? {} : { expires: readSeconds(expires, '--expires') }),
    // Words are judged where TypeScript's are.
    ...(missed === undefined ? {} : { missed: missed as Missed }),
    ...(overlap === undefined ? {} : { overlap: overlap as Overlap }),
    ...(grace === undefined ? {} : { grace: readSeconds(grace, '--grace') }),
    ...(jitter === undefined ? {} : { jitter: readSeconds(jitter, '--jitter') }),
    ...(paused === undefined ? {} : { paused }),
  }
}
