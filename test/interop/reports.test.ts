import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { QueueEntryView } from '../../core/rpc/views.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { needs, pathOf } from '../support/peers.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { eventually, Home, type Served } from '../support/posthorn.ts'
import { runProgram } from '../support/run-program.ts'

/*
 * Delivery reports from end to end: what a program asks for with Python's smtplib, what Postfix makes of it after it has taken the
 * message, and what Python's email package reads in a report of ours.
 */
const peers = needs('postfix', 'python')
peers.describe('delivery reports', () => {
  let postfix: Postfix
  let dns: DnsStub
  let home: Home
  let served: Served
  beforeAll(async () => {
    postfix = await startPostfix({
      domain: 'harbour.test',
      users: ['ada', 'bob'],
      // Takes mail for "later", and only then finds that "gone" has no mailbox.
      extra: { virtual_alias_maps: 'inline:{later@harbour.test=gone@harbour.test}' },
    })
    dns = await startDnsServer({
      'harbour.test': { MX: [{ preference: 10, exchange: 'mx.harbour.test' }] },
      'mx.harbour.test': { A: ['127.0.0.1'] },
    })
    home = new Home({
      submission: { port: 0 },
      dns: { servers: [dns.server] },
      relay: { port: postfix.port, allowPrivateAddresses: true },
    })
    await home.json(['user', 'add', 'ada@harbour.test', '--password-stdin'], 'a long secret\n')
    served = await home.serve()
  })
  afterAll(async () => {
    await served?.stop()
    await postfix?.stop()
    await dns?.close()
    home?.remove()
  })

  /** Hands a message in with DSN parameters. */
  async function submit(to: string, subject: string): Promise<void> {
    const { host, port } = served.submission
    const script = `
import smtplib, ssl
s = smtplib.SMTP('${host}', ${port}); s.starttls(context=ssl._create_unverified_context())
s.login('ada@harbour.test', 'a long secret')
code, said = s.mail('ada@harbour.test', ['ENVID=Q+2B1', 'RET=HDRS'])
assert code == 250, said
code, said = s.rcpt('${to}', ['NOTIFY=SUCCESS,FAILURE', 'ORCPT=rfc822;${to}'])
assert code == 250, said
code, said = s.data('From: ada@harbour.test\\r\\nTo: ${to}\\r\\nSubject: ${subject}\\r\\n\\r\\nhello\\r\\n')
assert code == 250, said
s.quit()`
    expect(await runProgram(pathOf('python'), ['-c', script])).toEqual({ status: 0, said: '' })
  }
  const entryOf = (subject: string) =>
    eventually(async () => {
      const entries = await home.json<QueueEntryView[]>(['queue', 'list'])
      return entries.find((one) => one.subject === subject && one.doneMs !== null)
    }, `"${subject}" to be done`)
  const reportOf = (words: string) =>
    eventually(
      async () => (await postfix.messages('ada')).find((one) => one.includes(words)),
      `a report with "${words}"`,
    )
  /** Brings a report of Postfix in, and waits until the recipient tells of it. */
  async function bring(report: Buffer, entryId: number) {
    const file = join(home.root, 'report.eml')
    writeFileSync(file, report)
    await home.json(['import', file])
    return eventually(async () => {
      const entry = await home.json<QueueEntryView>(['queue', 'show', String(entryId)])
      return entry.recipients[0]?.laterReports.length === 1 ? entry.recipients[0] : undefined
    }, 'the report to be noted')
  }

  peers.test('mail that Postfix takes and then returns is delivered, and returned', async () => {
    await submit('later@harbour.test', 'returned')
    const entry = await entryOf('returned')
    expect(entry.recipients).toMatchObject([{ state: 'delivered', laterReports: [], why: null }])
    const report = await reportOf('Undelivered Mail')
    expect(report.toString()).toMatch(/^Original-Envelope-Id: Q\+1$/m)
    expect(report.toString()).toMatch(/^Original-Recipient: rfc822;later@harbour.test$/m)
    const recipient = await bring(report, entry.id)
    expect(recipient).toMatchObject({
      state: 'delivered',
      laterReports: [
        { action: 'failed', status: '5.1.1', reporter: 'mx.harbour.test', finalAddress: 'gone@harbour.test' },
      ],
    })
    expect(recipient.why).toMatch(
      /^mx\.harbour\.test took it, and then it was returned by mx\.harbour\.test: "unknown user/,
    )
  })

  peers.test('the wish to hear of success goes to Postfix, whose report says the mail is in the mailbox', async () => {
    await submit('bob@harbour.test', 'arrived')
    const entry = await entryOf('arrived')
    const recipient = await bring(await reportOf('delivered to maildir'), entry.id)
    expect(recipient).toMatchObject({ state: 'delivered', laterReports: [{ action: 'delivered' }] })
    // Nothing of ours beside it: the next server has taken the wish over.
    expect(await home.json(['list'])).not.toContainEqual(expect.objectContaining({ subject: 'Handed on: arrived' }))
  })

  peers.test("a report of ours is one that Python's email package reads", async () => {
    await submit('nobody@harbour.test', 'refused')
    const entry = await entryOf('refused')
    expect(entry.recipients).toMatchObject([{ state: 'bounced', advice: { kind: 'unknown-user', who: 'you' } }])
    const rows = await home.json<{ id: number; subject: string }[]>(['list'])
    const row = rows.find(({ subject }) => subject === 'Not delivered: refused')
    const { bytes } = await home.run(['source', String(row?.id)])
    const script = `
import email, email.policy, json, sys
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
human, status, original = m.iter_parts()
print(json.dumps([m.get_content_type(), m['return-path'], [dict(g.items()) for g in status.get_payload()], original.get_content_type(), len(m.defects)]))`
    const { said } = await runProgram(pathOf('python'), ['-c', script], bytes.toString())
    const [type, returnPath, groups, original, defects] = JSON.parse(said) as unknown[]
    expect({ type, returnPath, original, defects }).toEqual({
      type: 'multipart/report',
      returnPath: '<>',
      original: 'text/rfc822-headers',
      defects: 0,
    })
    expect(groups).toMatchObject([
      { 'Reporting-MTA': 'dns; harbour.test', 'Original-Envelope-Id': 'Q+1' },
      {
        'Original-Recipient': 'rfc822; nobody@harbour.test',
        'Final-Recipient': 'rfc822; nobody@harbour.test',
        'Action': 'failed',
        'Status': '5.1.1',
        'Remote-MTA': 'dns; mx.harbour.test',
        'Diagnostic-Code': expect.stringMatching(/^smtp; 550 5\.1\.1 <nobody@harbour\.test>/),
      },
    ])
  })

  peers.test('an address that is refused twice is warned of, until somebody says that it works', async () => {
    for (const n of [1, 2]) {
      await submit('wrong@harbour.test', `wrong ${n}`)
      await entryOf(`wrong ${n}`)
    }
    const [listed] = await home.json<object[]>(['suppress', 'list'])
    expect(listed).toMatchObject({ address: 'wrong@harbour.test', failures: 2, byHand: false })
    expect((await home.run(['suppress', 'list'])).stdout).toMatch(/^wrong@harbour\.test +2 .* failures +550 5\.1\.1/m)
    await home.json(['suppress', 'remove', 'wrong@harbour.test'])
    await home.json(['suppress', 'add', 'eve@harbour.test'])
    expect(await home.json(['suppress', 'list'])).toMatchObject([{ address: 'eve@harbour.test', byHand: true }])
    expect(await home.run(['suppress', 'remove', 'nobody@else.test'])).toMatchObject({ status: 1 })
    expect(await home.run(['suppress', 'what'])).toMatchObject({ status: 64 })
  })
})
