/**
 * Where a server comes from: a program on this machine, else Debian's packages, else docker compose.
 *
 * Owns that order and the sentence when there is none. Leaves servers that the environment names to
 * ../engines.ts, since those are nobody's to start.
 */
import { compose } from './compose.ts'
import { install, whyNotInstalled } from './debian.ts'
import { Instance, type Settings } from './instance.ts'
import type { Kind } from './kind.ts'

export interface Server {
  readonly url: string
  /** Null: it runs in a container, and cannot be killed and started again. */
  readonly instance: Instance | null
  remove(): Promise<void>
}

/** There is no server of this kind here, and why. */
export class Missing extends Error {}

/** Packages are installed one after the other, however many kinds are asked for at once. */
let turn: Promise<unknown> = Promise.resolve()

/**
 * @param say told before something is installed
 * @throws Missing where none can be had; any other error where one is there and does not start
 */
export async function supply(kind: Kind, settings: Settings, say: (line: string) => void): Promise<Server> {
  const why = kind.find() === null ? await installed(kind, say) : null
  const program = kind.find()
  if (program !== null) {
    const instance = await Instance.start(kind, program, settings)
    return { url: instance.url, instance, remove: () => instance.remove() }
  }
  const composed = await compose(kind)
  if (composed === null) throw new Missing(why ?? 'its packages bring no server program')
  return { ...composed, instance: null }
}

async function installed(kind: Kind, say: (line: string) => void): Promise<string | null> {
  const why = whyNotInstalled(process.env)
  if (why !== null) return why
  const mine = turn.then(async () => {
    if (kind.find() !== null) return null
    const packages = kind.packages.join(' ')
    say(`installing ${packages} for the tests (WINDLASS_NO_APT=1 forbids it)`)
    return install(kind.packages)
  })
  turn = mine.catch(() => undefined)
  return mine
}
