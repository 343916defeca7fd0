/**
 * Makes programs of another release of Debian start on this one.
 *
 * Each is moved aside for a script of its name that runs it by the loader and the libraries that were unpacked with
 * it, in the same process, so that signals reach it. Promises that nobody has to be root, and that no container is
 * needed. Leaves where the tree comes from to archive.ts.
 */
import { existsSync, globSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ELF = Buffer.from('\x7fELF')

/** Programs by their place in the tree, each with arguments to put after all others; in them `@` is the tree. */
export type Programs = Readonly<Record<string, readonly string[]>>

/**
 * Puts a script in the place of each program.
 * @returns the folders that they are in
 */
export function prepare(tree: string, programs: Programs): string[] {
  for (const [place, more] of Object.entries(programs)) {
    const file = join(tree, place)
    const real = `${file}.real`
    if (!existsSync(real)) renameSync(file, real)
    const start = readFileSync(real).subarray(0, ELF.length).equals(ELF) ? loaderOf(tree) : []
    const last = more.map((one) => `"${one.replace('@', tree)}"`)
    const command = [...start, `"${real}"`, '"$@"', ...last].join(' ')
    writeFileSync(file, `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 })
  }
  return [...new Set(Object.keys(programs).map((place) => dirname(join(tree, place))))]
}

function loaderOf(tree: string): string[] {
  const libraries = globSync(join(tree, '{usr/,}lib/*-linux-gnu*'))
  const [loader] = libraries.flatMap((folder) => globSync(join(folder, 'ld-linux-*.so.*')))
  if (loader === undefined) throw new Error(`there is no loader in ${tree}`)
  return [`"${loader}"`, '--library-path', `"${libraries.join(':')}"`]
}
