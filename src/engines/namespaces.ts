// A system of its own beside the configured one, on the same store, and its end: for trials that must not touch what is
// there. Leaves making it to the engine's own migration.

import { WindlassError } from '../core/errors.ts'

/** Only such namespaces are dropped, so that no slip of a name can cost anybody's tasks. */
const TRIAL = /^trial_[a-z0-9]{4,20}$/

/** The same store under another namespace. */
export function withNamespace(url: string, namespace: string): string {
  const [place = '', ...query] = url.split('?')
  const parameters = new URLSearchParams(query.join('?'))
  parameters.set('namespace', namespace)
  return `${place}?${parameters.toString()}`
}

/**
 * Removes everything of a trial's namespace; nothing may have it open.
 * @param options `store`: the trial made the store as well; it goes if nobody else has put anything into it
 * @throws WindlassError `refused` for any other namespace, `engine_not_available`
 */
export async function dropTrial(url: string, options: { readonly store: boolean }): Promise<void> {
  const namespace = new URLSearchParams(url.split('?')[1] ?? '').get('namespace') ?? ''
  if (!TRIAL.test(namespace))
    throw new WindlassError('refused', `${JSON.stringify(namespace)} is no namespace of a trial`)
  const scheme = /^([a-z]+)/i.exec(url)?.[1]?.toLowerCase() ?? ''
  switch (scheme) {
    case 'memory':
      return
    case 'sqlite': {
      const { parseSqliteAddress } = await import('./sqlite/address.ts')
      const { dropNamespace } = await import('./sqlite/drop-namespace.ts')
      return dropNamespace(parseSqliteAddress(url, namespace), options.store)
    }
    case 'postgres':
    case 'postgresql': {
      const { dropNamespace } = await import('./postgres/drop-namespace.ts')
      return dropNamespace(url, namespace)
    }
    case 'mysql':
    case 'mariadb': {
      const { dropNamespace } = await import('./mysql/drop-namespace.ts')
      return dropNamespace(url, namespace)
    }
    case 'redis':
    case 'rediss':
    case 'valkey':
    case 'valkeys': {
      const { parseRedisAddress } = await import('./redis/address.ts')
      const { dropNamespace } = await import('./redis/drop-namespace.ts')
      return dropNamespace(parseRedisAddress(url, namespace))
    }
    default:
      throw new WindlassError('engine_not_available', `no engine is called ${JSON.stringify(scheme)}`)
  }
}
