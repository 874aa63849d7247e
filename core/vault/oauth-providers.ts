import { parseOwnProvider, type OwnProvider, type SignInProvider } from '../model/sign-in-provider.ts'
import type { SettingKey, Settings } from '../settings.ts'

/** A provider that is known, with the settings that name its client. */
export interface KnownProvider extends SignInProvider {
  readonly clientIdKey: Extract<SettingKey, `oauth.${string}`>
  /** Where it wants a secret of its clients, installed ones included. */
  readonly clientSecretKey?: Extract<SettingKey, `oauth.${string}`>
}

/** Providers of mail that sign people in by OAuth 2.0, as their own documents for developers have it. */
export const KNOWN_PROVIDERS: readonly KnownProvider[] = [
  {
    id: 'google',
    name: 'Google',
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    scopes: ['https://mail.google.com/'],
    // Without both, only the first sign-in of a person brings a refresh token.
    extra: { access_type: 'offline', prompt: 'consent' },
    hosts: ['imap.gmail.com', 'pop.gmail.com', 'smtp.gmail.com', '*.googlemail.com'],
    isDemanded: false,
    redirectHost: '127.0.0.1',
    clientIdKey: 'oauth.google.clientId',
    clientSecretKey: 'oauth.google.clientSecret',
  },
  {
    id: 'microsoft',
    name: 'Microsoft',
    authorizeUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    scopes: [
      'https://outlook.office.com/IMAP.AccessAsUser.All',
      'https://outlook.office.com/POP.AccessAsUser.All',
      'https://outlook.office.com/SMTP.Send',
      'offline_access',
    ],
    hosts: ['outlook.office365.com', 'outlook.office.com', 'smtp.office365.com', '*.outlook.com'],
    isDemanded: true,
    redirectHost: 'localhost',
    clientIdKey: 'oauth.microsoft.clientId',
  },
  {
    id: 'yahoo',
    name: 'Yahoo',
    authorizeUrl: 'https://api.login.yahoo.com/oauth2/request_auth',
    tokenUrl: 'https://api.login.yahoo.com/oauth2/get_token',
    scopes: ['mail-w'],
    hosts: ['*.mail.yahoo.com', '*.mail.yahoo.co.uk'],
    isDemanded: false,
    redirectHost: 'localhost',
    clientIdKey: 'oauth.yahoo.clientId',
    clientSecretKey: 'oauth.yahoo.clientSecret',
  },
  {
    id: 'fastmail',
    name: 'Fastmail',
    authorizeUrl: 'https://api.fastmail.com/oauth/authorize',
    tokenUrl: 'https://api.fastmail.com/oauth/refresh',
    scopes: [
      'https://www.fastmail.com/dev/protocol-imap',
      'https://www.fastmail.com/dev/protocol-pop',
      'https://www.fastmail.com/dev/protocol-smtp',
      'offline_access',
    ],
    hosts: ['imap.fastmail.com', 'pop.fastmail.com', 'smtp.fastmail.com'],
    isDemanded: false,
    redirectHost: '127.0.0.1',
    clientIdKey: 'oauth.fastmail.clientId',
  },
]

/** A provider with the client Posthorn is to it; `clientId` is '' where nobody has set one. */
export type ReadyProvider = OwnProvider & { readonly setting: SettingKey }

/** All providers, the known ones first, with what the settings say of them. One's own of a known id takes its place. */
export function providersOf(settings: Settings): ReadyProvider[] {
  const known = KNOWN_PROVIDERS.map((one): ReadyProvider => ({
    ...one,
    clientId: String(settings[one.clientIdKey]),
    clientSecret: one.clientSecretKey === undefined ? '' : String(settings[one.clientSecretKey]),
    setting: one.clientIdKey,
  }))
  const own = settings['oauth.providers'].flatMap((line): ReadyProvider[] => {
    const parsed = parseOwnProvider(line)
    return parsed === undefined ? [] : [{ ...parsed, setting: 'oauth.providers' }]
  })
  return [...new Map([...known, ...own].map((one) => [one.id, one])).values()]
}
