import { isIP } from 'node:net'

/** A server that programs submit mail to. */
export interface ListeningServer {
  readonly host: string
  readonly port: number
  readonly security: 'starttls' | 'implicit'
}
/** What the texts are made from. */
export interface ConnectFacts {
  readonly servers: readonly ListeningServer[]
  /** Whom the program signs in as, and writes as. */
  readonly address: string
  readonly certificate: {
    readonly from: 'own' | 'file'
    readonly fingerprint256: string
    readonly names: readonly string[]
  }
  /** The name other computers know this one by; '' for none. */
  readonly chosenName: string
}
/** One thing to do; `fields` are what to enter or choose, with the program's own words. */
export interface Step {
  readonly text: string
  readonly fields: { readonly label: string; readonly value: string }[]
}
/** How one program is set up. */
export interface ProgramGuide {
  readonly id: 'thunderbird' | 'outlook' | 'apple-mail' | 'mutt' | 'msmtp' | 'git' | 'curl'
  readonly name: string
  readonly host: string
  readonly port: number
  readonly security: 'starttls' | 'implicit'
  readonly steps: Step[]
  /** Text for a file, or with `path` null the command to type. */
  readonly texts: { readonly path: string | null; readonly text: string }[]
}

/** Stands where the password goes. */
export const PASSWORD_PLACE = 'PASSWORD'
/** Where the texts look for our certificate. */
export const CERTIFICATE_FILE = '~/posthorn-certificate.pem'

/** How each program we know is set up; empty when nothing listens. TLS from the first byte comes first (RFC 8314 §3.3). */
export function programGuides(facts: ConnectFacts): ProgramGuide[] {
  const at = connectAt(facts)
  if (at === undefined) return []
  return [thunderbird, outlook, appleMail, mutt, msmtp, git, curl].map((guide) => ({
    host: at.host,
    port: at.port,
    security: at.security,
    ...guide(at),
  }))
}

/** What one program is told of the server and the login it uses. */
export interface At {
  readonly host: string
  readonly port: number
  readonly security: 'starttls' | 'implicit'
  readonly address: string
  /** The certificate is the one made here, which no program knows. */
  readonly isOwn: boolean
  readonly fingerprint: string
}
type Guide = Pick<ProgramGuide, 'id' | 'name' | 'steps' | 'texts'>

/** The server that programs are set up for, TLS from the first byte before STARTTLS; undefined where nothing listens. */
export function connectAt(facts: ConnectFacts): At | undefined {
  const server = facts.servers.find(({ security }) => security === 'implicit') ?? facts.servers[0]
  return (
    server && {
      host: hostOf(server, facts),
      port: server.port,
      security: server.security,
      address: facts.address,
      isOwn: facts.certificate.from === 'own',
      fingerprint: facts.certificate.fingerprint256,
    }
  )
}

/** The name a program dials, which the certificate has to be for. */
function hostOf({ host }: ListeningServer, { certificate, chosenName }: ConnectFacts): string {
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const isHere = isEverywhere || host === '127.0.0.1' || host === '::1'
  if (certificate.from === 'own') return isEverywhere && chosenName !== '' ? chosenName : isHere ? 'localhost' : host
  const named = certificate.names.find((name) => isIP(name) === 0 && !name.startsWith('*'))
  return chosenName === '' ? (named ?? (isHere ? 'localhost' : host)) : chosenName
}

/** One step of a guide. */
export const step = (text: string, fields: Readonly<Record<string, string>> = {}): Step => ({
  text,
  fields: Object.entries(fields).map(([label, value]) => ({ label, value })),
})
/** What only concerns a certificate that no program knows. */
export const whenOwn = <T>(at: At, one: T): T[] => (at.isOwn ? [one] : [])
/** The command that puts the own certificate where a program looks for it. */
export const savesCertificate = (at: At, file = CERTIFICATE_FILE, into = '>') =>
  whenOwn(at, { path: null, text: `posthorn certificate ${into} ${file}\n` })
