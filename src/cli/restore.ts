// `windlass restore FILE`: puts a backup in the place of the store. Refuses while anybody uses the store, unless --force
// says so; the store that stood there is kept beside it. Leaves how to the engine.

import type { Command } from 'commander'

import { restoreStore } from '../engines/backup.ts'
import type { Cli } from './cli.ts'
import { openWindlass } from './open.ts'

export function define(command: Command, cli: Cli): void {
  command
    .argument('<file>', 'file that backup wrote')
    .option('--force', 'also while workers live; what they write afterwards is lost')
    .action(async (file: string, { force = false }: { force?: boolean }) => {
      // Only the settings are needed: nothing may have the store open meanwhile.
      const { settings } = await openWindlass(cli)
      const done = await restoreStore(settings.engine.url, file, force)
      cli.out.answer(done, () =>
        [
          cli.out.say('restore.done', { file: done.file }),
          ...(done.kept === null ? [] : [cli.out.say('restore.kept', { kept: done.kept })]),
        ].join('\n'),
      )
    })
}
