/** What `posthorn help` prints. An entry begins with its command, two columns in; what is farther in belongs to it. */
export const HELP = `posthorn COMMAND [--data DIR] [--json]

  serve [--settings FILE] [--key-file FILE] [--open] [--log-file FILE]
                                  run without a desktop; prints one JSON line when ready
  service install [--print] | uninstall | status       run it always, as a service of yours; whether it runs, and how it is
  ui                              a new one-time address of the window
  identity add ADDRESS [--name N] [--route ID] [--reply-to A] [--signature TEXT] [--no-signature-in-answers] [--language TAG]
              [--sent FOLDER|ACCOUNT/FOLDER|default] | list   who you write as, and where copies of what it sends are kept
  user add ADDRESS --password-stdin | list             who may submit mail and has a mailbox here
  user quota ADDRESS BYTES|none|default                how much mail a user may keep
  domain add NAME | remove NAME | list                 domains whose mail stays here
  alias set PATTERNS TARGETS [--id ID] | remove ID|PATTERN | list
              where their mail goes: *@one.example,*@two.example *@home.example
  alias resolve ADDRESS           where mail to an address would go, and why
  account add pop3 --host H --port P --user U --tls implicit|stls|none SECRET [--name N]
              [--every SECONDS] [--leave] [--delete-after-days N] [--delete-when-removed] [--headers-only-over-mb N]
              [--newest-first] [--headers-first auto|always|never] [--no-apop]
              mail is deleted there once it is here, or stays (--leave, or by its older name --keep)
  account add imap HOST[:PORT] --user U [--tls implicit|starttls|none] SECRET [--name N]
              [--every SECONDS] [--sent-copy append|server] [--drafts server|here]
              SECRET: --password-stdin, --token-stdin, or --oauth PROVIDER, which prints a page to sign in by and waits
  account set ACCOUNT (options as above; --no-leave, --oldest-first, "never" for N, … take them back)
  account list | remove ACCOUNT
  account discover ADDRESS        which servers an address has, who says so, and whose they are; no password is sent
  account sign-in PROVIDER USER | ID | list | providers | remove ID
                                  sign-ins by a provider's own page (OAuth 2.0), for accounts and routes
  route add smarthost HOST[:PORT] [--tls implicit|starttls|none] [--user U SECRET]
  route list | presets | test ID | resume ID | remove ID | login ID --user U SECRET   (as of an account)
  route rule list | add [--from P] [--to P] [--after TRIES] direct|hold|smarthost [--route ID] | remove ID | move ID N
  route why FROM TO [--tries N]   which way mail would go now, and why
  fetch [ACCOUNT]                 fetch mail now
  sendmail [-t] [-i] [-f FROM] [RCPT …]                a message on stdin into the queue
  queue list | show ID | history                       what waits and why, and what was done to it
  queue hold | release | retry  ID | --recipient ID | --domain D | --all | (release) --route ID
  queue cancel ID [--recipient ID] [--dsn] | edit RECIPIENT ADDRESS | decide RECIPIENT resend|arrived
  queue route ID automatic|direct|ROUTE [--recipient ID] | export ID | undo ID | pause | resume
  queue pace | pace set DESTINATION [--connections N] [--gap SECONDS] [--per-connection N] [--per-minute N]
             [--per-hour N] [--per-day N] | pace reset DESTINATION   (each with [--why TEXT])
  log list | show ID | tail       what was said on the wire
  log export ID … [--format dialogue|json|pcapng|eml] [--pseudonyms] [--output FILE [--overwrite]]
              sessions as a file: a dialogue, JSON, a capture for Wireshark, or mail with both attached
  console HOST[:PORT] [--tls|--starttls] [--pop3] | --from SESSION [--to LINE] [HOST[:PORT]]
              a session to a mail server, line by line from stdin: the dialogue on stdout, what comes next on stderr; /what,
              /sign-in USER [MECHANISM] SECRET, /go-on; --from says the lines of a session of the log again and hands over
  trace ENTRY [--recipient ID] | --message ID | --session ID
              the way of mail, from submission to outcome; how a message came here; what encrypted a session
  lab status | start | stop | send [NAME] [--subject S] [--bytes N] | received | show ID
              a mail server on this computer for rehearsals: off until it is started, ends with Posthorn; mail to its domain
              (lab.domain) goes there by the real queue and never leaves
  lab set NAME=VALUE … | reset    how it behaves: greeting, ehlo, starttls, mail, rcpt, data or message=fine|later|never|busy|hang-up,
              greylist=on|off|SECONDS, slow=SECONDS, cuts-off=on|off, tls=on|off, certificate=good|expired|other-name|unknown,
              demands-tls=on|off, size=BYTES
  log open FILE                   shows a dialogue or JSON file; needs no engine and no data folder
  log find [--limit N] [--save NAME [--notify]] QUERY | --saved | --forget NAME
              QUERY: verb:RCPT code:4xx code:5.7.x ms:>2000 host:mx.example tls:no dir:out protocol: account: msg: entry:
              state:problem lasted:>60s before: after: on: words, "as it was said", -not, OR, ( ), as one argument in quotes
  log alerts | use | clear        sessions saved queries notify of as they end; what the log takes up; removes it for good
              (each with --color or --no-color; colour is on by itself only on a terminal, and never with NO_COLOR)
  list [--folder F]               stored mail
  show ID [--whole] | --headers | --parts | --part PATH | --about
                                  one message; --whole fetches the rest of one of which only the header is here; or all of
                                  its header, its parts as a tree, one of them decoded, or what is known of its author
  source ID                       its bytes as they came
  snooze MESSAGE … --until TIME | --end | list         out of sight until then; TIME: 2026-11-24T08:00, 90m, 3h, 2d, 1w
  unsubscribe MESSAGE             asks its author for no more mail of the kind, where one click does that (RFC 8058)
  search [--limit N] [--save NAME] QUERY | search --saved [NAME] | search --forget NAME
              QUERY: words, "phrase", begin*, -not, OR, ( ), from: to: cc: subject: body: filename: in: tag: is:unread
              has:attachment before:2026-03 after:7d on:yesterday larger:5M smaller:10k, as one argument in quotes
  reindex                         make the search index anew from the messages
  import PATH … [--folder F] [--quoting auto|mboxrd|mboxo] | --thunderbird [--folder F]
              mail of other programs: mbox files, maildirs, .eml files, folders of them, a Thunderbird profile; into one
              folder, or into folders as they are there; what is here already is not stored again
  import --resume [ID] | --list | --report ID          goes on where it was interrupted; what did not come in, and why
  export --folder F | --query QUERY | --all  [--format mbox|maildir|eml] PATH [--overwrite]
                                  mail into files of their own; nothing is written over unless told
  setting list | set KEY VALUE    what can be changed, and to what
  status                          what is running and what waits
  diagnostics [--report | --forget-crashes]            how the program fares; a report without names, to be sent to others
  certificate                     the servers', for programs that are to trust it
  password make ADDRESS NAME | revoke ID | list        a password for each program that submits or reads mail
  connect [PROGRAM] [--address ADDRESS]                how programs are set up to submit mail here and to read it
  suppress list | add ADDRESS | remove ADDRESS         addresses whose mail came back: you are warned
  explain "550 5.7.1 …" | CHUNKING  what a server's reply means, or a word of SMTP, POP3 or IMAP
  tls list | forget DOMAIN        what is known of the TLS of the domains mail goes to
  dkim make DOMAIN [--ed25519] [--selector S] | list | check DOMAIN | on DOMAIN | off DOMAIN | remove DOMAIN
                                  keys that sign mail, and the records to publish
  thread MESSAGE                  the conversation a message belongs to
  rule list | add NAME --when CONDITION --do ACTIONS [--for all|here|ACCOUNT|USER] [--disabled] | edit RULE …
       remove|enable|disable RULE | move RULE PLACE | history MESSAGE | export | import FILE [--replace]
       run|try [RULE …] --folder F | --query QUERY | --message ID [--sends]   over mail that is here; try does nothing
       trust [ACCOUNT SERVER|none]                   whose Authentication-Results auth.… believes
              CONDITION: as a QUERY; from:word has it, from:=word is it, from:^word begins, from:$word ends with it, from:~word is
              a regular expression; also recipient: any: header.NAME: list: older:30d is:contact is:junk has:attachment auth.dmarc:pass
              by:ACCOUNT; * is all mail
              ACTIONS: move:FOLDER copy:FOLDER tag:TAG untag:TAG star unstar read unread forward:A,B forward-inline:A
              redirect:A reply:"TEXT" delete erase stop, with ; between
  junk [status] | learn | why MESSAGE | forget         what junk looks like, by what you have sorted; for is:junk of rules
  tag list | add NAME [--colour #rrggbb] [--number 1…9] | set TAG … | remove TAG | put|take TAG MESSAGE …
  contact list [--group G] | find WORD | add ADDRESS [--name N] | remove ID
          import FILE | export [--group G] [--learnt] | groups | group add|remove G | group put|take G ID …
                                  whom you write to, learnt from mail you send; files are vCards
  template list | add NAME [--subject S] [--to A,B] | show NAME | remove NAME
                                  messages to begin others with; the text of a new one on stdin
  redirect MESSAGE ADDRESS … [--from ADDRESS]          sends a stored message on as it is
  receipt MESSAGE [--send|--decline]                   who asks to be told that it was read; nothing is sent by itself
  check ADDRESS … [--from ADDRESS]                     what speaks against writing there, as the window says before it sends
  vault status | passphrase [set|remove] --passphrase-stdin | start locked|open --passphrase-stdin
                                  what opens the stored mail; a passphrase that is there comes first, a line each
  vault keychain on|off --passphrase-stdin             the keychain of the desktop in place of the key file
  vault rekey [--passphrase-stdin|--drop-passphrase]   encrypts the store anew, while Posthorn is stopped
  unlock                          opens mail that is locked; the passphrase on stdin
  parse [FILE]                    a message's parts, sizes, places and oddities; without FILE a message on stdin as JSON
`

/** The entries of one command, or undefined where there is no such command. */
export function helpOf(command: string): string | undefined {
  const lines: string[] = []
  let isIts = false
  for (const line of HELP.split('\n').slice(2)) {
    const [, name] = /^ {2}(\S+)/.exec(line) ?? []
    if (name !== undefined) isIts = name === command
    if (isIts && line !== '') lines.push(name === undefined ? line : `posthorn ${line.trimStart()}`)
  }
  if (lines.length === 0) return undefined
  return `${lines.join('\n')}\n\n--data DIR names the data folder, --json gives JSON; posthorn help lists all commands\n`
}