/** Whether TLS comes from the first byte. */
export const isImplicit = (at: At) => at.security === 'implicit'
/** How every guide begins. */
export const MAKE_PASSWORD = step('Make a password for this program. It is shown once.')
/** What is left to do with ready text. */
export const PUT_PASSWORD = step(`Put the password in the place of ${PASSWORD_PLACE}.`)

function thunderbird(at: At): Guide {
  return {
    id: 'thunderbird',
    name: 'Thunderbird',
    steps: [
      MAKE_PASSWORD,
      step('Open Account Settings, choose Outgoing Server (SMTP), then Add.', {
        'Server Name': at.host,
        'Port': String(at.port),
        'Connection security': isImplicit(at) ? 'SSL/TLS' : 'STARTTLS',
        'Authentication method': 'Normal password',
        'User Name': at.address,
      }),
      step('Choose that server as the Outgoing Server of your account.', { 'Email Address': at.address }),
      ...whenOwn(
        at,
        step('Send a message. Thunderbird asks about the certificate: view it, compare, then confirm the exception.', {
          'SHA-256 Fingerprint': at.fingerprint,
        }),
      ),
      step('Thunderbird asks for the password with the first message: enter it, and let Thunderbird keep it.'),
    ],
    texts: [],
  }
}

function outlook(at: At): Guide {
  return {
    id: 'outlook',
    name: 'Outlook (classic)',
    steps: [
      step(
        'Only the classic Outlook can do this: the new one sends by way of servers of Microsoft, which cannot reach this computer.',
      ),
      MAKE_PASSWORD,
      step(
        'Open File, Account Settings, Account Settings; choose your account, Change, More Settings, then Outgoing Server.',
        {
          'My outgoing server (SMTP) requires authentication': 'on',
          'Log on using, User Name': at.address,
          'Remember password': 'on',
        },
      ),
      step('On the page Advanced:', {
        'Outgoing server (SMTP)': String(at.port),
        'Use the following type of encrypted connection': isImplicit(at) ? 'SSL/TLS' : 'STARTTLS',
      }),
      step('Back in Change Account:', { 'Outgoing mail server (SMTP)': at.host, 'Email Address': at.address }),
      ...whenOwn(
        at,
        step('Outlook says that it cannot verify the certificate: view it, compare, then choose Yes.', {
          'SHA-256 fingerprint': at.fingerprint,
        }),
      ),
    ],
    texts: [],
  }
}

function appleMail(at: At): Guide {
  return {
    id: 'apple-mail',
    name: 'Apple Mail',
    steps: [
      MAKE_PASSWORD,
      step(
        'Open Mail, Settings, Accounts, Server Settings. Under Outgoing Mail Account choose Edit SMTP Server List, then +.',
        {
          'Host Name': at.host,
          'User Name': at.address,
          'Password': PASSWORD_PLACE,
        },
      ),
      step('Still there:', {
        'Automatically manage connection settings': 'off',
        'Port': String(at.port),
        'Use TLS/SSL': 'on',
        'Authentication': 'Password',
      }),
      ...whenOwn(
        at,
        step('Mail says that it cannot verify the server: choose Show Certificate, compare, then Connect.', {
          'SHA-256': at.fingerprint,
        }),
      ),
    ],
    texts: [],
  }
}

function mutt(at: At): Guide {
  const scheme = isImplicit(at) ? 'smtps' : 'smtp'
  const lines = [
    `set from = ${quoted(at.address)}`,
    `set smtp_url = ${quoted(`${scheme}://${encodeURIComponent(at.address)}@${urlHost(at.host)}:${at.port}/`)}`,
    `set smtp_pass = "${PASSWORD_PLACE}"`,
    // With GNU SASL mutt chooses SCRAM-SHA-256-PLUS, cannot carry it out under TLS 1.3, and tries nothing else.
    'set smtp_authenticators = "scram-sha-256:plain:login"',
    'set ssl_force_tls = yes',
    ...whenOwn(at, 'set certificate_file = "~/.mutt_certificates"'),
  ]
  return {
    id: 'mutt',
    name: 'mutt, NeoMutt',
    steps: [MAKE_PASSWORD, PUT_PASSWORD],
    texts: [{ path: '~/.muttrc', text: asText(lines) }, ...savesCertificate(at, '~/.mutt_certificates', '>>')],
  }
}

