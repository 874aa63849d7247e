import { decodeContent, exactLength } from './content.ts'
import { givenName, safeName } from './file-name.ts'
import { oneLine } from './one-line.ts'
import { CAPS } from './reading-caps.ts'
import { readStructure, type Part, type Structure } from './structure.ts'
import { readTnef } from './tnef.ts'

/** One part of a message as `posthorn parse` tells it. */
export interface PartNode {
  /** `1.2` is the second part of the first; '' is the message itself. */
  readonly path: string
  readonly type: string
  readonly charset: string | null
  readonly encoding: string | null
  readonly disposition: string | null
  readonly filename: string | null
  readonly contentId: string | null
  /** Where its header and its body begin, and one past its end; null for what is inside an encoded part. */
  readonly headerFrom: number | null
  readonly bodyFrom: number | null
  readonly bodyTo: number | null
  /** Octets of the body when decoded. */
  readonly sizeBytes: number
  readonly children: readonly PartNode[]
}

const WORD = 200

/** The tree of parts, messages within messages and the files in TNEF parts told, too. */
export function readTree(raw: Uint8Array, structure: Structure): PartNode {
  return new Tree().node(raw, structure.root, '', 0, 0)
}

class Tree {
  #left: number = CAPS.parts

  /** `offset`: where `raw` begins in the message; null within what was decoded. */
  node(raw: Uint8Array, part: Part, path: string, offset: number | null, depth: number): PartNode {
    const at = (place: number) => (offset === null ? null : offset + place)
    const charset = part.typeParameters.get('charset') ?? ''
    const name = givenName(part)
    const isLeaf = part.children.length === 0
    return {
      path,
      type: part.type,
      charset: charset === '' ? null : oneLine(charset, WORD),
      encoding: part.encoding === '' ? null : part.encoding.slice(0, WORD),
      disposition: part.disposition === '' ? null : oneLine(part.disposition, WORD),
      filename: name,
      contentId: part.contentId === '' ? null : oneLine(part.contentId, WORD),
      headerFrom: at(part.headerFrom),
      bodyFrom: at(part.bodyFrom),
      bodyTo: at(part.bodyTo),
      sizeBytes: isLeaf ? exactLength(raw, part) : part.bodyTo - part.bodyFrom,
      children: isLeaf ? this.#inside(raw, part, path, offset, depth) : this.#parts(raw, part, path, offset, depth),
    }
  }

  #parts(raw: Uint8Array, part: Part, path: string, offset: number | null, depth: number): PartNode[] {
    const found: PartNode[] = []
    for (const [n, child] of part.children.entries()) {
      if (this.#left-- <= 0) break
      found.push(this.node(raw, child, under(path, n), offset, depth))
    }
    return found
  }

  /** What a leaf holds: a message (RFC 2046 §5.2.1), also one that is encoded although it must not be, or files. */
  #inside(raw: Uint8Array, part: Part, path: string, offset: number | null, depth: number): PartNode[] {
    if (part.bodyTo - part.bodyFrom > CAPS.tnefBytes || this.#left-- <= 0) return []
    if (/^message\/(?:rfc822|global|news)$/.test(part.type) && depth < CAPS.nestedMessages) {
      const isPlain = !/^(?:base64|quoted-printable)$/.test(part.encoding)
      const inner = isPlain ? raw.subarray(part.bodyFrom, part.bodyTo) : decodeContent(raw, part)
      const from = isPlain && offset !== null ? offset + part.bodyFrom : null
      return [this.node(inner, readStructure(inner).root, under(path, 0), from, depth + 1)]
    }
    if (!/^application\/(?:vnd\.)?ms-tnef$/.test(part.type)) return []
    const files = readTnef(decodeContent(raw, part))?.files ?? []
    const none = { charset: null, encoding: null, disposition: null, headerFrom: null, bodyFrom: null, bodyTo: null }
    return files.map((file, n) => ({
      ...none,
      path: under(path, n),
      type: file.type,
      filename: file.name,
      contentId: file.contentId || null,
      sizeBytes: file.bytes.length,
      children: [],
    }))
  }
}

/**
 * The decoded bytes of the part that has this path in the tree, and how to name it; undefined where the tree has none. Of a multipart and
 * of the message itself ('') these are the octets as they came, header and all.
 */
export function readPartAt(
  raw: Uint8Array,
  path: string,
): { readonly filename: string; readonly contentType: string; readonly bytes: Uint8Array } | undefined {
  let bytes = raw
  let part = readStructure(raw).root
  const steps = path === '' ? [] : path.split('.').map(Number)
  for (const [depth, step] of steps.entries()) {
    const child = part.children[step - 1]
    if (child !== undefined) part = child
    else if (/^message\/(?:rfc822|global|news)$/.test(part.type) && step === 1) {
      bytes = decodeContent(bytes, part)
      part = readStructure(bytes).root
    } else if (/^application\/(?:vnd\.)?ms-tnef$/.test(part.type) && depth === steps.length - 1) {
      const file = readTnef(decodeContent(bytes, part))?.files[step - 1]
      return file && { filename: safeName(file.name, file.type, step - 1), contentType: file.type, bytes: file.bytes }
    } else return undefined
  }
  const isLeaf = part.children.length === 0 && path !== ''
  return {
    filename: safeName(givenName(part), part.type, Math.max(0, (steps.at(-1) ?? 1) - 1)),
    contentType: part.type,
    bytes: isLeaf ? decodeContent(bytes, part) : bytes.subarray(part.headerFrom, part.bodyTo),
  }
}

const under = (path: string, n: number) => (path === '' ? `${n + 1}` : `${path}.${n + 1}`)

/** The tree as lines for people, each part with what is known of it. */
export function formatTree(node: PartNode, depth = 0): string[] {
  const facts = [
    node.charset === null ? '' : `charset ${node.charset}`,
    node.encoding ?? '',
    node.disposition ?? '',
    node.filename === null ? '' : `"${oneLine(node.filename, WORD)}"`,
    node.contentId === null ? '' : `<${node.contentId}>`,
    `${node.sizeBytes} bytes`,
    node.bodyFrom === null ? 'inside' : `header at ${node.headerFrom}, body ${node.bodyFrom}–${node.bodyTo}`,
  ].filter((fact) => fact !== '')
  const line = `${'  '.repeat(depth)}${node.path === '' ? '' : `${node.path} `}${oneLine(node.type, WORD)}  ${facts.join(', ')}`
  return [line, ...node.children.flatMap((child) => formatTree(child, depth + 1))]
}
