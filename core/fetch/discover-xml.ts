/** One element: its name, attributes, the text directly in it, and the elements in it. */
export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly text: string
  readonly elements: readonly XmlElement[]
}

const DEEPEST = 16
const MOST_ELEMENTS = 5000
const MOST_ATTRIBUTES = 50
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** Names as XML 1.0 has them, less what no configuration uses: an ASCII start, no control or space. */
const NAME = /[A-Za-z_:][\w:.\-\u00b7-\u{effff}]*/uy
const SPACE = /[ \t\n]*/y
/** XMLDecl of XML 1.0 §2.8; what the third group has is the encoding. */
const DECLARATION =
  /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(["'])[\w.:-]+\1(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(["'])([A-Za-z][\w.-]*)\2)?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(["'])(?:yes|no)\4)?[ \t\n]*\?>$/
/** Char of XML 1.0 §2.2, less what no text holds; a lone half of a pair is none. */
// eslint-disable-next-line no-control-regex -- just these are what is looked for
const NOT_CHAR = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Cs}]/u

/** Why a text is no XML that is read here. */
class NotXml extends Error {}

/**
 * Reads a small XML document, or says in words why it can't be. There are no document types, and so no entities but the five of XML
 * itself: nothing grows by being read, and nothing outside is asked for. Whatever does not nest or end is refused as a whole.
 */
export function parseXml(text: string): XmlElement | string {
  try {
    return new Reader(text.replaceAll(/\r\n?/g, '\n')).document()
  } catch (error) {
    if (error instanceof NotXml) return error.message
    throw error
  }
}

interface Open {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  text: string
  readonly elements: XmlElement[]
}

class Reader {
  readonly #text: string
  #at = 0
  #count = 0

  constructor(text: string) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text
    if (NOT_CHAR.test(this.#text)) throw new NotXml('it holds characters that are none of XML')
  }

  document(): XmlElement {
    this.#prolog()
    this.#misc()
    if (this.#text[this.#at] !== '<') throw this.#fail('it does not begin with an element')
    const root = this.#element()
    this.#misc()
    if (this.#at < this.#text.length) throw this.#fail('something follows its end')
    return root
  }

  #fail(why: string): NotXml {
    return new NotXml(`${why}, at character ${this.#at}`)
  }

  #starts(what: string): boolean {
    return this.#text.startsWith(what, this.#at)
  }

  #space(): boolean {
    SPACE.lastIndex = this.#at
    SPACE.test(this.#text)
    const found = SPACE.lastIndex > this.#at
    this.#at = SPACE.lastIndex
    return found
  }

  #name(): string {
    NAME.lastIndex = this.#at
    const name = NAME.exec(this.#text)?.[0]
    if (name === undefined) throw this.#fail('a name is missing')
    this.#at += name.length
    return name
  }

  /** What stands up to `end`, which is passed. */
  #until(end: string, what: string): string {
    const to = this.#text.indexOf(end, this.#at)
    if (to < 0) throw this.#fail(`${what} has no end`)
    const found = this.#text.slice(this.#at, to)
    this.#at = to + end.length
    return found
  }