function msmtp(at: At): Guide {
  const lines = [
    'account posthorn',
    `host ${at.host}`,
    `port ${at.port}`,
    `from ${at.address}`,
    'auth on',
    `user ${at.address}`,
    `password ${PASSWORD_PLACE}`,
    'tls on',
    `tls_starttls ${isImplicit(at) ? 'off' : 'on'}`,
    at.isOwn ? `tls_fingerprint ${at.fingerprint}` : 'tls_trust_file system',
  ]
  return {
    id: 'msmtp',
    name: 'msmtp',
    steps: [
      MAKE_PASSWORD,
      PUT_PASSWORD,
      step('The file must be for you alone.'),
      ...whenOwn(at, step('The fingerprint is that of the certificate shown here; msmtp talks to no other.')),
    ],
    texts: [
      { path: '~/.msmtprc', text: asText(lines) },
      { path: null, text: 'chmod 600 ~/.msmtprc\n' },
    ],
  }
}

function git(at: At): Guide {
  const lines = [
    '[sendemail]',
    `\tfrom = ${quoted(at.address)}`,
    `\tsmtpServer = ${at.host}`,
    `\tsmtpServerPort = ${at.port}`,
    `\tsmtpEncryption = ${isImplicit(at) ? 'ssl' : 'tls'}`,
    `\tsmtpUser = ${quoted(at.address)}`,
    `\tsmtpPass = ${PASSWORD_PLACE}`,
    ...whenOwn(at, `\tsmtpSSLCertPath = ${CERTIFICATE_FILE}`),
  ]
  return {
    id: 'git',
    name: 'git send-email',
    steps: [
      step('On this computer git needs none of this: set sendemail.sendmailCmd to "posthorn sendmail".'),
      MAKE_PASSWORD,
      PUT_PASSWORD,
    ],
    texts: [{ path: '~/.gitconfig', text: asText(lines) }, ...savesCertificate(at)],
  }
}

function curl(at: At): Guide {
  const url = `${isImplicit(at) ? 'smtps' : 'smtp'}://${urlHost(at.host)}:${at.port}`
  const words = [
    // What mail programs save ends its lines with LF or CRLF: curl is given LF and makes CRLF of it.
    `tr -d '\\r' < message.eml | curl --url ${url} --ssl-reqd`,
    ...whenOwn(at, `--cacert ${CERTIFICATE_FILE}`),
    `--user ${inShell(`${at.address}:${PASSWORD_PLACE}`)}`,
    `--mail-from ${inShell(at.address)} --mail-rcpt bob@example.org --crlf --upload-file -`,
  ]
  return {
    id: 'curl',
    name: 'curl',
    steps: [MAKE_PASSWORD, PUT_PASSWORD],
    texts: [...savesCertificate(at), { path: null, text: `${words.join(' \\\n  ')}\n` }],
  }
}

/** Lines as the text of a file. */
export const asText = (lines: readonly string[]) => `${lines.join('\n')}\n`
/** For muttrc, gitconfig and fetchmailrc, which take `\` before a quote; mutt expands `$` and backquotes, too. */
export const quoted = (text: string) => `"${text.replaceAll(/[\\"$`]/g, '\\$&')}"`
const inShell = (text: string) => (/^[\w@.:+%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
/** A host as it stands in a URL. */
export const urlHost = (host: string) => (host.includes(':') ? `[${host}]` : host)
