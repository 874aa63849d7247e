import { expect, test } from 'vitest'
import { ByteHandles } from '../base/byte-handles.ts'
import { systemClock } from '../base/clock.ts'
import { imagesIn, remoteImage } from './remote-image.ts'

const HTML = `<img src="https://a.example/one.png?x=1&amp;y=2"><IMG SRC='https://a.example/two.png'><img src=https://a.example/3>`

test.each(['https://a.example/one.png?x=1&y=2', 'https://a.example/two.png', 'https://a.example/3'])(
  '%s stands in the message and is fetched',
  async (url) => {
    const handles = new ByteHandles(systemClock)
    const asked: string[] = []
    const fetchImage = async (wanted: string) => {
      asked.push(wanted)
      return { ok: true as const, contentType: 'image/png', bytes: Buffer.from('bytes') }
    }
    const handle = await remoteImage({ handles, fetchImage }, imagesIn(HTML), url, undefined)
    expect(asked).toEqual([url])
    const source = handles.open(handle)
    expect(source).toMatchObject({ contentType: 'image/png', sizeBytes: 5 })
    const chunks: Uint8Array[] = []
    for await (const chunk of source!.bytes()) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('bytes')
  },
)

test.each(['https://a.example/one.png', 'https://else.example/', ''])(
  'what the message does not name (%s) is asked of nobody',
  async (url) => {
    const fetchImage = () => Promise.reject(new Error('it was asked'))
    const handles = new ByteHandles(systemClock)
    await expect(remoteImage({ handles, fetchImage }, imagesIn(HTML), url, undefined)).rejects.toMatchObject({
      code: 'fetch.failed',
    })
    await expect(remoteImage({ handles, fetchImage }, imagesIn(null), url, undefined)).rejects.toMatchObject({
      code: 'fetch.failed',
    })
  },
)

test('why a picture can not be had is said in words', async () => {
  const fetchImage = async () => ({ ok: false as const, reason: 'a.example answers 404.' })
  await expect(
    remoteImage(
      { handles: new ByteHandles(systemClock), fetchImage },
      imagesIn(HTML),
      'https://a.example/3',
      undefined,
    ),
  ).rejects.toThrow('load a picture of the message: a.example answers 404.')
})
