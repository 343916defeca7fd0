/**
 * Which test files there are, and in which order they run.
 *
 * Owns the order: rules and units first, because they fail fastest; what starts processes last.
 */
import { globSync } from 'node:fs'

/** Later ones are slower; a file belongs to the first that its path starts with. */
const ORDER = ['test/house/', 'src/core/', 'src/', 'test/', 'test/setup/', 'test/process/']

export function testFiles(root: string, words: readonly string[]): string[] {
  const found = globSync(
    ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.ts'],
    {
      cwd: root,
    },
  ).map((file) => file.replaceAll('\\', '/'))
  return found
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

function rank(file: string): number {
  return ORDER.findLastIndex((prefix) => file.startsWith(prefix))
}
