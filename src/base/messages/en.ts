// The catalogue in English: every text of the command line that has a key. zh.ts has the same keys and placeholders; a
// test holds them together. Help texts are in help-en.ts, log lines in log-en.ts.

import { helpEn } from './help-en.ts'
import { logEn } from './log-en.ts'

/** Texts by key. */
export const en = {
  ...helpEn,
  ...logEn,
  'explain.meaning': 'meaning',
  'explain.todo': 'what to do',
  'explain.kind': 'kind',
  'explain.error': 'error code',
  'explain.reason': 'reason of a task',
  'explain.retry': 'retry',
  'explain.may': 'the same call may succeed later',
  'explain.never': 'the same call fails again',
  'explain.also': 'It is a reason of tasks as well:',
  'list.none': 'no tasks',
  'list.more': 'more: --cursor {next}',
  'list.partial': 'older tasks were not looked at',
  'task.told_to_stop': '{id} {state}, was told to stop',
  'bulk.fit': '{verb}: {count} tasks fit',
  'bulk.more': '{count} more',
  'bulk.done': '{verb}: {matched} tasks fit, {done} done, {refused} refused',
  'bulk.ask': '{verb} these {count} tasks? [y/N] ',
  'bulk.nothing_done': 'nothing was done',
  'sweep.rescued': 'tasks of dead workers brought back',
  'sweep.promoted': 'due tasks made ready',
  'sweep.expired': 'expired tasks cancelled',
  'sweep.purged': 'finished tasks purged',
  'sweep.overdue': 'overdue on living workers, left to them',
  'backup.done': '{file}: {bytes} bytes, checked',
  'restore.done': '{file} is restored; start the workers again',
  'restore.kept': 'the store before it is kept as {kept}',
  'doctor.wrong': 'wrong',
  'selftest.ok': 'the system does what it should; everything of the test is removed',
  'selftest.failed': 'the system does not do what it should',
} as const
