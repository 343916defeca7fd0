// Clients of the driver: made for an address, connected within a time, asked one thing and thrown away.
// Promises that none reconnects or waits by itself, and that one which does not connect is destroyed. What becomes of a
// connection is the link's business.

import { loadDriver } from '../../base/driver.ts'
import { isSecure, type Place, type RedisAddress } from './address.ts'
import { timedOut } from './failure.ts'

export type Driver = typeof import('@redis/client')
export type Client = ReturnType<typeof createClient>

/** @throws WindlassError `engine_driver_missing` */
export function loadRedis(): Promise<Driver> {
  return loadDriver('@redis/client', () => import('@redis/client'))
}

/** A client that is not connected yet. @param timeout how long connecting may take, in ms */
export function createClient(
  { createClient: create }: Driver,
  address: RedisAddress,
  { host, port }: Place,
  timeout: number,
) {
  const { database, username, password } = address
  const tls = isSecure(address) && { tls: true as const }
  return create({
    socket: { host, port, connectTimeout: timeout, reconnectStrategy: false, ...tls },
    database,
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    RESP: 2,
    disableOfflineQueue: true,
    // The link bounds its calls; the driver's own bound makes an AbortSignal for each command, a quarter of a round trip.
    commandOptions: { timeout: 0 },
  })
}

/**
 * Connects a client, or destroys it: a server that accepts and says nothing would be waited for without end.
 * @throws WindlassError `engine_timeout`, or what the driver says
 */
export async function connectWithin(client: Client, timeout: number): Promise<void> {
  try {
    await within(client.connect(), timeout)
  } catch (error) {
    client.destroy()
    throw error
  }
}

/** Asks a Sentinel, which has no databases and is asked without a password, one command. */
export async function askSentinel(
  driver: Driver,
  address: RedisAddress,
  place: Place,
  { command, timeout }: { readonly command: readonly string[]; readonly timeout: number },
): Promise<unknown> {
  const open = { ...address, database: 0, username: null, password: null }
  const client = createClient(driver, open, place, timeout)
  // What is wrong is told by the call.
  client.on('error', () => {})
  await connectWithin(client, timeout)
  try {
    return await within(client.sendCommand<unknown>([...command]), timeout)
  } finally {
    client.destroy()
  }
}

async function within<T>(work: Promise<T>, timeout: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut(timeout)), timeout)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
