// What every verb is given: the global options as read, where to write, and the exit code to leave with.
// Owns nothing else; verbs are one file each and export one `define`, which declares arguments and options on a
// commander command and sets the action.

import type { Command } from 'commander'

import type { Output } from './output.ts'
import type { Profile } from './profile.ts'

export interface Globals {
  readonly config: string | null
  readonly engine: string | null
  readonly lang: string | null
  readonly profile: Profile | null
  readonly verbose: boolean
}

export interface Cli {
  readonly out: Output
  /** Read by the time an action runs. */
  globals: Globals
  /** What the process exits with when the verb is done. */
  exit: number
  /** All verbs, for those that speak of the others. */
  readonly verbs: readonly VerbEntry[]
}

export interface Verb {
  define(command: Command, cli: Cli): void
}

/** A verb in the list of all: loaded only when it is used, so that each start pays for one. */
export interface VerbEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Verb>
}