  #prolog(): void {
    if (!/^<\?xml[ \t\n]/.test(this.#text)) return
    const encoding = DECLARATION.exec(`${this.#until('?>', 'its declaration')}?>`)
    if (encoding === null) throw this.#fail('its declaration is none')
    if (encoding[3] !== undefined && !/^(?:utf-8|us-ascii)$/i.test(encoding[3]))
      throw this.#fail('it is not in UTF-8, as it says itself')
  }

  /** Comments, instructions and space outside the root. */
  #misc(): void {
    for (;;) {
      this.#space()
      if (this.#starts('<!DOCTYPE')) throw this.#fail('it has a document type, which is not read')
      if (!this.#comment() && !this.#instruction()) return
    }
  }

  #comment(): boolean {
    if (!this.#starts('<!--')) return false
    this.#at += 4
    const said = this.#until('-->', 'a comment')
    if (said.includes('--') || said.endsWith('-')) throw this.#fail('a comment holds --')
    return true
  }

  #instruction(): boolean {
    if (!this.#starts('<?')) return false
    this.#at += 2
    const target = this.#name()
    if (/^xml$/i.test(target)) throw this.#fail('a declaration stands where none may')
    if (!this.#starts('?>') && !/[ \t\n]/.test(this.#text[this.#at] ?? ''))
      throw this.#fail('an instruction has no end')
    this.#until('?>', 'an instruction')
    return true
  }

  /** One element with all that is in it, without recursion: depth costs no stack. */
  #element(): XmlElement {
    const open: Open[] = []
    for (;;) {
      if (this.#starts('</')) {
        this.#at += 2
        const name = this.#name()
        this.#space()
        if (this.#text[this.#at] !== '>') throw this.#fail(`</${name.slice(0, 50)} has no end`)
        this.#at++
        const closed = open.pop()
        if (closed?.name !== name) throw this.#fail(`</${name.slice(0, 50)}> closes nothing that is open`)
        const parent = open.at(-1)
        if (parent === undefined) return closed
        parent.elements.push(closed)
      } else if (this.#text[this.#at] === '<' && !/^<[!?]/.test(this.#text.slice(this.#at, this.#at + 2))) {
        const begun = this.#begin()
        if (begun.isEmpty) {
          const parent = open.at(-1)
          if (parent === undefined) return begun.element
          parent.elements.push(begun.element)
        } else {
          open.push(begun.element)
          if (open.length > DEEPEST) throw this.#fail(`it nests deeper than ${DEEPEST}`)
        }
      } else {
        const inside = open.at(-1)
        if (inside === undefined) throw this.#fail('it has no element')
        this.#content(inside)
      }
    }
  }

  #begin(): { readonly element: Open; readonly isEmpty: boolean } {
    if (++this.#count > MOST_ELEMENTS) throw this.#fail(`it has more than ${MOST_ELEMENTS} elements`)
    this.#at++
    const name = this.#name()
    const attributes = new Map<string, string>()
    for (;;) {
      const hasSpace = this.#space()
      const isEmpty = this.#starts('/>')
      if (isEmpty || this.#text[this.#at] === '>') {
        this.#at += isEmpty ? 2 : 1
        return { element: { name, attributes, text: '', elements: [] }, isEmpty }
      }
      if (!hasSpace) throw this.#fail('attributes are not apart')
      const [key, value] = this.#attribute()
      if (attributes.has(key)) throw this.#fail(`the attribute ${key.slice(0, 50)} is there twice`)
      attributes.set(key, value)
      if (attributes.size > MOST_ATTRIBUTES) throw this.#fail('an element has too many attributes')
    }
  }

  #attribute(): [string, string] {
    const key = this.#name()
    this.#space()
    if (this.#text[this.#at] !== '=') throw this.#fail('an attribute has no value')
    this.#at++
    this.#space()
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'") throw this.#fail('a value has no quotes')
    this.#at++
    const said = this.#until(quote, 'a value')
    if (said.includes('<')) throw this.#fail('a value holds <')
    return [key, this.#expand(said.replaceAll(/[\t\n]/g, ' '))]
  }

  /** Text, a CDATA section, a comment or an instruction. */
  #content(inside: Open): void {
    if (this.#starts('<![CDATA[')) {
      this.#at += 9
      inside.text += this.#until(']]>', 'a CDATA section')
    } else if (this.#text[this.#at] === '<') {
      if (!this.#comment() && !this.#instruction()) throw this.#fail('a declaration stands where none may')
    } else {
      const to = this.#text.indexOf('<', this.#at)
      if (to < 0) throw this.#fail(`<${inside.name.slice(0, 50)}> has no end`)
      const said = this.#text.slice(this.#at, to)
      if (said.includes(']]>')) throw this.#fail('text holds ]]>')
      inside.text += this.#expand(said)
      this.#at = to
    }
  }

  #expand(said: string): string {
    return said.replaceAll(/&([^;&]{0,20};?)/g, (_, reference: string) => {
      const [, hex, decimal, name] = /^(?:#x([\da-fA-F]{1,6})|#(\d{1,7})|(\w+));$/.exec(reference) ?? []
      if (name !== undefined && Object.hasOwn(NAMED, name)) return NAMED[name] ?? ''
      const code = hex === undefined ? (decimal === undefined ? -1 : Number(decimal)) : Number.parseInt(hex, 16)
      const isKnown = code > 0 && code <= 0x10_ffff && !NOT_CHAR.test(String.fromCodePoint(code))
      if (isKnown) return String.fromCodePoint(code)
      throw this.#fail(`&${reference.slice(0, 20)} is none of the entities of XML itself`)
    })
  }
}
