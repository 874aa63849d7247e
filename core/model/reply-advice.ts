/** What servers refuse mail for, and what a person makes of it. The rules that tell one from another are in reply-rules.ts. */
export const REPLY_KINDS = [
  'greylisted',
  'rate-limited',
  'sending-limit',
  'too-many-recipients',
  'mailbox-full',
  'unknown-user',
  'mailbox-closed',
  'moved',
  'bad-address',
  'not-permitted',
  'domain-not-found',
  'takes-no-mail',
  'relaying-denied',
  'sender-refused',
  'policy',
  'blocklisted',
  'no-ptr',
  'bad-helo',
  'sender-unproven',
  'tls-required',
  'authentication',
  'login-needed',
  'spam',
  'virus',
  'content',
  'too-large',
  'needs-utf8',
  'loop',
  'expired',
  'server-full',
  'server-trouble',
  'no-recipients',
  'protocol',
  'later',
  'refused',
] as const
export type ReplyKind = (typeof REPLY_KINDS)[number]

/** Who has to act before the mail can arrive. `their-postmaster`: who runs the mail of the recipient. */
export const REPLY_ACTORS = ['nobody', 'you', 'recipient', 'their-postmaster', 'your-provider'] as const
export type ReplyActor = (typeof REPLY_ACTORS)[number]

/** What a kind of refusal means to a person. */
export interface Meaning {
  readonly title: string
  /** What it is, and what most often causes it. */
  readonly meaning: string
  readonly who: ReplyActor
  /** What to do now. */
  readonly next: string
}

const meaning = (title: string, words: string, who: ReplyActor, next: string): Meaning => ({
  title,
  meaning: words,
  who,
  next,
})

