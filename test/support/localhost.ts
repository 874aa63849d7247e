import { selfSigned } from '../../core/vault/certificate.ts'

/** Key and certificate for `localhost` and the loopback addresses, made anew for each test file. */
export const localhost = selfSigned(['localhost', '127.0.0.1', '::1'])
