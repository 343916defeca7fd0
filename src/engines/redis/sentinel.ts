// The master of a store that Sentinels watch: asked for anew before each connection, so that a fail-over is followed.
// Promises that a Sentinel that does not answer costs its time and no more. Whether the server that it names takes
// writes is seen when it is asked; Sentinels are asked without a password.

import { WindlassError } from '../../core/errors.ts'
import { formatPlace, type Place, type RedisAddress } from './address.ts'

/** Asks one server one command. */
export type AskOnce = (place: Place, command: readonly string[]) => Promise<unknown>

/**
 * Where the store is now.
 * @throws WindlassError `engine_unreachable` when no Sentinel knows the master; or what the last of them said
 */
export async function findMaster(address: RedisAddress, ask: AskOnce): Promise<Place> {
  const { sentinel, others } = address
  if (sentinel === null) return address
  let failure: unknown = null
  for (const place of [address, ...others]) {
    try {
      const answer = await ask(place, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinel])
      if (Array.isArray(answer)) return { host: String(answer[0]), port: Number(answer[1]) }
      failure = new Error(`the Sentinel at ${formatPlace(place)} knows no master ${sentinel}`)
    } catch (error) {
      failure = error
    }
  }
  throw new WindlassError('engine_unreachable', `no Sentinel tells the master ${sentinel}`, {
    cause: failure,
    applied: 'no',
    hint: 'Sentinels are asked without a password; see that they run and know this name.',
  })
}
