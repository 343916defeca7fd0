// From the options of the command line to flags by dotted path, as the config reads them: nearer than environment,
// .env and config file.

import type { Cli } from './cli.ts'

/** What was said on the command line; undefined: not said. */
export function flagsOf(
  cli: Cli,
  more: Readonly<Record<string, string | undefined>> = {},
): Record<string, unknown> {
  const { engine, lang } = cli.globals
  const all = { engine: engine ?? undefined, lang: lang ?? undefined, ...more }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
