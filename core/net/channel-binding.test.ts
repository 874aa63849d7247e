import { once } from 'node:events'
import { connect as connectPlain, createServer, type AddressInfo } from 'node:net'
import { connect, TLSSocket } from 'node:tls'
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { localhostTls } from '../../test/support/localhost.ts'
import { channelBindings, endPointBinding } from './channel-binding.ts'

/** Certificates made by OpenSSL, and the digest that `openssl dgst` makes of each by the hash it is signed with. */
const CERTIFICATES: readonly (readonly [string, string, string | undefined])[] = [
  [
    'rsa-sha1',
    'MIICBDCCAW2gAwIBAgIUOvBaxv4cITF89BgUmnQKLLz8a4swDQYJKoZIhvcNAQEFBQAwEzERMA8GA1UEAwwIcnNhLXNoYTEwIBcNMjYxMTIyMDYyNTE3WhgPMjEyNjEwMjkwNjI1MTdaMBMxETAPBgNVBAMMCHJzYS1zaGExMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9WcGSEnu3NzXXDb6UdL3UJNgoC7Wxy6V3AobanWtIGPEDVXOqzFiw7nvvKeMAVaiQae7f+155xlrQQl2XOIQQavAICFcbPQLjsQwQ5jp2SK9WMgdZN4yApjYiAi3lpomUbr1LE6K7tjKgSAiudFLaOV/YafQ0UOXXcaut4Sw0bQIDAQABo1MwUTAdBgNVHQ4EFgQUocwQUXZjfLuXoJDLunkLKNMCyJ4wHwYDVR0jBBgwFoAUocwQUXZjfLuXoJDLunkLKNMCyJ4wDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQUFAAOBgQAzd5j+JHUiTRtu34AnLgZPLkkWumVxOTb5lQpYiDHyG7AfLbneiTJaoDrBNPlvvfVVw5IaIq4sX8eGLRWXHKBzxHfoAWEcu+stmNL0iO9QN/jCfPI9G3jQhuS5vcxd9kxRM8mLZpF24L0p1aQz9cjqu2mGONuYQmzCkFtENqsEAw==',
    '943dfdbdb33fffa9d711c4625e6c0bac707b04ce8871d9ee5a589a7cd9a5c349',
  ],
  [
    'rsa-sha256',
    'MIICCDCCAXGgAwIBAgIUG+cErfy9o+Ki7uT7wuzCm1TTbncwDQYJKoZIhvcNAQELBQAwFTETMBEGA1UEAwwKcnNhLXNoYTI1NjAgFw0yNjExMjIwNjI1MTdaGA8yMTI2MTAyOTA2MjUxN1owFTETMBEGA1UEAwwKcnNhLXNoYTI1NjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAunhBHV8ESKCBGN4yMCQBb2rGuHIXkiXSI5neezZl5cGQ7Cgw8xLvsgzALo2Imiwge3thzkXU8KQ32IM0sivIjlGBd/FjZiwTj+xDIQEEQAKnTjfgzWVqeaY253ch9Dkh76zd3ML194yBJ5e+NmdKR1SLdDl6QFDvQY48KT+TWL0CAwEAAaNTMFEwHQYDVR0OBBYEFBb9yeETmUnhHO+T6E6OzbppOjW/MB8GA1UdIwQYMBaAFBb9yeETmUnhHO+T6E6OzbppOjW/MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADgYEAUCis1Xr3zZIK3CVK1QHYf+Cr7OREdOz8Gdy2VKX3gh12700wSjtUOXW8lKVBOiZ5PpbYM3iZFr70aYo3Nzme5w6a/laBabAsY6CqJLXrFUb7YuFagVpw5zig4NydcO2madDpFXNWPvOqbqaUcooyg5FlXrG2K9Ozxe/oNoAblrQ=',
    '10697092f3213265efbbb499c7276720c8daadba2c7181f4db53a0e797456fb4',
  ],
  [
    'rsa-sha384',
    'MIICCDCCAXGgAwIBAgIUAYtGW/EoF7qF3Sb21Tv4yyiYsQUwDQYJKoZIhvcNAQEMBQAwFTETMBEGA1UEAwwKcnNhLXNoYTM4NDAgFw0yNjExMjIwNjI1MTdaGA8yMTI2MTAyOTA2MjUxN1owFTETMBEGA1UEAwwKcnNhLXNoYTM4NDCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAqrfEhFeyvhYEej8B0xOQVSO/xo7ESje7TqVqxrsLNjTxxg8Y9AnZcOYUT+TMrYxRXpTPG/Z7PmMhko2zuEjY6RvXwm/ln7CpIea01hAFuZY3mReKfBebiYkTrtoKb73NPUg+ZiSPgKR3DhQpzUwZtX25FHyOKqnKdYO7tJonNr8CAwEAAaNTMFEwHQYDVR0OBBYEFLa3xtGnsZJsQuV+GyzRJNjqJpE2MB8GA1UdIwQYMBaAFLa3xtGnsZJsQuV+GyzRJNjqJpE2MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEMBQADgYEAOozG2TVOvFBKkuKIMuHrl326mnSJg48FZGnxJZr4/hePQJXOgkB0/RAs1ZsAqydZGF2B6CtOhP0JaT9e6+u1xpocTHn6Rclufg2crTcd4mFVKI0VgXJAcm1eTZ1CjwsHwpi2C6kKK4GIyFyoBfly+YzWxPUyi7+rZ7Vc/oYQgZI=',
    '71896929538222b58c50d03f4968f45bb7a9a5c1211b87c1e4f2a89d21ca6257fa8bff74b40ce84fd2002cca900d3d22',
  ],
  [
    'rsa-sha512',
    'MIICCDCCAXGgAwIBAgIUV2gPTEfNC37njRujb5Yu7C+9aQIwDQYJKoZIhvcNAQENBQAwFTETMBEGA1UEAwwKcnNhLXNoYTUxMjAgFw0yNjExMjIwNjI1MTdaGA8yMTI2MTAyOTA2MjUxN1owFTETMBEGA1UEAwwKcnNhLXNoYTUxMjCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAoyV2TEQJ4BqRd0Fpv3JOR6XaaawottSjQfRr7BbiGKamSQ60RnTMHxsV95hMfcXu9OoZYLMTsW+baYq2fk01dlu4dcmwqz9W6dREOEjy9bguN28fzmqkzl2LglemGdpQ1ZhFkPhtqetY6Evb3xLQTRxixptbcdF4DoxZV6IubbkCAwEAAaNTMFEwHQYDVR0OBBYEFOaULuE66L/TiucQTVg6sfR6kTJmMB8GA1UdIwQYMBaAFOaULuE66L/TiucQTVg6sfR6kTJmMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQENBQADgYEAWaqrBCHycGguE1AgXkA4sQVKwOSZ3QrEJphXFXm+yGclTXEObEQjXD3lP4hQYLDKQABYyPwhLmW01K2F12Es2P/qBKcrEbggipr8DTQ2sD/gdeZ2N/8/FQaMktwqA8N1uqP9PMR+cO5N+eUy3uCB728x+WdgA9N3hit7I04cIK0=',
    'f68edb486708ca9db6fff70ce0bd59b221717b2155e1f73a80940468270acd0f0470a9ca50d5879c0f184ec96e13cf9b0b0a1dc1827fac52d816494aa7b736a9',
  ],
  [
    'ecdsa-sha384',
    'MIIBhTCCASugAwIBAgIULTmHCEggcjTptslk7dVLa1F2UJowCgYIKoZIzj0EAwMwFzEVMBMGA1UEAwwMZWNkc2Etc2hhMzg0MCAXDTI2MTEyMjA2MjUxN1oYDzIxMjYxMDI5MDYyNTE3WjAXMRUwEwYDVQQDDAxlY2RzYS1zaGEzODQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR2Tly5N6u06EBnUL7nKgjYOxNlBtVe3X6IsqdDL48vr8jSLizHFnPWRGJDjQLKDzgnARaUFQY0CgKt/NIX0wZwo1MwUTAdBgNVHQ4EFgQUBjW1LDr3G0P5rM/c7OZSj1XHpP0wHwYDVR0jBBgwFoAUBjW1LDr3G0P5rM/c7OZSj1XHpP0wDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAwNIADBFAiBko2xTWIXsEodpZO08HyZYV1Q04TOS1yV7y0wyPiUMLgIhAJg4uylFVpZDzS9r9kJCdH4L19ghXmT2ijs+V5XJTF8z',
    '9f6658c5726516f5535bb77da32f0357ddc57cd8a8ba089b1800625f67b10bad98b6d935c7f8b640575f6682e2ae792b',
  ],
  [
    'rsa-pss',
    'MIICajCCAZ+gAwIBAgIUXxApqPQosWzg547OzB/gcpCHPFYwQQYJKoZIhvcNAQEKMDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgFeMBIxEDAOBgNVBAMMB3JzYS1wc3MwIBcNMjYxMTIyMDYyNTE3WhgPMjEyNjEwMjkwNjI1MTdaMBIxEDAOBgNVBAMMB3JzYS1wc3MwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALfAn8+4EIPKbRcKGjyL34ExRzgf9wsGFISigYr5djyxqfKYvBKzduSKMxeve8XPVRMVhRv5eLJAkqVgz5ipCSBzYaAnBEPyWhJr+nhdo5yJwR2uRzheLxKTY9xESEctXZLim95HUNL5/E58ehD8a0/8mv7EQGst59torauXackBAgMBAAGjUzBRMB0GA1UdDgQWBBQT7XOoLrWS9r6jXycqXJuN4NvkITAfBgNVHSMEGDAWgBQT7XOoLrWS9r6jXycqXJuN4NvkITAPBgNVHRMBAf8EBTADAQH/MEEGCSqGSIb3DQEBCjA0oA8wDQYJYIZIAWUDBAIBBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAIBBQCiAwIBXgOBgQAIonuTwCSEnPPiVLQZ/bpHvGtO54b4tyG9/+FGLXWT17gGlmiAnoHIyPxKd+NpTBFCEMuKWCUJmLWBkWa1g8F8QBldAB5JwNd76glkB8DCYQBLcPL6seVvUB5tIz9x6kWV533ZEWKMHnkLt+X4kOrxVXT3At/1gQKCLivkLwm1zA==',
    undefined,
  ],
  [
    'ed25519',
    'MIIBOjCB7aADAgECAhRs5fsAZ86f+Q9plr1hfykWuGwmUzAFBgMrZXAwEjEQMA4GA1UEAwwHZWQyNTUxOTAgFw0yNjExMjIwNjI1MTdaGA8yMTI2MTAyOTA2MjUxN1owEjEQMA4GA1UEAwwHZWQyNTUxOTAqMAUGAytlcAMhAExJM6B06LD2hXIuYeYJlc5qqvGAKdOvKGvf5p4AooRro1MwUTAdBgNVHQ4EFgQUFVjMsri4B0+nIqXRmS/JnajzuLowHwYDVR0jBBgwFoAUFVjMsri4B0+nIqXRmS/JnajzuLowDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQDacvItX4PYpZ/wbDSIdBUsl+5SVPh1jakQkPJ0PG8tkjUvV+03l+sRRzpoMLgPxP8iPFM6/s4iAMyYwq+SxG8H',
    undefined,
  ],
]

