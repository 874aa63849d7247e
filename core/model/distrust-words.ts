import { said, told } from './words.ts'

const UNKNOWN = said('its authority is not known here')
const WORDS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: said('it names another host'),
  DEPTH_ZERO_SELF_SIGNED_CERT: said('it is self-signed'),
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN,
  CERT_HAS_EXPIRED: said('it has expired'),
  CERT_NOT_YET_VALID: said('it is not valid yet'),
  CERT_REVOKED: said('it was revoked'),
}

/** Why a certificate is not trusted, in words; a reason without words of ours stands as it came. */
export function distrustWords(reason: string): string {
  return told(WORDS[reason] ?? reason)
}
