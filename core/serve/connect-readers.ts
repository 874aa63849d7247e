import {
  asText,
  CERTIFICATE_FILE,
  connectAt,
  isImplicit,
  MAKE_PASSWORD,
  PASSWORD_PLACE,
  PUT_PASSWORD,
  quoted,
  savesCertificate,
  step,
  urlHost,
  whenOwn,
  type At,
  type ConnectFacts,
  type ProgramGuide,
} from './connect.ts'

/** How one program is set up to read mail here. */
export interface ReaderGuide extends Omit<ProgramGuide, 'id'> {
  readonly id: 'thunderbird' | 'outlook' | 'apple-mail' | 'mutt' | 'fetchmail' | 'mpop'
}
type Guide = Pick<ReaderGuide, 'id' | 'name' | 'steps' | 'texts'>

const KEEPS = 'What a program deletes from the server is gone here, too: let it leave messages on the server.'

/**
 * How each program we know is set up to read mail here, `servers` being those that speak POP3; empty when nothing listens. There
 * is no IMAP server, and each guide says what to choose instead.
 */
export function readerGuides(facts: ConnectFacts): ReaderGuide[] {
  const at = connectAt(facts)
  if (at === undefined) return []
  return [thunderbird, outlook, appleMail, mutt, fetchmail, mpop].map((guide) => ({
    host: at.host,
    port: at.port,
    security: at.security,
    ...guide(at),
  }))
}

function thunderbird(at: At): Guide {
  return {
    id: 'thunderbird',
    name: 'Thunderbird',
    steps: [
      MAKE_PASSWORD,
      step(
        'Open Account Settings, Account Actions, Add Mail Account. Enter the address and the password, then choose:',
        {
          'Email address': at.address,
          'Configure manually': 'yes',
        },
      ),
      step('Under Incoming Server choose POP3, not IMAP, which is not spoken here.', {
        'Protocol': 'POP3',
        'Hostname': at.host,
        'Port': String(at.port),
        'Connection security': isImplicit(at) ? 'SSL/TLS' : 'STARTTLS',
        'Authentication method': 'Normal password',
        'Username': at.address,
      }),
      ...whenOwn(
        at,
        step('Thunderbird asks about the certificate: view it, compare, then confirm the exception.', {
          'SHA-256 Fingerprint': at.fingerprint,
        }),
      ),
      step(KEEPS, { 'Server Settings, Leave messages on server': 'on' }),
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
        'Only the classic Outlook can do this: the new one reads by way of servers of Microsoft, which cannot reach this computer.',
      ),
      MAKE_PASSWORD,
      ...(isImplicit(at)
        ? []
        : [step('Outlook reads only inside TLS from the first byte: give pop3.tlsPort a port before you go on.')]),
      step(
        'Open File, Add Account; under Advanced options choose to set the account up manually, then POP, not IMAP.',
        {
          'Email address': at.address,
        },
      ),
      step('Under Incoming mail:', {
        'Server': at.host,
        'Port': String(at.port),
        'This server requires an encrypted connection (SSL/TLS)': 'on',
        'Require logon using Secure Password Authentication (SPA)': 'off',
      }),
      step(KEEPS, { 'Leave a copy of messages on the server': 'on' }),
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
      step('Open Mail, Settings, Accounts, then +, Other Mail Account. Mail cannot find the server and asks:', {
        'Email Address': at.address,
        'User Name': at.address,
        'Password': PASSWORD_PLACE,
        'Account Type': 'POP',
        'Incoming Mail Server': at.host,
      }),
      step('Then under Server Settings, Incoming Mail Server:', {
        'Automatically manage connection settings': 'off',
        'Port': String(at.port),
        'Use TLS/SSL': 'on',
        'Authentication': 'Password',
      }),
      step(KEEPS, { 'Account Information, Remove copy from server after retrieving a message': 'off' }),
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
  const scheme = isImplicit(at) ? 'pops' : 'pop'
  const lines = [
    `set pop_host = ${quoted(`${scheme}://${encodeURIComponent(at.address)}@${urlHost(at.host)}:${at.port}/`)}`,
    `set pop_pass = "${PASSWORD_PLACE}"`,
    // As for sending: of two ways with GNU SASL it takes the one that it cannot carry out under TLS 1.3.
    'set pop_authenticators = "scram-sha-256:plain:user"',
    'set pop_delete = no',
    'set ssl_force_tls = yes',
    ...whenOwn(at, 'set certificate_file = "~/.mutt_certificates"'),
  ]
  return {
    id: 'mutt',
    name: 'mutt, NeoMutt',
    steps: [MAKE_PASSWORD, PUT_PASSWORD, step('In mutt, G fetches what is new.')],
    texts: [{ path: '~/.muttrc', text: asText(lines) }, ...savesCertificate(at, '~/.mutt_certificates', '>>')],
  }
}

function fetchmail(at: At): Guide {
  const lines = [
    `poll ${at.host} with proto POP3 service ${at.port}`,
    `  user ${quoted(at.address)} there with password "${PASSWORD_PLACE}"`,
    `  ${isImplicit(at) ? 'ssl ' : ''}sslproto "tls1.2+" sslcertck`,
    ...whenOwn(at, `  sslcertfile ${CERTIFICATE_FILE}`),
    '  keep',
  ]
  return {
    id: 'fetchmail',
    name: 'fetchmail',
    steps: [
      MAKE_PASSWORD,
      PUT_PASSWORD,
      step(
        "The file must be for you alone. fetchmail hands mail to this computer's own mail system unless you add mda.",
      ),
    ],
    texts: [
      ...savesCertificate(at),
      { path: '~/.fetchmailrc', text: asText(lines) },
      { path: null, text: 'chmod 600 ~/.fetchmailrc\n' },
    ],
  }
}

function mpop(at: At): Guide {
  const lines = [
    'account posthorn',
    `host ${at.host}`,
    `port ${at.port}`,
    'auth on',
    `user ${at.address}`,
    `password ${PASSWORD_PLACE}`,
    'tls on',
    `tls_starttls ${isImplicit(at) ? 'off' : 'on'}`,
    at.isOwn ? `tls_fingerprint ${at.fingerprint}` : 'tls_trust_file system',
    'keep on',
    'delivery maildir ~/Maildir',
  ]
  return {
    id: 'mpop',
    name: 'mpop',
    steps: [
      MAKE_PASSWORD,
      PUT_PASSWORD,
      step('The file must be for you alone, and the folder that mail is delivered to, a maildir, must be there.'),
      ...whenOwn(at, step('The fingerprint is that of the certificate shown here; mpop talks to no other.')),
    ],
    texts: [
      { path: '~/.mpoprc', text: asText(lines) },
      { path: null, text: 'chmod 600 ~/.mpoprc\n' },
      { path: null, text: 'mkdir -p ~/Maildir/cur ~/Maildir/new ~/Maildir/tmp\n' },
    ],
  }
}