test.each(CERTIFICATES)('binds to a certificate signed with %s as RFC 5929 says', (_, certificate, digest) => {
  const binding = endPointBinding(Buffer.from(certificate, 'base64'))
  expect(binding && Buffer.from(binding).toString('hex')).toBe(digest)
})

test('makes nothing of what is no certificate', () => {
  for (const bytes of ['', '30', '3003', '30840fffffff30', '300430020600', 'ff'.repeat(40)])
    expect(endPointBinding(Buffer.from(bytes, 'hex'))).toBeUndefined()
  expect(endPointBinding(undefined)).toBeUndefined()
})

test.each([
  ['TLSv1.3', ['tls-exporter', 'tls-server-end-point']],
  ['TLSv1.2', ['tls-server-end-point']],
] as const)('both ends of a %s connection see the same channel', async (version, names) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const raw = connectPlain((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = (await accepted) as [ConstructorParameters<typeof TLSSocket>[0]]
  const ours = new TLSSocket(socket, { isServer: true, secureContext: localhostTls.context })
  const secured = once(ours, 'secure')
  const theirs = connect({ socket: raw, rejectUnauthorized: false, minVersion: version, maxVersion: version })
  await Promise.all([once(theirs, 'secureConnect'), secured])
  const bindings = channelBindings(ours)
  expect([...bindings.keys()]).toEqual(names)
  const seen = createHash('sha256')
    .update(theirs.getPeerX509Certificate()?.raw ?? '')
    .digest()
  expect(Buffer.from(bindings.get('tls-server-end-point') ?? [])).toEqual(seen)
  if (version === 'TLSv1.3') {
    const exported = theirs.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    expect(Buffer.from(bindings.get('tls-exporter') ?? [])).toEqual(exported)
  }
  theirs.destroy()
  ours.destroy()
  server.close()
})
