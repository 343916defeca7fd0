// The Lua scripts: read from lua/ once, each joined behind the parts that its `--@` line names.
// Knows nothing of what they do; how they are sent is the link's business.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A whole script and the name by which a server knows it. */
export interface Script {
  readonly source: string
  readonly sha: string
}

const FOLDER = new URL('./lua/', import.meta.url)
const parts = new Map<string, string>()
const scripts = new Map<string, Script>()

/** The script of lua/<name>.lua. */
export function scriptOf(name: string): Script {
  const known = scripts.get(name)
  if (known !== undefined) return known
  const source = join(name)
  const script = { source, sha: createHash('sha1').update(source).digest('hex') }
  scripts.set(name, script)
  return script
}

/**
 * The first line (which says how the server is to treat it), the shared parts, the rest. Each part is a function inside
 * of the one before: Lua looks for a variable that a function takes from around it through all that are open there.
 */
function join(name: string): string {
  const [shebang = '', ...lines] = read(name).split('\n')
  const shared = lines.find((line) => line.startsWith('--@'))
  const names = shared?.slice(3).trim().split(/\s+/) ?? []
  const parts = names.map((part) => `${read(part)}return (function()`)
  return [shebang, ...parts, ...lines, ...names.map(() => 'end)()'), ''].join('\n')
}

function read(name: string): string {
  const known = parts.get(name)
  if (known !== undefined) return known
  const text = readFileSync(new URL(`${name}.lua`, FOLDER), 'utf8')
  parts.set(name, text)
  return text
}
