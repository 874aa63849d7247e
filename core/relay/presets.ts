import type { TlsMode } from '../model/outcome.ts'

/** A relay service many people use, as its help pages describe it. */
export interface RoutePreset {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly userHint: string
  /** The user, where it is the same for everybody. */
  readonly user: string | null
  readonly secretHint: string
  readonly kind: 'password' | 'token'
}

const address = 'Your full address'
const appPassword = 'An app password: the one you sign in with on the web is refused'
/** TLS from the first byte where the service offers it (RFC 8314 §3.3). */
const implicit = { port: 465, tls: 'implicit', user: null, kind: 'password' } as const
const starttls = { port: 587, tls: 'starttls', user: null, kind: 'password' } as const

/** Services in the order they are offered: mail providers, then services that relay for others. */
export const ROUTE_PRESETS: readonly RoutePreset[] = [
  { id: 'gmail', name: 'Gmail', host: 'smtp.gmail.com', ...implicit, userHint: address, secretHint: appPassword },
  {
    id: 'outlook',
    name: 'Outlook.com',
    host: 'smtp-mail.outlook.com',
    ...starttls,
    kind: 'token',
    userHint: address,
    secretHint: 'An OAuth 2.0 access token: passwords are no longer taken',
  },
  {
    id: 'microsoft365',
    name: 'Microsoft 365',
    host: 'smtp.office365.com',
    ...starttls,
    kind: 'token',
    userHint: address,
    secretHint: 'An OAuth 2.0 access token; authenticated SMTP must be allowed for the mailbox',
  },
  {
    id: 'icloud',
    name: 'iCloud Mail',
    host: 'smtp.mail.me.com',
    ...starttls,
    userHint: address,
    secretHint: 'An app-specific password',
  },
  {
    id: 'yahoo',
    name: 'Yahoo Mail',
    host: 'smtp.mail.yahoo.com',
    ...implicit,
    userHint: address,
    secretHint: appPassword,
  },
  {
    id: 'fastmail',
    name: 'Fastmail',
    host: 'smtp.fastmail.com',
    ...implicit,
    userHint: address,
    secretHint: appPassword,
  },
  {
    id: 'gmx',
    name: 'GMX',
    host: 'mail.gmx.net',
    ...implicit,
    userHint: address,
    secretHint: 'Your password; access by SMTP is switched on in the settings there',
  },
  { id: 'zoho', name: 'Zoho Mail', host: 'smtp.zoho.com', ...implicit, userHint: address, secretHint: appPassword },
  {
    id: 'ses',
    name: 'Amazon SES',
    host: 'email-smtp.us-east-1.amazonaws.com',
    ...implicit,
    userHint: 'The SMTP user name made in the console; the host names your region',
    secretHint: 'The SMTP password made with it, not an access key',
  },
  {
    id: 'sendgrid',
    name: 'SendGrid',
    host: 'smtp.sendgrid.net',
    ...implicit,
    user: 'apikey',
    userHint: 'The word "apikey", for everybody',
    secretHint: 'An API key that may send mail',
  },
  {
    id: 'mailgun',
    name: 'Mailgun',
    host: 'smtp.mailgun.org',
    ...implicit,
    userHint: 'postmaster@ and your sending domain',
    secretHint: 'The SMTP password of that domain',
  },
  {
    id: 'postmark',
    name: 'Postmark',
    host: 'smtp.postmarkapp.com',
    ...starttls,
    userHint: 'The server API token',
    secretHint: 'The same token once more',
  },
  {
    id: 'brevo',
    name: 'Brevo',
    host: 'smtp-relay.brevo.com',
    ...starttls,
    userHint: 'The login shown with your SMTP key',
    secretHint: 'An SMTP key',
  },
  {
    id: 'smtp2go',
    name: 'SMTP2GO',
    host: 'mail.smtp2go.com',
    ...implicit,
    userHint: 'The name of an SMTP user',
    secretHint: 'Its password',
  },
]
