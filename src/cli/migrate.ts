// `windlass migrate`: creates the store or brings it to the schema of this version. Safe when raced, a no-op when done.

import type { Command } from 'commander'

import { maskSecrets } from '../core/secrets.ts'
import type { Cli } from './cli.ts'
import { openWindlass } from './open.ts'

export function define(command: Command, cli: Cli): void {
  command.action(async () => {
    // Opening would migrate by itself, and nobody would learn from where.
    const windlass = await openWindlass(cli, { flags: { migrate: 'false' } })
    try {
      const engine = await windlass.engine()
      const { from, to } = await engine.migrate()
      const url = maskSecrets(windlass.settings.engine.url)
      cli.out.answer({ engine: engine.name, url, from, to }, () =>
        from === to
          ? cli.out.say('migrate.same', { url, to })
          : cli.out.say('migrate.done', { url, from, to }),
      )
    } finally {
      await windlass.close()
    }
  })
}
