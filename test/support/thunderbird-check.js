/* global arguments, ChromeUtils, Cc, Ci, Services, IOUtils */
// Run inside Thunderbird by test/support/thunderbird.ts: what its account dialog does, with the servers that are named.
// The last argument takes the answer.
const [at, tell] = arguments

const load = (name) => ChromeUtils.importESModule(`resource:///modules/${name}.sys.mjs`)
const { AccountConfig } = load('accountcreation/AccountConfig')
const { GuessConfig } = load('accountcreation/GuessConfig')
const { ConfigVerifier } = load('accountcreation/ConfigVerifier')
const { CreateInBackend } = load('accountcreation/CreateInBackend')
const { MailServices } = load('MailServices')

/** What a person confirms in the exception dialog: this certificate, on these ports. */
function trust() {
  const der = Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB)
  const overrides = Cc['@mozilla.org/security/certoverride;1'].getService(Ci.nsICertOverrideService)
  const certificate = der.constructX509FromBase64(at.certificate)
  for (const { pop3, smtp } of at.servers)
    for (const port of [pop3, smtp]) overrides.rememberValidityOverride(at.host, port, {}, certificate, true)
}

function configOf({ pop3, smtp, security }, password) {
  const config = new AccountConfig()
  const socketType = security === 'tls' ? Ci.nsMsgSocketType.SSL : Ci.nsMsgSocketType.alwaysSTARTTLS
  const login = { hostname: at.host, username: at.user, password, socketType }
  config.identity = { realname: 'Somebody', emailAddress: at.user }
  Object.assign(config.incoming, { ...login, type: 'pop3', port: pop3 })
  Object.assign(config.outgoing, { ...login, type: 'smtp', port: smtp })
  return config
}
const never = () => new AbortController().signal
const verify = (config) =>
  new ConfigVerifier(null, never()).verifyConfig(config, false).then(
    () => true,
    () => false,
  )

const fetched = (server, inbox) =>
  new Promise((resolve) => {
    const OnStopRunningUrl = (_url, status) => resolve({ status, messages: inbox.getTotalMessages(false) })
    MailServices.pop3.GetNewMail(null, { OnStartRunningUrl() {}, OnStopRunningUrl }, inbox, server)
  })

async function sent(account, subject) {
  const file = Services.dirsvc.get('TmpD', Ci.nsIFile)
  file.append('message.eml')
  file.createUnique(Ci.nsIFile.NORMAL_FILE_TYPE, 0o600)
  await IOUtils.writeUTF8(file.path, `From: ${at.user}\r\nTo: ${at.to}\r\nSubject: ${subject}\r\n\r\nhello\r\n`)
  const fields = Cc['@mozilla.org/messengercompose/composefields;1'].createInstance(Ci.nsIMsgCompFields)
  Object.assign(fields, { from: at.user, to: at.to, subject })
  const send = Cc['@mozilla.org/messengercompose/send;1'].createInstance(Ci.nsIMsgSend)
  const identity = account.defaultIdentity
  identity.doFcc = false
  const status = await new Promise((resolve) => {
    const listener = {
      QueryInterface: ChromeUtils.generateQI(['nsIMsgSendListener']),
      onStartSending() {},
      onSendProgress() {},
      onStatus() {},
      onStopSending: (_id, stopped) => resolve(stopped),
      onTransportSecurityError() {},
      onGetDraftFolderURI() {},
      onSendNotPerformed() {},
    }
    const { nsMsgDeliverNow } = Ci.nsIMsgSend
    send.sendMessageFile(
      identity,
      account.key,
      fields,
      file,
      false,
      false,
      nsMsgDeliverNow,
      null,
      listener,
      null,
      at.password,
    )
  })
  await IOUtils.remove(file.path)
  return status
}

async function check(server) {
  const guessed = await GuessConfig.guessConfig(
    at.user.split('@')[1],
    () => {},
    configOf(server, at.password),
    'both',
    never(),
  )
  const { incoming, outgoing } = guessed
  const facts = ({ port, socketType, auth }) => ({ port, socketType, auth })
  const wrong = configOf(server, 'mistaken')
  wrong.incoming.auth = incoming.auth
  wrong.outgoing.auth = outgoing.auth
  const answer = {
    incoming: facts(incoming),
    outgoing: facts(outgoing),
    verified: await verify(guessed),
    verifiedWrong: await verify(wrong),
  }
  const account = await CreateInBackend.createAccountInBackend(guessed)
  const inbox = account.incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox)
  try {
    return {
      ...answer,
      fetched: await fetched(account.incomingServer, inbox),
      sent: await sent(account, `by Thunderbird, ${server.security}`),
    }
  } finally {
    MailServices.accounts.removeAccount(account, true)
  }
}

trust()
const answers = []
at.servers
  .reduce((before, server) => before.then(async () => void answers.push(await check(server))), Promise.resolve())
  .then(
    () => tell({ answers }),
    (error) => tell({ error: `${error}\n${error.stack}` }),
  )
