import { serverTls } from '../../core/net/server-tls.ts'
import { selfSigned } from '../../core/vault/certificate.ts'

/** Key and certificate for `localhost` and the loopback addresses, made anew for each test file. */
export const localhost = selfSigned(['localhost', '127.0.0.1', '::1'])

/** The same as a server of ours shows it. */
export const localhostTls = serverTls(localhost)
