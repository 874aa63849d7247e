/** What a refusal means, for people who do not read RFCs for breakfast. */
export interface Explanation {
  readonly title: string
  readonly text: string
  /** Where it is written down. */
  readonly source: string
}

/** RFC 3463 §3: subject and detail of an enhanced status code, without its class. */
const DETAIL: Readonly<Record<string, readonly [string, string]>> = {
  '1.1': [
    'There is no such mailbox',
    'The server knows the domain and no mailbox of that name in it. Check the spelling.',
  ],
  '1.2': ['There is no such mail domain', 'The part after the @ takes no mail there.'],
  '1.3': ['The address is not written as it should be', 'The server cannot read it as an address.'],
  '1.6': ['The mailbox has moved', 'The person is no longer there and left no new address.'],
  '1.8': ['The sender’s domain is not known', 'The server finds no domain for the address the mail comes from.'],
  '1.10': ['The domain takes no mail', 'It says so with a null MX record.'],
  '2.0': ['Something is wrong with the mailbox', 'The server does not say what.'],
  '2.1': ['The mailbox is closed', 'It exists and accepts nothing at the moment.'],
  '2.2': ['The mailbox is full', 'It may accept mail again when its owner has made room.'],
  '2.3': ['The message is too big for that mailbox', 'Send less, or send it another way.'],
  '3.1': ['The server is out of room', 'It may accept mail again later.'],
  '3.2': ['The server takes no mail at the moment', 'It is being worked on or too busy.'],
  '3.4': ['The message is too big', 'The server says how much it takes when it greets.'],
  '4.1': ['The next server does not answer', 'Mail waits until it does.'],
  '4.2': ['The connection broke', 'Mail is tried again.'],
  '4.4': ['The mail cannot be routed', 'The server does not know where to take it.'],
  '4.7': ['It took too long', 'The server gave up waiting.'],
  '5.0': ['The two servers do not understand each other', 'The server does not say what is wrong.'],
  '5.1': ['Not at this point', 'The command is right and came at the wrong moment.'],
  '5.2': ['The command is not understood', 'It is written in a way the server cannot read.'],
  '5.3': ['Too many recipients', 'The rest goes in another transaction.'],
  '6.0': ['The content is not accepted', 'The server does not like what the message holds.'],
  '7.0': ['Refused by a rule of the server', 'The server does not say which.'],
  '7.1': [
    'The server will not take this from you',
    'A rule of the server forbids it: often the sender’s address or network has no good name there yet.',
  ],
  '7.8': ['The login was refused', 'User name or password is wrong.'],
  '7.9': ['That way to log in is too weak', 'The server wants another mechanism.'],
  '7.23': ['SPF says no', 'The sender’s domain does not list this computer as one that may send for it.'],
  '7.25': ['The address has no name', 'The server wants a name in the DNS for the address mail comes from (PTR).'],
  '7.26': ['No check of the sender passed', 'Neither SPF nor DKIM vouches for the sender’s domain.'],
}

/** RFC 5321 §4.2.3: basic codes, where no enhanced one says more. */
const BASIC: Readonly<Record<string, readonly [string, string]>> = {
  '421': ['The server hangs up', 'It is too busy or going down. Mail waits and is tried again.'],
  '432': ['The password must be changed first', 'The provider wants that done on its own pages.'],
  '450': ['Not now', 'The mailbox is busy or the server wants to see this mail a second time.'],
  '451': ['Not now', 'Something went wrong on the server’s side. The same may succeed later.'],
  '452': ['The server is short of room', 'The same may succeed later.'],
  '454': ['Not at the moment', 'Encryption or login is out of order there.'],
  '500': ['The command is not understood', 'It is not a command of that server.'],
  '501': ['The command’s words are not understood', 'Something in them is not written as it should be.'],
  '502': ['The server does not do that', 'The command exists and is not offered there.'],
  '503': ['Not at this point', 'Another command has to come first.'],
  '504': ['Not in this way', 'The server does not know that form of the command.'],
  '521': ['This host takes no mail', 'It says so to everyone.'],
  '530': ['A login is needed first', 'The server takes mail only from those it knows.'],
  '535': ['The login was refused', 'User name or password is wrong.'],
  '538': ['Encryption is needed first', 'The server takes no password in the clear.'],
  '550': ['Refused', 'The mailbox does not exist or may not be used.'],
  '551': ['Not here', 'The mailbox is on another server.'],
  '552': ['Too big', 'The message is larger than the mailbox may hold.'],
  '553': ['The address is not allowed', 'The server does not take it as it is written.'],
  '554': ['Refused', 'The server will not have this transaction.'],
  '556': ['The domain takes no mail', 'It says so with a null MX record.'],
}

/** Explains a refusing reply, or says nothing when there is nothing to add to its own words. */
export function explain(reply: string): Explanation | undefined {
  const [, code = '', subject, detail] = /^(\d{3})[ -](?:[245]\.(\d{1,3})\.(\d{1,3})\b)?/.exec(reply) ?? []
  if (/^-ERR/i.test(reply)) {
    if (/\bauth|\[AUTH\]|passw|login|credential|invalid user/i.test(reply))
      return {
        title: 'The login was refused',
        text: 'User name or password is wrong, or the provider wants an app password.',
        source: 'RFC 1939 §4, RFC 3206',
      }
    if (/\[IN-USE\]|lock/i.test(reply))
      return {
        title: 'The maildrop is in use',
        text: 'Another program has it open. It is tried again later.',
        source: 'RFC 2449 §8.1.1',
      }
    return {
      title: 'The server says no',
      text: 'POP3 has one word for every refusal; the rest of the line is the server’s own.',
      source: 'RFC 1939 §3',
    }
  }
  if (!/^[45]/.test(code)) return undefined
  const isGrey = code.startsWith('4') && /gr[ea]y.?list/i.test(reply)
  if (isGrey)
    return {
      title: 'Greylisting: “come back later”',
      text: 'This server has not seen mail from you to this recipient before. It turns the first try away and accepts a later one. Nothing is wrong with the address or the message.',
      source: 'RFC 6647, RFC 5321 §4.2.3',
    }
  if (/no valid recipients/i.test(reply))
    return {
      title: 'Nobody was left to send to',
      text: 'Every recipient was turned away before this; the command was on its way already, so it had to be refused, too.',
      source: 'RFC 2920 §3.1',
    }
  const detailed = subject === undefined ? undefined : DETAIL[`${subject}.${detail}`]
  const found = detailed ?? BASIC[code]
  const later = code.startsWith('4') ? ' Posthorn tries again by itself.' : ''
  if (found === undefined)
    return {
      title: code.startsWith('4') ? 'Not now' : 'Refused',
      text: code.startsWith('4')
        ? 'The same may succeed later. Posthorn tries again by itself.'
        : 'The server will not do it, now or later.',
      source: 'RFC 5321 §4.2.1',
    }
  return { title: found[0], text: found[1] + later, source: detailed === undefined ? 'RFC 5321 §4.2.3' : 'RFC 3463 §3' }
}
