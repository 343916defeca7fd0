// The state words of the seeds' three systems, for output only (DESIGN §8): inside, there is one machine.
// Owns the tables; promises a word for every state. `--state` of `list` understands the words as well.

import { TASK_STATES, type TaskState } from '../core/record.ts'

export const PROFILES = ['rq', 'api', 'push'] as const
export type Profile = (typeof PROFILES)[number]

/** Where a seed has no word for cancelled, it counts as not done. */
const WORDS: Readonly<Record<Profile, Readonly<Record<TaskState, string>>>> = {
  rq: {
    scheduled: 'queued',
    ready: 'queued',
    running: 'started',
    succeeded: 'finished',
    dead: 'failed',
    cancelled: 'failed',
  },
  api: {
    scheduled: 'PENDING',
    ready: 'PENDING',
    running: 'RUNNING',
    succeeded: 'SUCCESS',
    dead: 'FAILED',
    cancelled: 'FAILED',
  },
  push: {
    scheduled: 'pushing',
    ready: 'pushing',
    running: 'pushing',
    succeeded: 'push_success',
    dead: 'push_failed',
    cancelled: 'push_failed',
  },
}

/** The word for a state. */
export function stateWord(state: TaskState, profile: Profile | null): string {
  return profile === null ? state : WORDS[profile][state]
}

/** The states that a word means: our own words always, the profile's too. Empty: no such word. */
export function statesOf(word: string, profile: Profile | null): readonly TaskState[] {
  return TASK_STATES.filter((state) => state === word || (profile !== null && WORDS[profile][state] === word))
}
