// Asking the peers: each measurement is a process of the peer's own program on a new store, which ends with this one.
// What cannot be had, or fails, is told once in a line and counts as left out; it never fails a run of ours.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { LeftOut } from './left-out.ts'
import { bring, firstLine, folderOf, outside, PYTHON } from './peer-install.ts'
import type { Package, PeerSpec } from './peer-list.ts'
import type { BenchServers } from './servers.ts'
import { withFolder } from './stores.ts'

const RUN_MOST = 240_000

/** From a call to the start of the handler in another process, in ms. */
export interface Waits {
  readonly p50: number
  readonly p99: number
}

type Rated = 'process' | 'single' | 'bulk'
type Waited = 'pickup' | 'steady'

export class Peers {
  readonly #servers: BenchServers
  readonly #quick: boolean
  readonly #say: (line: string) => void
  readonly #brought = new Map<Package, Promise<string | null>>()
  /** By peer and measurement: what failed once is not tried again. */
  readonly #broken = new Map<string, string>()

  readonly #said = new Set<string>()

  constructor(servers: BenchServers, quick: boolean, say: (line: string) => void) {
    this.#servers = servers
    this.#quick = quick
    this.#say = say
  }

  /** Tasks per second. */
  async rate(peer: PeerSpec, what: Rated, count: number, concurrency = 100): Promise<number> {
    const answer = await this.#ask(peer, what, Math.min(count, peer.most[what]), concurrency)
    return (answer as { readonly rate: number }).rate
  }

  /** `pickup`: while idle; `steady`: while 1,000 come each second. */
  async waits(peer: PeerSpec, what: Waited, count: number, concurrency = 100): Promise<Waits> {
    return (await this.#ask(peer, what, count, concurrency)) as Waits
  }

  /** @throws LeftOut */
  async #ask(peer: PeerSpec, what: string, count: number, concurrency: number): Promise<unknown> {
    const key = `${peer.name} ${what} ${concurrency}`
    const known = this.#broken.get(key)
    if (known !== undefined) throw new LeftOut(known)
    try {
      const brought = this.#brought.get(peer.from) ?? bring(peer.from, this.#quick, this.#say)
      this.#brought.set(peer.from, brought)
      const absent = await brought
      if (absent !== null) throw new LeftOut(absent)
      return await this.#withStore(peer, async (url) =>
        run(peer, url, [what, String(count), String(concurrency)]),
      )
    } catch (error) {
      const which = error instanceof LeftOut ? peer.name : `${peer.name}, ${what}`
      const why = `${which}: cannot be measured here: ${firstLine(error)}`
      this.#broken.set(key, why)
      if (!this.#said.has(why)) this.#say(`skipped: ${why}`)
      this.#said.add(why)
      throw new LeftOut(why, { cause: error })
    }
  }

  async #withStore<R>(peer: PeerSpec, use: (url: string) => Promise<R>): Promise<R> {
    if (peer.server === null) return withFolder(use)
    const store = await this.#servers.newStore(peer.server)
    try {
      return await use(store.url)
    } finally {
      await store.remove()
    }
  }
}

/** Runs a program to its one answer. Its standard input is ours to end, and it ends with that. */
async function run(peer: PeerSpec, url: string, asked: readonly string[]): Promise<unknown> {
  const { from, variant } = peer
  const native = from.native === true
  const file = from.npm === null ? PYTHON : native ? 'node' : process.execPath
  const args = [fileURLToPath(from.program), folderOf(from), url, variant, ...asked]
  const env = { ...outside(), PYTHONDONTWRITEBYTECODE: '1' }
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: RUN_MOST })
  let said = ''
  let complained = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (complained = (complained + chunk.toString()).slice(-4_000)))
  const [code] = (await once(child, 'close')) as [number | null]
  const answer = said.trim().split('\n').at(-1) ?? ''
  if (code !== 0 || answer === '') throw new Error(complaint(complained, code))
  return JSON.parse(answer)
}

function complaint(complained: string, code: number | null): string {
  const lines = complained.split('\n').filter((line) => /error/i.test(line))
  return (lines.at(-1) ?? `it ended with ${code}`).trim()
}
