import type { ReplyKind } from './reply-advice.ts'

/**
 * The reply dictionary: what servers mean, by their own words. The first rule that fits decides, so what is certain comes before
 * what is general, and words come before codes, for most servers have more of the former than of the latter.
 *
 * A rule is a name that never changes, a kind, and what has to fit: `code` the three digits, `status` the enhanced code (RFC 3463),
 * `text` all lines of the reply in lower case with single spaces and without addresses. Texts come from whoever answers, so a
 * pattern may hold no `*` and no `+`, and a gap between two words has an end: then none takes longer than the text is long.
 */
export interface ReplyRule {
  readonly id: string
  readonly kind: ReplyKind
  readonly code?: RegExp
  readonly status?: RegExp
  readonly text?: RegExp
}

const rule = (id: string, kind: ReplyKind, fits: Omit<ReplyRule, 'id' | 'kind'>): ReplyRule => ({ id, kind, ...fits })

/** All rules, in the order they are asked. */
export const REPLY_RULES: readonly ReplyRule[] = [
  // Greylisting (RFC 6647) says so, or says nothing else at all.
  rule('grey.word', 'greylisted', { code: /^4/, text: /gr[ae]y-?list|tempgrey|postgrey/ }),
  rule('grey.postfix', 'greylisted', { code: /^4/, text: /intentional policy rejection, please try again/ }),
  rule('grey.rspamd', 'greylisted', { code: /^451$/, status: /^4\.7\.1$/, text: /^(please )?try again later\.?$/ }),

  // Limits of an account of one's own.
  rule('limit.sending', 'sending-limit', {
    text: /sending limit exceeded|sending quota|daily (message|user sending) (quota|limit)/,
  }),
  rule('limit.daily', 'sending-limit', {
    text: /daily (limit|quota)|max(imum)? emails per (hour|day)|maximum credits exceeded/,
  }),
  rule('limit.submission', 'sending-limit', {
    text: /submission ?quota|unusual sending activity|emails? per (hour|day) \(/,
  }),

  // What quotes other words than its own.
  rule('sender.exim', 'sender-refused', { text: /mail server could not deliver mail to/ }),
  // RFC 2920 §3.1: what was sent ahead is answered, too, though nobody is left to take the message.
  rule('rcpt.none', 'no-recipients', {
    code: /^5/,
    text: /\bno valid (recipients?|rcpt)|\bno recipients? (were |was |have been |has been )?(accepted|left|specified|given)|all recipients (were )?re(fused|jected)/,
  }),
  rule('protocol.rcpt', 'protocol', { text: /valid rcpt command must precede/ }),

  // Lists of senders. Before "try again": some of them say that, too.
  rule('list.names', 'blocklisted', {
    text: /spamhaus|spamcop|sorbs\.net|barracuda(networks\.com| ?central)|uceprotect|invaluement|mailspike/,
  }),
  rule('list.dns', 'blocklisted', {
    text: /\b(dns)?rbl\b|\bdnsbl|\bprbl\b|\bpbl\b|black ?list|block ?list|blocked using|\bis block listed/,
  }),
  rule('list.ip', 'blocklisted', {
    text: /banned (sending ip|sender\[)|\blisted (at|in|on|by)\b|ipcheck\.proofpoint|dnsbl-lookup/,
  }),
  rule('list.block', 'blocklisted', { text: /comcast block for spam|^blocked - see|dynamic ip address/ }),

  // Names in DNS. The words before the code: many give 5.7.1 for all of it.
  rule('ptr.word', 'no-ptr', {
    text: /\bptr\b|reverse[ -]dns|\brdns\b|reverse host ?name|cannot find your (reverse )?host ?name/,
  }),
  rule('ptr.status', 'no-ptr', { status: /^[45]\.7\.25$/ }),
  rule('relay.lookup', 'relaying-denied', { text: /^relaying denied/ }),
  rule('helo.record', 'bad-helo', {
    text: /\bin helo\b|helo (command rejected|name|should be|hostname)|\behlo\b.{0,20}(rejected|invalid)/,
  }),

  // Login, before whatever else the reply holds.
  rule('login.code', 'authentication', { code: /^(432|534|535)$/, status: /^([45]\.7\.(0|3|8|9|12|13|139)|)$/ }),
  rule('login.temporary', 'authentication', { text: /temporary authentication failure/ }),
  rule('tls.command', 'tls-required', {
    text: /starttls|encryption required|requires? (tls|encryption)|\btls (is )?(required|needed)/,
  }),
  rule('tls.plain', 'tls-required', { text: /not using (tls|encryption)|must use (tls|ssl)|requiretls/ }),
  rule('tls.status', 'tls-required', { status: /^[45]\.7\.(10|11|30)$/ }),
  rule('login.needed', 'login-needed', {
    text: /^(smtp; )?client (was )?not authenticated|authentication (is )?required(\.|$| for more)/,
  }),
  rule('login.first', 'login-needed', { code: /^530$/ }),

  // Who may write to whom.
  rule('deny.group', 'not-permitted', {
    text: /sender ?not ?authenticated ?for|resolver\.rst\.(notauthorized|authrequired|sendernot)/,
  }),
  rule('deny.list', 'not-permitted', {
    text: /not (a member|allowed to post|in allowed-senders)|members? of th(e|is) (mailing )?list|only accepts mail from/,
  }),

  // What the sender's domain says. Before rates: for want of proof, some take mail more slowly.
  rule('proof.rate', 'sender-unproven', { status: /^[45]\.7\.26$/ }),
  rule('proof.status', 'sender-unproven', { status: /^[45]\.7\.(20|21|22|23|24|29|509|515)$/ }),
  rule('proof.word', 'sender-unproven', {
    text: /\bdmarc\b|\bdkim\b|\bspf\b|sender policy framework|sender is unauthenticated|unauthenticated (e-?)?mail/,
  }),

  // Size, room and rate.
  rule('size.word', 'too-large', {
    text: /(message|header) ?(file )?(size )?(exceeds|too (big|large))|size limit|sizelimit|databytes|too large|file too big/,
  }),
  rule('size.status', 'too-large', { code: /^(5|452)/, status: /^[45]\.(3\.4|2\.3)$/ }),
  rule('full.server', 'server-full', {
    text: /insufficient (system (storage|resources)|disk)|disk (is )?full|no space left/,
  }),
  rule('full.status', 'server-full', { status: /^[45]\.3\.1$/ }),
  rule('rate.recipients', 'too-many-recipients', { text: /too many recipients(?! received)|reciplimit/ }),
  rule('rate.user', 'rate-limited', {
    text: /receiving mail (at a rate|too quickly)|recipients received this hour|queue quota|rate limit/,
  }),
  rule('full.mailbox', 'mailbox-full', {
    text: /(mailbox|inbox|account|folder) (is )?(full|over ?(its )?quota)|out of storage|over ?quota|mailbox ?full/,
  }),
  rule('full.quota', 'mailbox-full', {
    text: /\b(user|mailbox|disk|storage)? ?quota (exceeded|full|limit)|exceeded.{0,20}storage|shutoffquota/,
  }),
  rule('full.status2', 'mailbox-full', { status: /^[45]\.2\.2$/ }),

  // Content.
  rule('virus.word', 'virus', { text: /\bvirus|infected|malware|eicar|clamav|potential security issue|trojan/ }),
  rule('content.file', 'content', {
    text: /\bbanned:|attachments? (of )?type|file type|attachment.{0,20}not (allowed|accepted)|executable/,
  }),
  rule('content.form', 'content', {
    text: /from: header|header guidelines|lines? too long|djb\/docs\/smtplf|bare (lf|line ?feed)|not rfc ?\d{3,4} compliant/,
  }),

  // Senders. Before the recipients' words: "user unknown" is said of both.
  rule('sender.rejected', 'sender-refused', {
    text: /sender address (rejected|is not allowed)|sender (rejected|denied)|rejected sender|badmailfrom/,
  }),
  rule('sender.verify', 'sender-refused', {
    text: /sender verif|verify sender|sender verify|domain of sender/,
  }),
  rule('sender.owner', 'sender-refused', {
    text: /send ?as ?denied|permissions? to send as|not owned by|not allowed to send as|disallowed as|verified sender/,
  }),
  rule('sender.account', 'sender-refused', {
    text: /bad outbound sender|sending account|not verified\. the following|sender address.{0,30}blocked/,
  }),
  rule('sender.record', 'sender-refused', { text: /invalid dns mx or a\/aaaa/ }),
  rule('sender.status', 'sender-refused', { status: /^[45]\.1\.[78]$/ }),

  // Recipients and their domains.
  rule('null.word', 'takes-no-mail', { text: /null ?mx|does not accept (any )?mail|accepts no mail/ }),
  rule('null.code', 'takes-no-mail', { code: /^556$/ }),
  rule('relay.word', 'relaying-denied', {
    text: /relay(ing)? (access )?(denied|disallowed|not (permitted|allowed)|is not allowed)|unable to relay|rcpthosts/,
  }),
  rule('relay.other', 'relaying-denied', {
    text: /not permitted to relay|relaying is not|non-accepted domain|we do not relay|no relaying/,
  }),
  rule('domain.word', 'domain-not-found', {
    text: /domain (does ?n[o']t exist|not found|\S{1,255} does not exist)|domainnonexistent|dns query failed|no such domain/,
  }),
  rule('domain.status', 'domain-not-found', { status: /^[45]\.(1\.2|4\.31[02])$/ }),
  rule('moved.word', 'moved', { text: /user (has )?moved|no longer on server|please try <|new address is/ }),
  rule('moved.code', 'moved', { code: /^551$/ }),
  rule('closed.word', 'mailbox-closed', {
    text: /(account|mailbox|user|email account).{0,40}(disabled|deactivated|suspended|inactive|\bclosed|\blocked)/,
  }),
  rule('closed.status', 'mailbox-closed', { code: /^5/, status: /^5\.2\.1$/ }),
  rule('loop.word', 'loop', { text: /too many hops|hop count|mail (forwarding )?loop|is looping|points back to/ }),
  rule('loop.status', 'loop', { status: /^5\.4\.(6|14)$/ }),
  rule('expired.word', 'expired', { text: /message expired|delivery time expired|queue\.expired/ }),
  rule('user.unknown', 'unknown-user', {
    text: /(user|recipient|mailbox|address|addressee|account|email account) (address )?(is )?(unknown|not found|invalid|does ?n[o']t exist)/,
  }),
  rule('user.unknown2', 'unknown-user', {
    text: /(unknown|invalid|no such|nonexistent|unrouteable) (local )?(user|recipient|mailbox|address|account)/,
  }),
  rule('user.none', 'unknown-user', {
    text: /no mailbox (here )?by that name|does(n't| not) have (an?|a \S{1,80}) account|cannot deliver mail for/,
  }),
  rule('user.google', 'unknown-user', {
    text: /you tried to reach does not exist|nosuchuser|recipientnotfound|exrecipnotfound/,
  }),
  rule('user.verify', 'unknown-user', {
    text: /recipient verif|recipient verify failed|verification failed for|destinataire invalide/,
  }),
  rule('user.exchange', 'unknown-user', { text: /recipient address rejected: access denied/ }),
  rule('user.cisco', 'unknown-user', {
    text: /#5\.1\.0 address rejected|\(#5\.1\.1\)|recipient address rejected: \S{1,80}$/,
  }),
  rule('user.mailbox', 'unknown-user', {
    code: /^55[024]$/,
    text: /mailbox (is )?unavailable(?!.{0,120}(limit|policy|refused))/,
  }),
  rule('user.status', 'unknown-user', { code: /^5/, status: /^5\.1\.(0|1|10)$/ }),
  rule('address.status', 'bad-address', { status: /^[45]\.1\.3$/ }),
  rule('address.word', 'bad-address', {
    text: /bad recipient address|address syntax|malformed address|hostname required/,
  }),

  // Rate and reputation.
  rule('rate.word', 'rate-limited', {
    text: /rate[ -]limit|throttl|slow down|too many (connections|concurrent|messages|errors)|too much mail/,
  }),
  rule('rate.many', 'rate-limited', {
    text: /concurrent connections|connection limit reached|(maximum|max) number of (messages|concurrent)|send limit/,
  }),
  rule('rate.volume', 'rate-limited', {
    code: /^4/,
    text: /temporarily deferred|unexpected volume|server busy|queue quota|thread limit|closing connection/,
  }),
  rule('rate.yahoo', 'rate-limited', { code: /^4/, text: /\[tss?\d{2}\]|deferred/ }),
  rule('rate.status', 'rate-limited', { status: /^4\.7\.(28|5\d\d|6\d\d)$/ }),

  // Filters, in general words.
  rule('spam.word', 'spam', {
    text: /spam|junk ?mail|unsolicited|suspicious|content restrictions|mail content denied/,
  }),
  rule('spam.barracuda', 'spam', { text: /permanent failure for one or more recipients \(\S{1,320}:blocked\)/ }),
  rule('content.word', 'content', { text: /content (rejected|not accepted)|prohibited content|message content/ }),
  rule('content.status', 'content', { status: /^[45]\.6\.[0-6]$/ }),
  rule('utf8.word', 'needs-utf8', { text: /smtputf8|internationali[sz]ed/ }),
  rule('utf8.status', 'needs-utf8', { status: /^[45]\.6\.([7-9]|10)$/ }),

  // Trouble of theirs.
  rule('trouble.word', 'server-trouble', {
    code: /^4/,
    text: /temporar(y|ily)|service (currently )?(unavailable|not available)|shutting down|not accepting network/,
  }),
  rule('trouble.more', 'server-trouble', {
    code: /^4/,
    text: /local problem|lookup failure|configuration problem|queue file|server error|connection (dropped|limit)/,
  }),
  rule('trouble.status', 'server-trouble', { code: /^4/, status: /^4\.(3\.[0235]|4\.\d{1,3}|0\.0)$/ }),
  rule('trouble.421', 'server-trouble', { code: /^421$/ }),

  // The conversation itself.
  rule('protocol.code', 'protocol', { code: /^(50[0-4]|555)$/ }),
  rule('protocol.status', 'protocol', { status: /^[45]\.5\.\d{1,2}$/ }),
  rule('protocol.word', 'protocol', { text: /synchronization error|protocol error|no valid recipients|bad sequence/ }),

  rule('policy.word', 'policy', {
    text: /polic(y|ies)|reputation|administrative prohibition|access denied|not accepted|refused|rejected|prohibited|blocked/,
  }),
  rule('policy.status', 'policy', { status: /^[45]\.7\.\d{1,3}$/ }),
  rule('policy.telekom', 'policy', { text: /ask your postmaster/ }),
  rule('expired.status', 'expired', { status: /^[45]\.4\.7$/ }),
  rule('else.later', 'later', { code: /^4/ }),
  rule('else.refused', 'refused', { code: /^5/ }),
]
