// What of a configured system a child can load by itself: everything when there is a config file, else the task types
// that the globs of its config name. Pure but for importing those files, which this process did already.

import type { Settings } from '../../config/settings.ts'
import { loadTasks } from '../../config/tasks.ts'
import type { TaskType } from '../../core/task-type.ts'
import type { IsolationSource } from '../options.ts'

/**
 * The source for the children of a worker.
 * @param types the task types of the system
 * @param used those of the worker
 * @param ownMiddleware the worker has middleware that no config file names
 */
export async function sourceOf(
  { file, root, tasks, codecs, middleware }: Settings,
  types: ReadonlyMap<string, TaskType>,
  used: readonly TaskType[],
  ownMiddleware: boolean,
): Promise<IsolationSource> {
  const globs = tasks.filter((one) => typeof one === 'string')
  const inMemory = file === null && (codecs.length > 0 || middleware.length > 0)
  const found = file === null && types.size > 0 ? await loadTasks(globs, root) : types
  // Another type under a name of the config's would run the wrong handler there.
  const known = used.filter(({ name, run }) => found.get(name)?.run === run).map(({ name }) => name)
  const lacks = ownMiddleware
    ? 'this worker was given middleware that is in no config file'
    : inMemory
      ? 'the config with its codecs and middleware is in no file'
      : null
  return { source: { config: file, tasks: globs, root }, known, lacks }
}
