/** Below this it is made no smaller. */
const LEAST_PLACES = 64
/** Of its places so many are taken at most: beyond that, one is looked for long. */
const MOST_TAKEN = 0.75
const LEAST_TAKEN = 0.15

/**
 * Numbers by id, in a third of the memory of a `Map`, for as many ids as a queue may hold. Ids are whole numbers from 1 on, and so are
 * their numbers, up to 2³² − 1; 0 stands for none.
 */
export class IdTable {
  /** A power of two of places; 0 marks a free one. Who finds its place taken stands in the next that is free. */
  #ids = new Float64Array(LEAST_PLACES)
  #numbers = new Uint32Array(LEAST_PLACES)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): number {
    return this.#numbers[this.#placeOf(id)] as number
  }

  set(id: number, number: number): void {
    const place = this.#placeOf(id)
    if (this.#ids[place] === 0) {
      this.#ids[place] = id
      this.#size++
    }
    this.#numbers[place] = number
    if (this.#size > this.#ids.length * MOST_TAKEN) this.#resize(this.#ids.length * 2)
  }

  delete(id: number): void {
    const place = this.#placeOf(id)
    if (this.#ids[place] === 0) return
    this.#clear(place)
    this.#size--
    const places = this.#ids.length
    if (places > LEAST_PLACES && this.#size < places * LEAST_TAKEN) this.#resize(places / 2)
  }

  /** Where the id stands, or would stand. */
  #placeOf(id: number): number {
    const last = this.#ids.length - 1
    let place = this.#home(id)
    while (this.#ids[place] !== 0 && this.#ids[place] !== id) place = (place + 1) & last
    return place
  }

  /** Ids that count up would all stand in one row; multiplied, they are spread (Knuth, The Art of Computer Programming 6.4). */
  #home(id: number): number {
    const low = Math.imul(id % 0x1_0000_0000, 0x9e37_79b1)
    const high = Math.imul(Math.floor(id / 0x1_0000_0000), 0x85eb_ca6b)
    return ((low ^ high ^ (low >>> 15)) >>> 0) & (this.#ids.length - 1)
  }

  /** Frees a place, and moves up those behind it that stand there only because it was taken. */
  #clear(place: number): void {
    const last = this.#ids.length - 1
    let free = place
    for (let next = (place + 1) & last; this.#ids[next] !== 0; next = (next + 1) & last) {
      const home = this.#home(this.#ids[next] as number)
      if (((next - home) & last) < ((next - free) & last)) continue
      this.#ids[free] = this.#ids[next] as number
      this.#numbers[free] = this.#numbers[next] as number
      free = next
    }
    this.#ids[free] = 0
    this.#numbers[free] = 0
  }

  #resize(places: number): void {
    const [ids, numbers] = [this.#ids, this.#numbers]
    this.#ids = new Float64Array(places)
    this.#numbers = new Uint32Array(places)
    for (let n = 0; n < ids.length; n++) {
      const id = ids[n] as number
      if (id === 0) continue
      const place = this.#placeOf(id)
      this.#ids[place] = id
      this.#numbers[place] = numbers[n] as number
    }
  }
}
