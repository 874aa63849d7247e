import { closeSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { QueueEntryView } from '../../core/rpc/views.ts'
import { Conversation } from '../support/conversation.ts'
import { Home, type Served } from '../support/posthorn.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

const { path: disk, isMounted, remove } = mountSmallDisk()
afterAll(remove)

const filler = join(disk, 'filler')
const spare = join(disk, 'spare')
/** Takes the last byte of the disk. */
function fill(): void {
  const file = openSync(filler, 'a')
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      while (writeSync(file, Buffer.alloc(size)) === size);
    } catch {
      // full for this size; a smaller one may do
    }
  }
  closeSync(file)
}

const accepted = new Set<string>()
let serial = 0
/** Submits one message of so many times 100 KB; `beforeContent` runs when the server has asked for it. Returns the last reply. */
async function submit(smtp: Conversation, times = 1, beforeContent = () => {}): Promise<string> {
  const id = `<${serial++}@home.test>`
  const text = `Message-ID: ${id}\r\nFrom: ada@home.test\r\nSubject: ${serial}\r\n\r\n${`${'x'.repeat(98)}\r\n`.repeat(1000 * times)}`
  for (const command of ['MAIL FROM:<ada@home.test>', 'RCPT TO:<bob@far.test>', 'DATA']) {
    const reply = await smtp.say(`${command}\r\n`)
    if (/^[45]/.test(reply)) return reply
  }
  beforeContent()
  const reply = await smtp.say(`${text}.\r\n`)
  if (reply.startsWith('250')) accepted.add(id)
  return reply
}
async function greet(served: Served): Promise<Conversation> {
  const smtp = await Conversation.open(served.submission.port)
  await smtp.reply()
  await smtp.say('EHLO client.test\r\n')
  return smtp
}

test.skipIf(!isMounted)(
  'a disk that runs full costs no mail that was answered 250, refuses the rest for now, and is survived',
  async () => {
    const home = new Home(
      {
        submission: { port: 0, trustedAddresses: ['127.0.0.1'] },
        local: { domains: ['home.test'] },
        queue: { paused: true },
      },
      disk,
    )
    const stored = async () => {
      const entries = await home.json<QueueEntryView[]>(['queue', 'list'])
      return entries.map(({ messageId }) => messageId).toSorted()
    }
    let served = await home.serve()
    let smtp = await greet(served)
    try {
      writeFileSync(spare, Buffer.alloc(5 << 20))
      // Said in time: the server leaves room, and turns mail away at MAIL before there is none.
      let reply = ''
      for (let n = 0; n < 300 && !reply.startsWith('4'); n++) reply = await submit(smtp)
      expect(reply).toMatch(/^452 4\.3\.1 /)
      expect(accepted.size).toBeGreaterThan(20)
      expect(await stored()).toEqual([...accepted].toSorted())

      // Some room as long as it is asked for, and not a byte when the message comes.
      rmSync(spare)
      smtp.close()
      await served.stop()
      served = await home.serve()
      smtp = await greet(served)
      const before = accepted.size
      const LARGER_THAN_THE_DISK = 200
      expect(await submit(smtp, LARGER_THAN_THE_DISK, fill)).toMatch(/^452 4\.3\.1 /)
      expect(accepted.size).toBe(before)
      expect(await stored()).toEqual([...accepted].toSorted())
      const letter = `Subject: x\n\n${'x'.repeat(98)}\n`.padEnd(20 << 20, 'text\n')
      const kept = await home.sendmail(['-i', '-f', 'ada@home.test', 'bob@far.test'], letter)
      expect(kept).toMatchObject({ status: 75, stderr: expect.stringContaining('the disk is full') })
      expect(await stored()).toEqual([...accepted].toSorted())

      // It ends with not a byte to spare, says what is missing at the next start, starts with next to nothing, and takes
      // mail as soon as there is room.
      smtp.close()
      expect(await served.stop()).toBe(0)
      fill()
      await expect(home.serve()).rejects.toThrow(/ended with 75: posthorn: open the store .*: the disk is full\n$/)
      truncateSync(filler, statSync(filler).size - (256 << 10))
      served = await home.serve()
      smtp = await greet(served)
      expect(await stored()).toEqual([...accepted].toSorted())
      expect(await submit(smtp)).toMatch(/^452 4\.3\.1 /)
      rmSync(filler)
      expect(await submit(smtp)).toMatch(/^250 /)
      expect(await stored()).toEqual([...accepted].toSorted())
    } finally {
      smtp.close()
      await served.stop()
      home.remove()
    }
  },
)
