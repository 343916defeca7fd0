// The version of this package, from its own package.json: the same file from `src` and from `dist`.

import { readFileSync } from 'node:fs'

/** The version, such as `0.1.0`. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return version
}
