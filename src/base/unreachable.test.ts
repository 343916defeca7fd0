import assert from 'node:assert/strict'
import { test } from 'node:test'

import { WindlassError } from '../core/errors.ts'
import { whyUnreachable } from './unreachable.ts'

const withCode = (message: string, code: string): Error => Object.assign(new Error(message), { code })

for (const [error, why] of [
  [withCode('connect ECONNREFUSED 127.0.0.1:1', 'ECONNREFUSED'), 'ECONNREFUSED'],
  [
    withCode('unable to verify the first certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    /^its certificate is/,
  ],
  [
    withCode('self-signed certificate in certificate chain', 'HANDSHAKE_SSL_ERROR'),
    /self-signed certificate/,
  ],
  [withCode('Server does not support secure connection', 'HANDSHAKE_NO_SSL_SUPPORT'), 'it offers no TLS'],
  [new Error('The server does not support SSL connections'), 'it offers no TLS'],
  [withCode('error:0A00010B:SSL routines::wrong version number', 'ERR_SSL_WRONG_VERSION_NUMBER'), /no TLS/],
  [new WindlassError('engine_timeout', 'no answer in 5 ms'), 'no answer in 5 ms'],
  [new Error('user me with password s3cret'), 'no answer'],
  [undefined, 'no answer'],
] as const)
  test(`in words: ${String(error)} is ${String(why)}`, () => {
    if (why instanceof RegExp) assert.match(whyUnreachable(error), why)
    else assert.equal(whyUnreachable(error), why)
  })
