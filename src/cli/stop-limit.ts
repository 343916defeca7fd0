// How long a stop may take from outside: what service managers are told, in files and while a service runs.

/** What a supervisor gives its workers beyond their own drain, and what it needs itself, in ms. */
const AFTER_DRAIN = 30_000

/** The shortest limit that lets everything running end, in ms and whole seconds, from the drain time of the settings. */
export function stopLimitFor(drain: number): number {
  return Math.ceil((drain + AFTER_DRAIN) / 1_000) * 1_000
}
