// The Redis client, loaded only when a Redis URL is opened. Named by shape: no type of the package is needed by others.

import { WindlassError } from '../../core/errors.ts'

type Driver = typeof import('@redis/client')

/**
 * Loads the client.
 * @throws WindlassError `engine_driver_missing` with the way to install it
 */
export async function loadDriver(): Promise<Driver> {
  try {
    return await import('@redis/client')
  } catch (error) {
    throw new WindlassError('engine_driver_missing', 'the package @redis/client is not installed', {
      cause: error,
      applied: 'no',
      hint: 'Install it beside windlass: npm install @redis/client',
    })
  }
}
