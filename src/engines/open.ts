// From a URL to an engine. Each engine is imported only when its URL asks for it, so that nobody loads a driver they do
// not use. Promises nothing about the store: callers migrate.

import type { Engine, EngineOptions } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'

/**
 * Opens the engine that a URL names.
 * @throws WindlassError `engine_url_invalid`, `engine_not_available`, `engine_unreachable`
 */
export async function openEngine(url: string, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const [, scheme = ''] = /^([a-z]+):/.exec(url) ?? []
  if (scheme === 'memory') return (await import('./memory/engine.ts')).openMemory(options)
  throw new WindlassError(
    'engine_not_available',
    `the engine ${JSON.stringify(scheme)} is not part of this version`,
  )
}
