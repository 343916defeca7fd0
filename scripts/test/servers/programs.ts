/**
 * Finding programs of servers, which Debian keeps off PATH.
 *
 * WINDLASS_TEST_PROGRAMS names the folders that are looked into instead of all others, for tests and for who
 * wants another version.
 */
import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const BESIDE_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const BREW = ['/opt/homebrew/bin', '/opt/homebrew/opt/*/bin', '/usr/local/opt/*/bin']

/**
 * The first of these programs that can be run.
 * @param folders looked at before PATH; patterns are allowed, the highest name wins
 */
export function findProgram(names: readonly string[], folders: readonly string[] = []): string | null {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const only = process.env['WINDLASS_TEST_PROGRAMS']?.split(delimiter)
  const places = only ?? [...folders.flatMap(expand), ...onPath, ...BESIDE_PATH, ...BREW.flatMap(expand)]
  for (const name of names)
    for (const place of places) {
      const file = join(place, name)
      if (isProgram(file)) return file
    }
  return null
}

/** Versions are compared as numbers, so that 15 comes before 9. */
function expand(pattern: string): string[] {
  if (!pattern.includes('*')) return [pattern]
  return globSync(pattern).toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
