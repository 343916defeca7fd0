// What a worker process and its supervisor tell each other over the IPC channel, and how they tell it.
// Both ends import this file, so that they cannot disagree. Promises that a lost supervisor never breaks a worker:
// telling nobody is no error. Leaves what follows from a message to child.ts and to the worker's command.

import type { ChildProcess } from 'node:child_process'

/** `ready`: it takes work now. `session`: its session in the store, also after it had to draw a new one. */
export type ChildMessage =
  | { readonly windlass: 'ready' }
  | { readonly windlass: 'session'; readonly session: string }

/** Set for processes that a supervisor started. */
export const SUPERVISED = 'WINDLASS_SUPERVISED'

/** Exit code of a worker that noticed that it hears of no task any more: it drained, and another one is to take its place. */
export const DEAF_EXIT = 6

const RELEASE = { windlass: 'release' } as const

let supervised = false

/** True when a supervisor started this process. What this process starts is told nothing of it. */
export function takeSupervised(): boolean {
  supervised = process.env[SUPERVISED] === '1' && process.send !== undefined
  delete process.env[SUPERVISED]
  return supervised
}

/** Tells the supervisor, if there is one. */
export function tellSupervisor(message: ChildMessage): void {
  if (!supervised || !process.connected) return
  // The callback takes the error of a channel that closed meanwhile; without it that would be an 'error' event.
  process.send?.(message, undefined, undefined, () => {})
}

/** Calls back when the supervisor wants everything handed back at once. */
export function onRelease(callback: () => void): void {
  process.on('message', (value: unknown) => {
    if (
      typeof value === 'object' &&
      value !== null &&
      'windlass' in value &&
      value.windlass === RELEASE.windlass
    )
      callback()
  })
}

/**
 * Tells a worker to hand back everything at once. Not by a second signal: a service manager that signals every process
 * of a service would be taken for it.
 */
export function tellRelease(child: ChildProcess): void {
  if (child.connected) child.send(RELEASE, () => {})
  else child.kill('SIGTERM')
}

/** The message, or null for anything else that came over the channel (user code may send too). */
export function readChildMessage(value: unknown): ChildMessage | null {
  if (typeof value !== 'object' || value === null || !('windlass' in value)) return null
  if (value.windlass === 'ready') return { windlass: 'ready' }
  if (value.windlass === 'session' && 'session' in value && typeof value.session === 'string')
    return { windlass: 'session', session: value.session }
  return null
}
