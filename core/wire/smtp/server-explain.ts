import type { Reply } from '../../model/reply.ts'

/** What a reply means, by its code and enhanced code: one sentence for a person who types a session by hand (VERB). */
const MEANINGS: Readonly<Record<string, string>> = {
  '214 2.0.0': 'this is help, and changes nothing',
  '221 2.0.0': 'the session is over, and the connection closes',
  '235 2.7.0': 'you are signed in until the connection closes',
  '250 2.0.0': 'done; a message that was taken is on disk and is now ours to deliver',
  '250 2.1.0': 'the sender will do; next come RCPT TO for each recipient',
  '250 2.1.5': 'the recipient will do; more RCPT TO may follow, then DATA or BDAT',
  '252 2.0.0': 'addresses are not confirmed here, lest anybody asks who is here',
  '421 4.2.1': 'nothing is taken at this moment: come back later',
  '421 4.3.0': 'something here did not answer in time: the same command may do later',
  '421 4.3.2': 'the server closes or is busy: connect again later',
  '421 4.3.4': 'the message is far beyond the size that EHLO names, so it was not read on',
  '421 4.4.2': 'you were silent or slow for too long',
  '421 4.5.3': 'connect again for more messages: EHLO names the limit',
  '421 4.7.0': 'too many errors or failed logins in one session',
  '450 4.7.1': 'not now: the same message may be taken at a later try',
  '451 4.3.0': 'something failed here and nothing was kept: the same command may do later',
  '451 4.7.1': 'not yet: a mail server comes again in some minutes, and is let in then',
  '452 4.3.1': 'the disk is nearly full: nothing was kept, try again later',
  '452 4.5.3': 'send the message again for the recipients that are left',
  '454 4.7.0': 'the password could not be looked at, so it is neither right nor wrong',
  '500 5.5.2': 'the line is no command of SMTP, or does not end in CR LF',
  '501 5.1.3': 'the recipient has the form <local@domain>',
  '501 5.1.7': 'the sender has the form <local@domain>, or is <>',
  '501 5.5.2': 'the login was broken off: begin again with AUTH',
  '501 5.5.4': 'the command is known, but what follows it has another form: HELP shows it',
  '501 5.7.0': 'the login was broken off as you asked',
  '502 5.5.1': 'the command is known, but is not offered to you: EHLO lists what is',
  '503 5.5.1': 'the command has to come at another place: EHLO, AUTH, MAIL, RCPT, then DATA',
  '504 5.5.4': 'EHLO lists the mechanisms of AUTH that are offered',
  '521 5.5.2': 'another server might see the end of a message here and take what follows for commands',
  '530 5.7.0': 'say STARTTLS and EHLO, then AUTH: mail is taken from users only',
  '530 5.7.10': 'the rest of the way is to be encrypted, and this connection is not: say STARTTLS first',
  '535 5.7.8': 'the user or the password is wrong; which of them is not told',
  '538 5.7.11': 'others could read the password on this connection: say STARTTLS first',
  '550 5.1.1': 'nobody has that address here',
  '550 5.5.2': 'every line of a message ends in CR LF, and neither of them stands anywhere else',
  '550 5.6.0': 'the header of the message has a fault that nobody can repair safely',
  '550 5.7.1': 'the address is not one you may send as, or mail for it is not taken from you',
  '552 5.3.4': 'EHLO names the largest size behind SIZE',
  '553 5.6.7': 'say SMTPUTF8 behind MAIL to use an address beyond ASCII',
  '554 5.4.6': 'the message goes in a circle: it has passed too many servers',
  '554 5.5.1': 'no recipient was taken, so there is nobody to send it to; or nothing may follow here',
  '554 5.6.0': 'the content has a form that other servers would damage or refuse',
  '555 5.5.4': 'EHLO lists the parameters that MAIL and RCPT may have',
}

/** The reply with one more line that explains it; as it is where there is nothing to explain. */
export function explained(said: Reply): Reply {
  if (said.enhanced === undefined) return said
  const meaning = MEANINGS[`${said.code} ${said.enhanced}`]
  return meaning === undefined ? said : { ...said, lines: [...said.lines, meaning] }
}
