// Settings of a queue: the document of kind `queue` whose key is the queue's name. Engines obey them in claim.

/** What can be set for one queue. Absent: not paused. */
export interface QueueSettings {
  readonly paused: boolean
}

export const QUEUE_DOCUMENT = 'queue'

/** Reads the body of a queue document; what it does not understand counts as not set. */
export function readQueueSettings(body: string): QueueSettings {
  try {
    const value: unknown = JSON.parse(body)
    return {
      paused: typeof value === 'object' && value !== null && 'paused' in value && value.paused === true,
    }
  } catch {
    return { paused: false }
  }
}

/** The body for these settings. */
export function writeQueueSettings(settings: QueueSettings): string {
  return JSON.stringify(settings)
}
