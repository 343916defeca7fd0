// Removes every key of one namespace; other namespaces on the server are not touched.

import type { RedisAddress } from './address.ts'
import { Link } from './link.ts'
import { prefixOf } from './store.ts'

/** Keys that one step looks at. */
const STEP = '1000'

/** Nothing may have the namespace open. */
export async function dropNamespace(address: RedisAddress): Promise<void> {
  const link = new Link(address, { callTimeout: 10_000 })
  await link.open()
  try {
    const pattern = `${prefixOf(address.namespace)}*`
    for (let cursor = '0'; ;) {
      const page = (await link.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', STEP)) as [string, string[]]
      const [next, keys] = page
      if (keys.length > 0) await link.command('UNLINK', ...keys)
      if (next === '0') return
      cursor = next
    }
  } finally {
    link.close()
  }
}
