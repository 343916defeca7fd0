// What an acknowledged write survives, as the server is set up.

import type { Durability } from '../../core/engine.ts'
import { words } from './statement.ts'
import type { Store } from './store.ts'

const SETTINGS = words(
  'SELECT @@global.innodb_flush_log_at_trx_commit, @@global.log_bin, @@global.sync_binlog',
)

/** Asks the server. */
export function readDurability(store: Store): Promise<Durability> {
  return store.read(async (look, { dialect: { product } }) => {
    const [flush, binlog, sync] = ((await look.query(SETTINGS)).rows[0] ?? []).map(Number)
    if (flush === 0)
      return {
        class: 'D1',
        text: `the last second may be lost with the server's process (${product}, innodb_flush_log_at_trx_commit=0)`,
      }
    if (flush !== 1)
      return {
        class: 'D2',
        text: `the last second may be lost with the machine (${product}, innodb_flush_log_at_trx_commit=${flush})`,
      }
    // Without its log in step, a server that crashed may undo what it had acknowledged, or replicas may miss it.
    if (binlog === 1 && sync !== 1)
      return {
        class: 'D3',
        text: `on disk before it is acknowledged (${product}); replicas may miss the last moments (sync_binlog=${sync})`,
      }
    const log = binlog === 1 ? 'binary log in step' : 'no binary log'
    return { class: 'D3', text: `on disk before it is acknowledged (${product}, ${log})` }
  })
}
