/**
 * What every peer's program is asked, so that all are measured alike. Plain JavaScript: a peer may need an old Node.
 *
 * `PROGRAM FOLDER URL VARIANT WHAT COUNT CONCURRENCY`. WHAT is `process` (fill, then work off in a new process, from
 * the first handler start to the last completion), `single` (100 in flight), `bulk` (1,000 at a time), `pickup` (one
 * every 10 to 30 ms) or `steady` (1,000 a second), both from the call to the start of the handler in another process
 * that was booted before. Prints one JSON document. Ends when its standard input does, so that nobody has to find it.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** @typedef {{ path: string, note: string, n?: number }} Payload */

/**
 * A peer's own calls.
 *
 * @typedef {{
 *   addOne: (payload: Payload) => Promise<unknown>,
 *   addMany: (payloads: Payload[]) => Promise<unknown> | void,
 *   filled?: () => Promise<unknown>,
 *   work: (concurrency: number, run: (payload: Payload) => void) => Promise<unknown>,
 *   settled: (count: number) => Promise<unknown>,
 * }} Peer
 */

/** @typedef {{ folder: string, url: string, variant: string, concurrency: number }} Asked */

/** About 200 bytes of JSON. @type {Payload} */
const PAYLOAD = { path: '/data/input/file.bin', note: 'x'.repeat(160) }
const IN_FLIGHT = 100
const PER_SECOND = 1_000
/** A peer that fell behind is given this long, in ms. */
const LATE_MOST = 20_000

const now = () => Number(process.hrtime.bigint()) / 1e6

/**
 * Does what the arguments say.
 *
 * @param {(asked: Asked) => Promise<Peer>} open
 */
export async function runPeer(open) {
  const [folder = '', url = '', variant = '', what = '', count = '0', concurrency = '100'] =
    process.argv.slice(2)
  process.stdin.resume().on('end', () => process.exit(1))
  const peer = await open({ folder, url, variant, concurrency: Number(concurrency) })
  const answer = await answerTo(what, peer, Number(count), Number(concurrency))
  console.log(JSON.stringify(answer))
  // Peers keep connections and timers; nothing of them is wanted any more.
  process.exit(0)
}

/**
 * @param {string} what
 * @param {Peer} peer
 * @param {number} count
 * @param {number} concurrency
 * @returns {Promise<unknown>}
 */
async function answerTo(what, peer, count, concurrency) {
  switch (what) {
    case 'process':
      await fill(peer, count)
      await peer.filled?.()
      return another('work', async (child) => answerOf(child))
    case 'work':
      return { rate: await workOff(peer, count, concurrency) }
    case 'single':
      return { rate: await rateOf(count, () => addSingly(peer, count)) }
    case 'bulk':
      return { rate: await rateOf(count, () => fill(peer, count)) }
    case 'pickup':
    case 'steady':
      return another('starts', (child) => waits(peer, child, what, count))
    case 'starts':
      return noteStarts(peer, concurrency)
    default:
      throw new Error(`a peer is not asked ${what}`)
  }
}

/** @param {number} count @param {() => Promise<void>} work */
async function rateOf(count, work) {
  const since = performance.now()
  await work()
  return (count * 1_000) / (performance.now() - since)
}

/** @param {Peer} peer @param {number} count */
async function fill(peer, count) {
  const thousand = Array.from({ length: 1_000 }, () => PAYLOAD)
  for (let left = count; left > 0; left -= 1_000) await peer.addMany(thousand.slice(0, left))
}

/** @param {Peer} peer @param {number} count */
async function addSingly(peer, count) {
  let left = count
  const caller = async () => {
    while (left-- > 0) await peer.addOne(PAYLOAD)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
}

/** @param {Peer} peer @param {number} count @param {number} concurrency */
async function workOff(peer, count, concurrency) {
  const { promise, resolve } = withResolvers()
  let first = 0
  let started = 0
  await peer.work(concurrency, () => {
    if (first === 0) first = performance.now()
    if (++started === count) resolve(null)
  })
  await promise
  await peer.settled(count)
  return (count * 1_000) / (performance.now() - first)
}

/** Notes when handlers start, until asked. @param {Peer} peer @param {number} concurrency */
async function noteStarts(peer, concurrency) {
  /** @type {[number, number][]} */
  const starts = []
  await peer.work(concurrency, ({ n = -1 }) => starts.push([n, now()]))
  process.send?.('ready')
  process.on('message', () => process.send?.(starts))
  await once(process, 'disconnect')
  return null
}

/**
 * The waits from call to start, in ms. The first calls are let go: nothing is warm at them.
 *
 * @param {Peer} peer
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} what
 * @param {number} count
 */
async function waits(peer, child, what, count) {
  await once(child, 'message')
  await sleep(500)
  const warm = what === 'steady' ? Math.min(PER_SECOND, count) : 20
  /** @type {number[]} */
  const sent = []
  /** @type {Promise<unknown>[]} */
  const calls = []
  const send = () => {
    sent.push(now())
    calls.push(peer.addOne({ ...PAYLOAD, n: sent.length - 1 }))
  }
  const since = now()
  while (sent.length < warm + count) {
    if (what === 'pickup') {
      await sleep(10 + Math.random() * 20)
      send()
      await calls.at(-1)
    } else {
      while (sent.length < Math.min(warm + count, now() - since)) send()
      await sleep(1)
    }
  }
  await Promise.all(calls)
  const starts = await startsIn(child, sent.length)
  const all = starts.filter(([n]) => n >= warm).map(([n, at]) => at - (sent[n] ?? 0))
  if (all.length !== count) throw new Error(`${all.length} of ${count} tasks were picked up`)
  all.sort((a, b) => a - b)
  return { p50: all[Math.floor((count - 1) * 0.5)], p99: all[Math.floor((count - 1) * 0.99)] }
}

/**
 * The starts in that process, once there are so many; or as many as there are when waiting longer is in vain.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {number} count
 */
async function startsIn(child, count) {
  for (const since = now(); ; await sleep(100)) {
    child.send('starts?')
    const [starts] = /** @type {[[number, number][]]} */ (await once(child, 'message'))
    if (starts.length >= count || now() - since > LATE_MOST) return starts
  }
}

/**
 * Runs with another process of the same program.
 *
 * @template R
 * @param {string} what
 * @param {(child: import('node:child_process').ChildProcess) => Promise<R>} run
 */
async function another(what, run) {
  const args = process.argv.slice(2)
  args[3] = what
  const child = fork(process.argv[1] ?? '', args, { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] })
  const late = once(child, 'close').then(() => {
    throw new Error('the worker ended before its time')
  })
  try {
    return await Promise.race([run(child), late])
  } finally {
    late.catch(() => {})
    child.kill('SIGKILL')
  }
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<unknown>} */
async function answerOf(child) {
  let said = ''
  for await (const chunk of child.stdout ?? []) {
    said += String(chunk)
    if (said.endsWith('\n')) return JSON.parse(said)
  }
  throw new Error('the worker said nothing')
}

/** Promise.withResolvers, which an old Node lacks. */
function withResolvers() {
  /** @type {(value: unknown) => void} */
  let resolve = () => {}
  const promise = new Promise((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/**
 * Asks until there is no answer.
 *
 * @param {() => Promise<{ rows: unknown[] }>} ask
 */
export async function untilEmpty(ask) {
  while ((await ask()).rows.length > 0) await sleep(2)
}
