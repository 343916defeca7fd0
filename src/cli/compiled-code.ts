// Compiled code that is kept between runs: most of what a short verb does is to read and compile the same modules
// again, so with it a verb answers in a third of the time. Node keeps the entries by content and version.
// Promises to be only faster or not there: a folder that cannot be written is no error. NODE_COMPILE_CACHE names another
// folder, NODE_DISABLE_COMPILE_CACHE=1 switches it off.

import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Keeps what is loaded from now on in the cache folder of this user: not in Node's default below the shared temp
 * folder, where somebody else could have put code for us to run.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv = process.env): void {
  const caches = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  enableCompileCache(env['NODE_COMPILE_CACHE'] ?? join(caches, 'windlass', 'compiled'))
}
