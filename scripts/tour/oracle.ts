// What an outside tool says about the same files: the tour believes no digest of our own.

import { execFileSync, spawnSync } from 'node:child_process'

interface Tool {
  readonly command: string
  readonly args: readonly string[]
}

const TOOLS: readonly Tool[] = [
  { command: 'sha256sum', args: [] },
  { command: 'shasum', args: ['-a', '256'] },
  { command: 'openssl', args: ['dgst', '-sha256', '-r'] },
]

/** The first tool that exists on this machine, or null. */
export function findTool(): Tool | null {
  return (
    TOOLS.find((tool) => spawnSync(tool.command, ['--version'], { stdio: 'ignore' }).error === undefined) ??
    null
  )
}

/** SHA-256 of each file as the tool says, aligned with `paths`. Throws when the tool fails. */
export function outsideDigests(tool: Tool, paths: readonly string[]): string[] {
  const digests: string[] = []
  for (let i = 0; i < paths.length; i += 100) {
    const some = paths.slice(i, i + 100)
    const text = execFileSync(tool.command, [...tool.args, ...some], { encoding: 'utf8' })
    const lines = text.trimEnd().split('\n')
    if (lines.length !== some.length)
      throw new Error(`${tool.command} answered ${lines.length} lines for ${some.length} files`)
    // A backslash before the digest marks an escaped file name (GNU coreutils).
    digests.push(...lines.map((line) => line.replace(/^\\/, '').slice(0, 64)))
  }
  return digests
}
