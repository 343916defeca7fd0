// What an acknowledged write survives, as the server is set up.

import type { Durability } from '../../core/engine.ts'
import type { Store } from './store.ts'

const SETTINGS = "SELECT current_setting('fsync'), current_setting('synchronous_commit')"

/** Asks the server. */
export async function readDurability(store: Store): Promise<Durability> {
  const [row = []] = (await store.once(SETTINGS, [])).rows
  const [fsync, commit] = row
  if (fsync !== 'on') return { class: 'D1', text: 'survives a killed process only (PostgreSQL, fsync=off)' }
  if (commit === 'off')
    return {
      class: 'D2',
      text: 'the last moments may be lost with the server (PostgreSQL, synchronous_commit=off)',
    }
  return {
    class: 'D3',
    text: `on disk before it is acknowledged (PostgreSQL, synchronous_commit=${String(commit)})`,
  }
}
