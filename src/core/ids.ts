// Ids and tokens. Task ids are UUIDv7 (RFC 9562 §5.7), so that they sort by time; sessions and claims are random
// 128 bits, so that two holders never look alike even when a store was rolled back.

import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto'

/** A new task id. */
export function mintId(): string {
  return randomUUIDv7()
}

/** A random 128-bit token as 32 hex digits: session ids, claim ids. */
export function mintToken(): string {
  return randomBytes(16).toString('hex')
}

/** Token of the attempt that a claim call started. */
export function claimToken(claimId: string, attempt: number): string {
  return `${claimId}.${attempt}`
}

/** The claim id inside a token. */
export function claimIdOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

/** SHA-256 of parts, unambiguously joined; 22 characters of base64url (132 bits). */
export function digestOf(parts: readonly (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}
