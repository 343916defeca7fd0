/** The real tree, as the house rules see it: our own code under the five roofs, path to text. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const ROOFS = ['src', 'dashboard', 'test', 'bench', 'scripts']
const CODE = '**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs,css,lua,sql}'

export function readTree(): Map<string, string> {
  const files = globSync(
    ROOFS.map((roof) => `${roof}/${CODE}`),
    { cwd: ROOT },
  )
  return new Map(
    files
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => !file.split('/').includes('node_modules'))
      .map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
  )
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path))
}
