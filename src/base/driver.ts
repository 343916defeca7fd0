// Loading a driver that is an optional package of the user's. Owns the refusal when it is not installed, with the
// command that mends it; any other failure of the package is passed on as it is. Leaves what a driver is asked to the
// engine that uses it.

import { WindlassError } from '../core/errors.ts'

/**
 * The module of an optional driver.
 * @param name the package, as it is installed and imported
 * @throws WindlassError `engine_driver_missing`
 */
export async function loadDriver<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause
    throw new WindlassError('engine_driver_missing', `the driver ${name} is not installed`, {
      cause,
      applied: 'no',
      hint: `npm install ${name}`,
      detail: { package: name },
    })
  }
}

/** The package itself, not one that it misses: then it is there and broken. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  const known = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND'
  return known && (error.message.includes(`'${name}'`) || error.message.includes(`'${name}/`))
}
