// The bare loop on Redis with the plain client: one script for settlements and the next claim, a list of ids, records
// packed in one hash, finished ones in another with their times, two calls in flight. What it leaves out: bare.ts.

import { randomBytes } from 'node:crypto'

import { createClient } from '@redis/client'

import { inLanes, turns, type Bare, type BareTask } from './bare.ts'

const KEYS = ['ready', 'tasks', 'running', 'finished', 'finished-at'].map((name) => `{bare}:${name}`)
/** Keys above; ARGV: now, then id and record of each. */
const ENQUEUE = `
local ids, fields = {}, {}
for i = 2, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
local here = redis.call('HMGET', KEYS[2], unpack(ids))
local past = redis.call('HMGET', KEYS[4], unpack(ids))
local new = {}
for i, id in ipairs(ids) do
  if not here[i] and not past[i] then
    new[#new + 1] = id
    fields[#fields + 1] = id
    fields[#fields + 1] = ARGV[2 * i + 1]
  end
end
if #new == 0 then return 0 end
redis.call('HSET', KEYS[2], unpack(fields))
redis.call('RPUSH', KEYS[1], unpack(new))
return #new`
/** ARGV: now, token of what is held, the new token, session, limit, then the ids that are held. */
const TURN = `
local now, token, next, session, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local settled = 0
if #ARGV > 5 then
  local held = {unpack(ARGV, 6)}
  local runs = redis.call('HMGET', KEYS[3], unpack(held))
  local records = redis.call('HMGET', KEYS[2], unpack(held))
  local ended, past, times = {}, {}, {}
  for i, id in ipairs(held) do
    if runs[i] and string.sub(runs[i], 1, #token) == token then
      ended[#ended + 1] = id
      past[#past + 1] = id
      past[#past + 1] = records[i] .. runs[i] .. now .. 'null'
      times[#times + 1] = now
      times[#times + 1] = id
    end
  end
  settled = #ended
  if settled > 0 then
    redis.call('HDEL', KEYS[3], unpack(ended))
    redis.call('HDEL', KEYS[2], unpack(ended))
    redis.call('HSET', KEYS[4], unpack(past))
    redis.call('ZADD', KEYS[5], unpack(times))
  end
end
local ids = redis.call('LPOP', KEYS[1], limit)
if not ids or #ids == 0 then return {settled, {}, {}} end
local runs = {}
for _, id in ipairs(ids) do
  runs[#runs + 1] = id
  runs[#runs + 1] = next .. '.1 ' .. session .. ' ' .. now
end
redis.call('HSET', KEYS[3], unpack(runs))
return {settled, ids, redis.call('HMGET', KEYS[2], unpack(ids))}`

type Client = ReturnType<typeof createClient>
type Turned = readonly [settled: number, ids: readonly string[], records: readonly string[]]

/** The loop on a server that is empty. */
export class BareRedis implements Bare {
  readonly #client: Client
  readonly #scripts: { readonly enqueue: string; readonly turn: string }
  readonly #session = randomBytes(16).toString('hex')

  private constructor(client: Client, scripts: { readonly enqueue: string; readonly turn: string }) {
    this.#client = client
    this.#scripts = scripts
  }

  static async open(url: string): Promise<BareRedis> {
    const client: Client = createClient({ url })
    client.on('error', () => {})
    await client.connect()
    const [enqueue, turn] = [await client.scriptLoad(ENQUEUE), await client.scriptLoad(TURN)]
    return new BareRedis(client, { enqueue, turn })
  }

  async enqueue(tasks: readonly BareTask[]): Promise<void> {
    const now = String(Date.now())
    const given = tasks.flatMap(({ id, payload, digest }) => [
      id,
      `default sample 0 ${now} ${now} 0 ${digest} ${payload}`,
    ])
    await this.#client.evalSha(this.#scripts.enqueue, { keys: KEYS, arguments: [now, ...given] })
  }

  /** Claims and settles until nothing is left. */
  workOff(concurrency: number): Promise<number> {
    return inLanes(concurrency, (limit) => {
      let token = 'none'
      return turns<string>(async (held) => {
        const next = randomBytes(16).toString('hex')
        const given = [String(Date.now()), token, next, this.#session, String(limit), ...held]
        const answer = await this.#client.evalSha(this.#scripts.turn, { keys: KEYS, arguments: given })
        // What a script answers is the script's to say.
        const [settled, claimed, records] = answer as unknown as Turned
        token = next
        for (const record of records) JSON.parse(record.slice(record.indexOf('{')))
        return { settled, claimed }
      })
    })
  }

  async close(): Promise<void> {
    await this.#client.close()
  }
}