/** The advice of each kind. */
export const MEANINGS: Readonly<Record<ReplyKind, Meaning>> = {
  'greylisted': meaning(
    'Greylisting: “come back later”',
    'This server has not seen mail from you to this recipient before. It turns the first try away and accepts a later one. Nothing is wrong with the address or the message.',
    'nobody',
    'Wait: it is tried again after some minutes, and mostly taken then.',
  ),
  'rate-limited': meaning(
    'Too much mail in a short time',
    'The server takes only so much mail, or so many connections, from one sender at a time. It may also slow down senders it does not know yet.',
    'nobody',
    'Wait: it is tried again more slowly. If it happens often, lower the pace for this destination.',
  ),
  'sending-limit': meaning(
    'Your sending limit is used up',
    'Your provider lets an account send only so many messages or to so many recipients in a day or an hour.',
    'you',
    'Wait until the limit is reset, mostly a day later, or send by another route.',
  ),
  'too-many-recipients': meaning(
    'Too many recipients at once',
    'The server takes fewer recipients in one transaction than it was given.',
    'nobody',
    'Nothing: the rest goes in another transaction.',
  ),
  'mailbox-full': meaning(
    'The mailbox is full',
    'The recipient has used up the room of the mailbox. It takes mail again when its owner has made room.',
    'recipient',
    'Tell the recipient another way that the mailbox is full, then send again.',
  ),
  'unknown-user': meaning(
    'There is no such mailbox',
    'The server knows the domain and no mailbox of that name in it: a typing mistake, or an address that is no longer used.',
    'you',
    'Check the spelling of the address, or ask the recipient for the one that works.',
  ),
  'mailbox-closed': meaning(
    'The mailbox is closed',
    'It exists and takes no mail: it is switched off, blocked or has not been used for a long time.',
    'recipient',
    'Ask the recipient for another address.',
  ),
  'moved': meaning(
    'The mailbox has moved',
    'The person is no longer reached there. Some servers name the new address in their reply.',
    'you',
    'Look for a new address in the reply, or ask the recipient for it.',
  ),
  'bad-address': meaning(
    'The address is not written as it should be',
    'The server cannot read the address, or takes none that is written like this.',
    'you',
    'Check the address for spaces, missing letters or a wrong character.',
  ),
  'not-permitted': meaning(
    'You may not write to this address',
    'It takes mail only from certain senders: from people of the same organisation, from members of a list, or from those it has let in.',
    'recipient',
    'Ask the recipient or the owner of the list to let your address in.',
  ),
  'domain-not-found': meaning(
    'There is no such mail domain',
    'The part after the @ takes no mail: a typing mistake, or a domain whose mail is set up wrongly.',
    'you',
    'Check the part after the @. If it is right, tell the recipient another way.',
  ),
  'takes-no-mail': meaning(
    'The domain takes no mail',
    'It says so itself: nobody is reached by mail there.',
    'you',
    'Ask the recipient for an address in another domain.',
  ),
  'relaying-denied': meaning(
    'The server does not take mail for this domain',
    'It does not think that the recipient is one of its own: its mail is set up wrongly, the domain has moved, or a server of your own wants a login first.',
    'their-postmaster',
    'Check the address. If mail goes through a server of your own, check the login of that route; else tell the recipient.',
  ),
  'sender-refused': meaning(
    'Your address is refused as a sender',
    'The server does not take mail from your address: it could not be checked, its domain cannot be reached by mail, it is blocked there, or it is not yours at this provider.',
    'you',
    'Check that your address is right and can itself receive mail. If you send by a provider, write as an address of your account there.',
  ),
  'policy': meaning(
    'Refused by a rule of the server',
    'The server does not want this mail from you: often because your address or network has no good name there yet. It seldom says more.',
    'their-postmaster',
    'Send by a provider the server knows (a smarthost), or ask the recipient to have your address allowed.',
  ),
  'blocklisted': meaning(
    'Your network is on a block list',
    'The address that you send from is on a list of sources of unwanted mail. Home connections mostly are, whoever uses them.',
    'you',
    'Send by a smarthost of your provider. If the address is your own and fixed, look it up at the list that the reply names and ask to be taken off.',
  ),
  'no-ptr': meaning(
    'Your address has no name',
    'The server wants a name in DNS (a PTR record that leads back to the same address) for the address mail comes from. Home connections mostly have none that fits.',
    'your-provider',
    'Send by a smarthost, or have your network provider set the reverse DNS name of your address.',
  ),
  'bad-helo': meaning(
    'The name of your computer is not accepted',
    'The server does not take the name that was said in the greeting (HELO or EHLO): it wants a full name that exists in DNS.',
    'you',
    'Set a host name that leads to your address, or send by a smarthost.',
  ),
  'sender-unproven': meaning(
    'No check of the sender passed',
    'Neither SPF nor DKIM vouches for your domain, or its DMARC rule forbids this mail: its DNS does not name the computer or the key you send with.',
    'you',
    'Publish SPF and DKIM records for your domain, or send by the provider that your domain names.',
  ),
  'tls-required': meaning(
    'Encryption is needed first',
    'The server takes this only over an encrypted connection, or its certificate could not be trusted as a policy demands.',
    'you',
    'Switch TLS on for this route. If a policy of the recipient’s domain failed, it is tried again by itself.',
  ),
  'login-needed': meaning(
    'A login is needed first',
    'The server takes mail only from those who have signed in, and nobody had.',
    'you',
    'Give the route a user name and a password, or send straight to the recipient’s server.',
  ),
  'authentication': meaning(
    'The login was refused',
    'User name or password is wrong, or the provider wants an app password or another way to log in.',
    'you',
    'Check user name and password of the route; make an app password where the provider asks for one.',
  ),
  'spam': meaning(
    'The message looks like spam to the server',
    'A filter judged text, links or sender. Few words with a link, a shortened link or an unknown sender are enough.',
    'you',
    'Change the text, leave out links and files, and send again; or tell the recipient another way to look for your address.',
  ),
  'virus': meaning(
    'A virus scanner stopped the message',
    'The server found something dangerous in the message, or a file of a kind it never takes.',
    'you',
    'Check your files, and send them another way, such as a link.',
  ),
  'content': meaning(
    'The content is not accepted',
    'Something in the form of the message or in its files is not allowed there: a kind of file, a missing or doubled field, too long a line.',
    'you',
    'Leave out the file, or send it another way, such as a link.',
  ),
  'too-large': meaning(
    'The message is too big',
    'It is larger than the server, or that mailbox, takes. Files grow by a third on their way.',
    'you',
    'Send a link or a smaller file.',
  ),
  'needs-utf8': meaning(
    'The address needs international mail',
    'The address or the header has letters beyond ASCII, and a server on the way does not take these.',
    'you',
    'Use an address that is written in plain letters.',
  ),
  'loop': meaning(
    'The mail runs in a circle',
    'It passed too many servers: two of them forward to each other, or a domain names a wrong server.',
    'their-postmaster',
    'Tell the recipient another way: the forwarding there has to be mended.',
  ),
  'expired': meaning(
    'It took too long',
    'A server kept the message for as long as it does and could not deliver it.',
    'their-postmaster',
    'Send again later, or tell the recipient another way.',
  ),
  'server-full': meaning(
    'The server is out of room',
    'It has no disk space left for mail, for anybody’s.',
    'their-postmaster',
    'Wait: it is tried again by itself.',
  ),
  'server-trouble': meaning(
    'The server has trouble of its own',
    'Something went wrong on the other side: too busy, being worked on, or a part of it does not answer. It has nothing to do with you.',
    'nobody',
    'Wait: it is tried again by itself.',
  ),
  'no-recipients': meaning(
    'No recipient is left',
    'Every recipient had been refused before, while the command for the message was on its way already: commands are sent ahead of their answers.',
    'nobody',
    'Look at the answers to RCPT before this one: they say why.',
  ),
  'protocol': meaning(
    'The two servers do not understand each other',
    'The server did not take a command, or not at this point.',
    'their-postmaster',
    'Look at the protocol log. If it happens again, show it to the postmaster there.',
  ),
  'later': meaning(
    'Not now',
    'The server does not say why. The same may succeed later.',
    'nobody',
    'Wait: it is tried again by itself.',
  ),
  'refused': meaning(
    'Refused',
    'The server will not take it and does not say why in words that are known here.',
    'you',
    'Read the words of the server, check the address, and ask the recipient another way if it should have arrived.',
  ),
}

/** Kinds that speak of the recipient's address and not of who writes, from where and what: these say that it is a dead one. */
const ABOUT_ADDRESS: ReadonlySet<ReplyKind> = new Set<ReplyKind>([
  'mailbox-full',
  'unknown-user',
  'mailbox-closed',
  'moved',
  'bad-address',
  'not-permitted',
  'domain-not-found',
  'takes-no-mail',
  'relaying-denied',
  'loop',
  'refused',
])

/** Whether a refusal of that kind says something about the recipient's address, whoever writes to it. */
export function isAboutAddress(kind: ReplyKind): boolean {
  return ABOUT_ADDRESS.has(kind)
}
