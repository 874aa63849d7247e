import type { Page } from 'playwright-core'

/** How far two pictures may differ: of so many pixels in a hundred, a channel by more than this. */
export const TOLERANCE = { percent: 1, channel: 48 }

/** Of how many pixels in a hundred two pictures differ; 100 where their sizes do. Decoded by the browser itself. */
export function differenceOf(page: Page, one: Buffer, other: Buffer): Promise<number> {
  return page.evaluate(
    async ([a, b, most]) => {
      const read = async (data: string) => {
        const image = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${data}`)).blob())
        const canvas = new OffscreenCanvas(image.width, image.height)
        const context = canvas.getContext('2d')
        if (context === null) throw new Error('there is no canvas')
        context.drawImage(image, 0, 0)
        return context.getImageData(0, 0, image.width, image.height)
      }
      const [left, right] = [await read(a), await read(b)]
      if (left.width !== right.width || left.height !== right.height) return 100
      let differ = 0
      for (let at = 0; at < left.data.length; at += 4)
        if ([0, 1, 2].some((n) => Math.abs((left.data[at + n] ?? 0) - (right.data[at + n] ?? 0)) > most)) differ += 1
      return (differ * 400) / left.data.length
    },
    [one.toString('base64'), other.toString('base64'), TOLERANCE.channel] as const,
  )
}
