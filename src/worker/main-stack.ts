// What the main thread is doing right now, asked from another thread: the debugger of Node stops it for a moment, gives
// its call frames and lets it go on. Bounded and optional: no answer within a second (it is in a call of the system), a
// debugger of the user's or an error, and the answer is null. Only for main threads that are blocked already.

import type { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'

const MOST = 1_000
const FRAMES = 8

/** The innermost frames, one a line; null: not to be had. Call from another thread than the main one. Never rejects. */
export async function readMainStack(): Promise<string | null> {
  let session: Session | null = null
  try {
    // Loaded when it is needed: a Node may be built without it.
    const inspector = await import('node:inspector')
    if (inspector.url() !== undefined) return null
    session = new inspector.Session()
    session.connectToMainThread()
    return await pauseOnce(session)
  } catch {
    return null
  } finally {
    session?.disconnect()
  }
}

function pauseOnce(session: Session): Promise<string | null> {
  const files = new Map<string, string>()
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), MOST)
    session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url))
    session.on('Debugger.paused', ({ params }) => {
      clearTimeout(timer)
      const frames = params.callFrames.slice(0, FRAMES).map(({ functionName, location }) => {
        const file = readable(files.get(location.scriptId) ?? 'unknown')
        return `at ${functionName || '(anonymous)'} (${file}:${location.lineNumber + 1})`
      })
      session.post('Debugger.resume')
      resolve(frames.join('\n'))
    })
    session.post('Debugger.enable')
    session.post('Debugger.pause')
  })
}

function readable(url: string): string {
  return url.startsWith('file:') ? fileURLToPath(url) : url
}
