// What a worker process tells its supervisor over the IPC channel, and how it tells it.
// Both ends import this file, so that they cannot disagree. Promises that a lost supervisor never breaks a worker:
// telling nobody is no error. Leaves what follows from a message to child.ts.

/** `ready`: it takes work now. `session`: its session in the store, also after it had to draw a new one. */
export type ChildMessage =
  | { readonly windlass: 'ready' }
  | { readonly windlass: 'session'; readonly session: string }

/** Set for processes that a supervisor started. */
export const SUPERVISED = 'WINDLASS_SUPERVISED'

/** True when a supervisor started this process. What this process starts is told nothing of it. */
export function takeSupervised(): boolean {
  const supervised = process.env[SUPERVISED] === '1' && process.send !== undefined
  delete process.env[SUPERVISED]
  return supervised
}

/** Tells the supervisor, if there is one. */
export function tellSupervisor(message: ChildMessage): void {
  if (process.send === undefined || !process.connected) return
  // The callback takes the error of a channel that closed meanwhile; without it that would be an 'error' event.
  process.send(message, undefined, undefined, () => {})
}

/** The message, or null for anything else that came over the channel (user code may send too). */
export function readChildMessage(value: unknown): ChildMessage | null {
  if (typeof value !== 'object' || value === null || !('windlass' in value)) return null
  if (value.windlass === 'ready') return { windlass: 'ready' }
  if (value.windlass === 'session' && 'session' in value && typeof value.session === 'string')
    return { windlass: 'session', session: value.session }
  return null
}
