// Ids and tokens. Task ids are UUIDv7 (RFC 9562 §5.7), so that they sort by time; sessions and claims are random
// 128 bits, so that two holders never look alike even when a store was rolled back.

import { hash, randomBytes, randomUUID } from 'node:crypto'

/**
 * A new task id: UUIDv7, that is 48 bits of this machine's time in ms and 74 random ones. Ids of one millisecond are in
 * no order. (`randomUUIDv7` of node:crypto came with Node 24.16 only; a UUIDv4 has its random bits in the same places.)
 */
export function mintId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** A random 128-bit token as 32 hex digits: session ids, claim ids. */
export function mintToken(): string {
  return randomBytes(16).toString('hex')
}

/** Token of the attempt that a claim call started. */
export function claimToken(claimId: string, attempt: number): string {
  return `${claimId}.${attempt}`
}

/** The claim id inside a token; a text without a dot is its own. */
export function claimIdOf(token: string): string {
  const dot = token.lastIndexOf('.')
  return dot === -1 ? token : token.slice(0, dot)
}

/** SHA-256 of parts, unambiguously joined; 22 characters of base64url (132 bits). */
export function digestOf(parts: readonly (string | number | null)[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22)
}
