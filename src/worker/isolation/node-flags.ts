// Which of this process's Node flags its children get: those that say how modules are found and run. Never those that
// belong to one process only: a debugger's port, a test runner, a heap size.

const WITH_VALUE = /^(--conditions|-C|--import|--require|-r|--experimental-loader|--loader)$/
const WHOLE =
  /^(--(conditions|import|require|experimental-loader|loader|disable-warning)=|-C=?.+|--(enable-source-maps|no-warnings|preserve-symlinks(-main)?|experimental-[a-z-]+|no-experimental-[a-z-]+)$)/
const NOT = /^--experimental-(test|sea|permission|default-config)/

/** The flags for a child. */
export function childFlags(flags: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < flags.length; at++) {
    const flag = flags[at] ?? ''
    const value = flags[at + 1]
    if (WITH_VALUE.test(flag) && value !== undefined) {
      kept.push(flag, value)
      at++
    } else if (WHOLE.test(flag) && !NOT.test(flag)) kept.push(flag)
  }
  return kept
}
