// `windlass backup FILE`: a consistent copy of the store in one file, while workers run; checked before it is given its
// name. Leaves how to the engine.

import type { Command } from 'commander'

import { backupStore } from '../engines/backup.ts'
import type { Cli } from './cli.ts'
import { openWindlass } from './open.ts'

export function define(command: Command, cli: Cli): void {
  command
    .argument('<file>', 'file to write')
    .option('--force', 'replace the file if there is one')
    .action(async (file: string, { force = false }: { force?: boolean }) => {
      // Only the settings are needed: nothing may have the store open meanwhile.
      const { settings } = await openWindlass(cli)
      const done = await backupStore(settings.engine.url, file, force)
      cli.out.answer(done, () => cli.out.say('backup.done', { file: done.file, bytes: done.bytes }))
    })
}
