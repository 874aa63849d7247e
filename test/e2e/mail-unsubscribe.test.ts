import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect } from 'vitest'
import { barriers } from '../support/browser.ts'
import { testCertificate } from '../support/certificate.ts'
import { startDnsServer, type DnsStub } from '../support/dns-server.ts'
import { MailPage } from '../support/mail-page.ts'
import { needs } from '../support/peers.ts'

/** Getting no more of a newsletter: one POST that says nothing of the person, or a letter to look at first. */
const { describe, test } = needs('chromium')
const SIGNED = 'DKIM-Signature: v=1; d=shop.test; s=a; h=from:list-unsubscribe:list-unsubscribe-post; b=x'
const ONE_CLICK = 'List-Unsubscribe-Post: List-Unsubscribe=One-Click'

describe('unsubscribing', () => {
  let mail: MailPage
  let web: Server
  let dns: DnsStub
  let status = 202
  const asked: { readonly line: string; readonly body: string; readonly headers: object }[] = []
  beforeAll(async () => {
    const certificate = testCertificate('off.shop.test')
    web = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        asked.push({ line: `${request.method} ${request.url}`, body, headers: request.headers })
        response.writeHead(status, { 'location': '/elsewhere', 'set-cookie': 'who=nora' }).end('thanks')
      })
    })
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    dns = await startDnsServer({ 'off.shop.test': { A: ['127.0.0.1'] } })
    mail = await MailPage.open({
      dns: { servers: [dns.server] },
      relay: { caFile: certificate.caFile },
      privacy: { allowPrivateAddresses: true },
    })
    const link = `List-Unsubscribe: <https://off.shop.test:${(web.address() as AddressInfo).port}/u?id=7>, <mailto:off@shop.test?subject=off%20please>`
    await mail.import(
      { subject: 'By mail', fields: [link, ONE_CLICK] },
      { subject: 'Signed', fields: [SIGNED, link, ONE_CLICK] },
      { subject: 'Letter' },
    )
  }, 60_000)
  afterAll(async () => {
    await mail?.close()
    await dns?.close()
    await new Promise((resolve) => web.close(resolve))
  }, 60_000)

  const reader = () => mail.page.getByRole('main', { name: 'Message' })
  const dialog = () => mail.page.getByRole('dialog')

  test('one click asks the host once, without cookies, and what it answers stays with the message', async () => {
    await expect.poll(() => mail.rows().count()).toBe(3)
    await mail.row('Letter').click()
    await reader().getByText('Who wrote it').waitFor()
    expect(await reader().getByRole('button', { name: 'Unsubscribe' }).count()).toBe(0)
    await mail.row('Signed').click()
    await reader().getByRole('button', { name: 'Unsubscribe', exact: true }).click()
    await dialog().getByText('nobody you trust has checked that').waitFor()
    expect(await barriers(mail.page)).toEqual([])
    expect(asked).toEqual([])
    await dialog().getByRole('button', { name: 'Unsubscribe' }).click()
    await reader()
      .getByText(/to send you no more of this, and agreed/)
      .waitFor()
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ line: 'POST /u?id=7', body: 'List-Unsubscribe=One-Click' })
    expect(Object.keys(asked[0]?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ])
    // A redirect is no answer to go after.
    status = 302
    await reader().getByRole('button', { name: 'Unsubscribe again' }).click()
    await dialog().getByRole('button', { name: 'Unsubscribe' }).click()
    await reader()
      .getByText(/was asked on .* and answered 302/)
      .waitFor()
    expect(asked.map(({ line }) => line)).toEqual(['POST /u?id=7', 'POST /u?id=7'])
  })

  test('the command line tells the same, and asks the same', async () => {
    const listed = await mail.home.json<{ id: number; subject: string }[]>(['list'])
    const id = `${listed.find(({ subject }) => subject === 'Signed')?.id}`
    const said = async (...argv: string[]) => (await mail.home.run(argv)).stdout
    expect(await said('show', id, '--about')).toContain('posthorn unsubscribe, which asks off.shop.test')
    expect(await said('show', id, '--headers')).toContain('List-Unsubscribe-Post: List-Unsubscribe=One-Click')
    expect(await said('show', id, '--parts')).toContain('text/plain')
    expect(await said('show', id, '--part', '')).toContain('List-Unsubscribe-Post')
    status = 200
    const { status: exit, stdout } = await mail.home.run(['unsubscribe', id])
    expect([exit, stdout]).toEqual([0, 'off.shop.test answered 200: it was asked, and agrees.\n'])
    expect(asked).toHaveLength(3)
    status = 500
    expect((await mail.home.run(['unsubscribe', id])).status).toBe(1)
    expect(asked.splice(2)).toHaveLength(2)
  })

  test('without a signature a letter is written, for the person to look at and send', async () => {
    await mail.row('By mail').click()
    await reader().getByRole('button', { name: 'Unsubscribe', exact: true }).click()
    await expect.poll(() => mail.page.getByLabel('Subject').inputValue()).toBe('off please')
    expect(await mail.page.getByText('off@shop.test').count()).toBeGreaterThan(0)
    expect(asked).toHaveLength(2)
    expect(mail.complaints).toEqual([])
  })
})
