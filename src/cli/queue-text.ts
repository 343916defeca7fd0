// Queues with their numbers as a table, for `stats` and `queue`.

import type { QueueJson } from '../client/queues.ts'
import { formatDuration } from '../core/duration.ts'
import { TASK_STATES } from '../core/record.ts'
import { oneLine, type Output } from './output.ts'
import { formatTable } from './table.ts'

/** One queue a line; estimates are marked with `~`. */
export function queueTable(queues: readonly QueueJson[], out: Output): string {
  if (queues.length === 0) return out.say('queue.none')
  return formatTable(
    [
      { title: out.say('head.queue'), most: 40 },
      ...TASK_STATES.map((state) => ({ title: state, align: 'right' as const })),
      { title: out.say('head.oldest'), align: 'right' },
      { title: out.say('head.workers'), align: 'right' },
      { title: '' },
    ],
    queues.map((queue) => [
      oneLine(queue.queue),
      ...TASK_STATES.map((state) => `${queue.estimated.includes(state) ? '~' : ''}${queue[state]}`),
      queue.oldest_ms === null ? '' : formatDuration(queue.oldest_ms),
      String(queue.workers),
      queue.paused ? out.style('yellow', out.say('queue.paused')) : '',
    ]),
    (head) => out.style('bold', head),
  )
}
