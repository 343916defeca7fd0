// Why a server could not be reached, in words for an error message: by what drivers and TLS throw. Promises to repeat
// nothing that is a secret: of messages only those about certificates are passed on.

import { WindlassError } from '../core/errors.ts'

/** Drivers say so in words of their own, OpenSSL when the answer is no TLS at all. */
const NO_TLS = /does not support (?:ssl|secure) connection|wrong version number|packet length too long/i

/** A few words: what is wrong with the certificate, that there is no TLS, else a code or `no answer`. */
export function whyUnreachable(error: unknown): string {
  if (error instanceof WindlassError) return error.message
  if (!(error instanceof Error)) return 'no answer'
  if (NO_TLS.test(error.message)) return 'it offers no TLS'
  if (/certificate/i.test(error.message)) return `its certificate is refused: ${error.message}`
  return 'code' in error ? String(error.code) : 'no answer'
}
