import type { Page } from 'playwright-core'

/**
 * How far two pictures may differ: of so many pixels in a hundred, a channel by more than this; and in any one square of so many
 * pixels a side by so many in a hundred, for a button that is gone is little of the whole.
 */
export const TOLERANCE = { percent: 1, channel: 48, square: 32, squarePercent: 35 }

/** How two pictures differ: in how many pixels of a hundred, in all and in the square that differs most. 100 where their sizes do. */
export interface Difference {
  readonly percent: number
  readonly worstSquare: number
  /** Where that square is. */
  readonly x: number
  readonly y: number
}

/** A rectangle of a page, in its pixels. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where what these selectors name stands on a page. */
export function boxesOf(page: Page, selectors: readonly string[]): Promise<Box[]> {
  return page.evaluate(
    (all) =>
      [...document.querySelectorAll(all)].map((one) => {
        const { x, y, width, height } = one.getBoundingClientRect()
        return { x, y, width, height }
      }),
    selectors.join(','),
  )
}

/** Compares two pictures outside of some boxes, decoded by the browser itself. */
export function differenceOf(page: Page, one: Buffer, other: Buffer, without: readonly Box[]): Promise<Difference> {
  return page.evaluate(
    async ([a, b, most, side, boxes]) => {
      const read = async (data: string) => {
        const image = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${data}`)).blob())
        const canvas = new OffscreenCanvas(image.width, image.height)
        const context = canvas.getContext('2d')
        if (context === null) throw new Error('there is no canvas')
        context.drawImage(image, 0, 0)
        // With what colours around it bleed into in a JPEG.
        for (const { x, y, width, height } of boxes) context.fillRect(x - 8, y - 8, width + 16, height + 16)
        return context.getImageData(0, 0, image.width, image.height)
      }
      const [left, right] = [await read(a), await read(b)]
      if (left.width !== right.width || left.height !== right.height)
        return { percent: 100, worstSquare: 100, x: 0, y: 0 }
      const across = Math.ceil(left.width / side)
      const squares = new Map<number, number>()
      let differ = 0
      for (let at = 0; at < left.data.length; at += 4)
        if ([0, 1, 2].some((n) => Math.abs((left.data[at + n] ?? 0) - (right.data[at + n] ?? 0)) > most)) {
          differ += 1
          const pixel = at / 4
          const square =
            Math.floor(Math.floor(pixel / left.width) / side) * across + Math.floor((pixel % left.width) / side)
          squares.set(square, (squares.get(square) ?? 0) + 1)
        }
      const [[square, count] = [0, 0]] = [...squares].toSorted((x, y) => y[1] - x[1])
      return {
        percent: (differ * 400) / left.data.length,
        worstSquare: (count * 100) / (side * side),
        x: (square % across) * side,
        y: Math.floor(square / across) * side,
      }
    },
    [one.toString('base64'), other.toString('base64'), TOLERANCE.channel, TOLERANCE.square, without] as const,
  )
}
