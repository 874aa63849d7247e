/** Mail that was made to have no end: each kind at any size, and what a reader has to say of it. */
export interface HostileMessage {
  readonly name: string
  /** The message, of about so many octets. */
  readonly make: (sizeBytes: number) => Buffer
  /** What is said to be left out; null where all of it is shown. */
  readonly note: RegExp | null
}

const HEAD =
  'From: Ada <ada@home.example>\r\nTo: bob@far.example\r\nSubject: endless\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\nMessage-ID: <endless@home.example>\r\nMIME-Version: 1.0\r\n'
const mail = (rest: string | Buffer, head = HEAD) =>
  Buffer.concat([Buffer.from(head, 'latin1'), typeof rest === 'string' ? Buffer.from(rest, 'latin1') : rest])
/** A text as often as it takes, whole each time; made by the buffer, for strings have an end. */
const filled = (sizeBytes: number, text: string) =>
  Buffer.alloc(Math.ceil(sizeBytes / text.length) * text.length, text, 'latin1')
const around = (before: string, middle: Buffer, after = '') =>
  Buffer.concat([Buffer.from(before, 'latin1'), middle, Buffer.from(after, 'latin1')])
/** Lines that are all different, written where they stay: as strings they would take more room than the message. */
const lines = (sizeBytes: number, line: (n: number) => string) => {
  const out = Buffer.alloc(sizeBytes + 2000)
  let length = 0
  for (let n = 0; length < sizeBytes; n++) length += out.write(line(n), length, 'latin1')
  return out.subarray(0, length)
}
/** Lines of base64, some at a time. */
const base64 = (bytes: Buffer) => {
  const out: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 57 * 1000)
    out.push(
      Buffer.from(
        bytes
          .subarray(at, at + 57 * 1000)
          .toString('base64')
          .replaceAll(/.{1,76}/g, '$&\r\n'),
      ),
    )
  return Buffer.concat(out)
}
/** A message with one part in an encoding. */
const coded = (type: string, encoding: string, body: string | Buffer) =>
  mail(
    Buffer.concat([
      Buffer.from(`Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`),
      typeof body === 'string' ? Buffer.from(body, 'latin1') : body,
    ]),
  )

/** One TNEF attribute: level, id, length, octets, checksum. */
function attribute(level: number, id: number, data: Buffer, length = data.length): Buffer {
  const head = Buffer.alloc(9)
  head.writeUInt8(level, 0)
  head.writeUInt32LE(id, 1)
  head.writeUInt32LE(length, 5)
  return Buffer.concat([head, data, Buffer.alloc(2)])
}
const TNEF = Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0])
const RENDERING = attribute(2, 0x00069002, Buffer.alloc(14))
const properties = (type: number, id: number, value: Buffer) => {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(1, 0)
  head.writeUInt16LE(type, 4)
  head.writeUInt16LE(id, 6)
  head.writeUInt32LE(1, 8)
  head.writeUInt32LE(value.length, 12)
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
}
/** TNEF in TNEF, each level an attachment of the one around it. */
function tnefInTnef(levels: number): Buffer {
  const iid = Buffer.from('0703020000000000c000000000000046', 'hex')
  let inner = TNEF
  for (let n = 0; n < levels; n++)
    inner = Buffer.concat([
      TNEF,
      RENDERING,
      attribute(2, 0x00069005, properties(0x0d, 0x3701, Buffer.concat([iid, inner]))),
    ])
  return inner
}
/** Compressed RTF in which every two octets stand for seventeen. */
function swollenRtf(sizeBytes: number): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(0xffffffff, 4)
  head.write('LZFu', 8, 'latin1')
  // Control octet of eight references, each to the start of the dictionary.
  return Buffer.concat([head, filled(sizeBytes, '\xff' + '\x00\x0f'.repeat(8))])
}

export const HOSTILE: readonly HostileMessage[] = [
  {
    name: 'a header of one endless field',
    note: /a header block of \d+ bytes was cut to 102400/,
    make: (size) => mail(around('X-Long: ', filled(size, 'a'), '\r\n\r\nbody\r\n')),
  },
  {
    name: 'a header of endless short fields',
    note: /header block .* was cut/,
    make: (size) => mail(around('', filled(size, 'X: y\r\n'), 'X: y\r\n\r\nbody\r\n')),
  },
  {
    name: 'a header of endless folds',
    note: /header block .* was cut/,
    make: (size) => mail(around('X-Folded: a\r\n', filled(size, ' b\r\n'), ' c\r\n\r\nbody\r\n')),
  },
  { name: 'a header without end', note: null, make: (size) => mail(filled(size, 'this is no field\r\n')) },
  {
    name: 'a Subject without end, and what comes after it',
    note: /header block .* was cut/,
    make: (size) =>
      mail(
        around('Subject: ', filled(size, '=?utf-8?q?=C3=A4?= '), `\r\n${HEAD.slice(HEAD.indexOf('Date'))}\r\nbody\r\n`),
        'From: ada@home.example\r\nTo: bob@far.example\r\n',
      ),
  },
  {
    name: 'addressees by the million',
    note: /only the first 2000 addresses of to are shown/,
    make: (size) =>
      around(
        'From: ada@home.example\r\nTo: ',
        lines(size, (n) => `u${n}@x.example,\r\n `),
        'bob@far.example\r\nSubject: endless\r\nDate: Mon, 1 Jun 2026 10:00:00 +0000\r\n\r\nbody\r\n',
      ),
  },
  {
    name: 'Message-IDs by the hundred thousand',
    note: /header block .* was cut/,
    make: (size) =>
      mail(
        around(
          'References: <first@x.example>\r\n',
          lines(size, (n) => ` <${n}@x.example>\r\n`),
          '\r\nbody\r\n',
        ),
      ),
  },
  {
    name: 'brackets that open and never close',
    note: /header block .* was cut/,
    make: (size) => mail(around('Cc: ', filled(size, '<a, "b (c '), '\r\n\r\nbody\r\n')),
  },
  {
    name: 'parts within parts',
    note: /parts deeper than 100 levels were not read/,
    make: (size) =>
      mail(
        Buffer.concat([
          lines(size, (n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`),
          Buffer.from('\r\nbody\r\n'),
        ]),
      ),
  },
  {
    name: 'tiny parts by the million',
    note: /only the first 10000 parts were read/,
    make: (size) =>
      mail(
        around('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n', filled(size, '--b\r\n\r\n\r\n')),
      ),
  },
  {
    name: 'parts of every level, each closed',
    note: /only the first 10000 parts were read/,
    make: (size) =>
      mail(
        around(
          'Content-Type: multipart/mixed; boundary=a\r\n\r\n',
          filled(size, '--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\r\n--b--\r\n'),
        ),
      ),
  },
  {
    name: 'messages within messages',
    note: null,
    make: (size) =>
      mail(Buffer.concat([lines(size, () => 'Content-Type: message/rfc822\r\n\r\n'), Buffer.from('\r\nbody\r\n')])),
  },
  {
    name: 'lines that are nearly delimiters',
    note: null,
    make: (size) =>
      mail(
        around(
          `Content-Type: multipart/mixed; boundary=${'b'.repeat(2000)}\r\n\r\n--${'b'.repeat(2000)}\r\n\r\nbody\r\n`,
          filled(size, `--${'b'.repeat(1999)}\r\n`),
        ),
      ),
  },
  {
    name: 'parameters by the thousand',
    note: null,
    make: (size) =>
      mail(
        Buffer.concat([
          Buffer.from('Content-Type: text/plain'),
          lines(Math.min(size, 90_000), (n) => `;\r\n p${n}=1`),
          Buffer.from('\r\n\r\nbody\r\n'),
        ]),
      ),
  },
  {
    name: 'a name continued by the thousand (RFC 2231)',
    note: null,
    make: (size) =>
      mail(
        Buffer.concat([
          Buffer.from('Content-Disposition: attachment'),
          lines(Math.min(size, 90_000), (n) => `;\r\n filename*${n}*=%C3`),
          Buffer.from('\r\n\r\nbody\r\n'),
        ]),
      ),
  },
  { name: 'one line without end', note: null, make: (size) => mail(around('\r\n', filled(size, 'long '))) },
  { name: 'nothing but dots', note: null, make: (size) => mail(around('\r\n', filled(size, '.\r\n'))) },
  { name: 'NUL octets', note: null, make: (size) => mail(around('\r\n', filled(size, '\0'))) },
  {
    name: 'base64 of quoted-printable of base64',
    note: null,
    make: (size) => coded('application/octet-stream; name=a', 'base64', base64(filled(size / 2, '=3D=0A'))),
  },
  {
    name: 'quoted-printable in which every sign is one',
    note: null,
    make: (size) => coded('text/plain; charset=utf-8', 'quoted-printable', filled(size, '=3D')),
  },
  {
    name: 'spaces before no end of a line',
    note: null,
    make: (size) => coded('text/plain', 'quoted-printable', around('', filled(size, ' '), 'x')),
  },
  {
    name: 'base64 padded after each letter',
    note: null,
    make: (size) => coded('application/octet-stream; name=a', 'base64', filled(size, 'QQ==')),
  },
  {
    name: 'HTML of nothing but beginnings',
    note: null,
    make: (size) => coded('text/html', '7bit', filled(size, '<blockquote><a <!-- &#1')),
  },
  {
    name: 'a picture named without end',
    note: null,
    make: (size) =>
      mail(
        around(
          'Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n',
          filled(size, '<img src=cid:a>'),
          `\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.alloc(90_000).toString('base64')}\r\n--b--\r\n`,
        ),
      ),
  },
  {
    name: 'flowed lines of endless depth',
    note: null,
    make: (size) => coded('text/plain; format=flowed', '7bit', around('', filled(size, '>'), ' \r\n')),
  },
  {
    name: 'shifts of ISO-2022-JP without letters',
    note: null,
    make: (size) => coded('text/plain; charset=iso-2022-jp', '7bit', filled(size, '\x1b$B\x1b(B')),
  },
  {
    name: 'UTF-7 that never shifts back',
    note: null,
    make: (size) => coded('text/plain; charset=utf-7', '7bit', filled(size, '+A')),
  },
  {
    name: 'uuencoded files that begin and never end',
    note: null,
    make: (size) => coded('text/plain', '7bit', filled(size, 'begin 644 a\r\n#86)C\r\n')),
  },
  {
    name: 'uuencoded files by the million',
    note: null,
    make: (size) => coded('text/plain', '7bit', filled(size, 'begin 644 a\r\n#86)C\r\n`\r\nend\r\n')),
  },
  {
    name: 'TNEF of files by the million',
    note: /TNEF/,
    make: (size) =>
      coded(
        'application/ms-tnef; name=winmail.dat',
        'base64',
        base64(
          Buffer.concat([
            TNEF,
            Buffer.alloc(
              Math.floor((size * 3) / 4),
              Buffer.concat([RENDERING, attribute(2, 0x0006800f, Buffer.alloc(0))]),
            ),
          ]),
        ),
      ),
  },
  {
    name: 'TNEF within TNEF',
    note: null,
    make: (size) =>
      coded(
        'application/ms-tnef; name=winmail.dat',
        'base64',
        base64(tnefInTnef(Math.min(1000, Math.ceil(size / 2000)))),
      ),
  },
  {
    name: 'TNEF that says it is longer than it is',
    note: /TNEF part is not whole/,
    make: (size) =>
      coded(
        'application/ms-tnef; name=winmail.dat',
        'base64',
        base64(
          Buffer.concat([TNEF, RENDERING, attribute(2, 0x0006800f, filled(Math.min(size, 1 << 20), 'x'), 0xfffffff0)]),
        ),
      ),
  },
  {
    name: 'TNEF of properties that say they are many',
    note: null,
    make: (size) =>
      coded(
        'application/ms-tnef; name=winmail.dat',
        'base64',
        base64(
          Buffer.concat([
            TNEF,
            attribute(
              1,
              0x00069003,
              Buffer.concat([Buffer.alloc(4, 0xff), filled(size / 2, '\x03\x00\x00\x10\x00\x00\x00\x00')]),
            ),
          ]),
        ),
      ),
  },
  {
    name: 'TNEF of RTF that swells',
    note: null,
    make: (size) =>
      coded(
        'application/ms-tnef; name=winmail.dat',
        'base64',
        base64(Buffer.concat([TNEF, attribute(1, 0x00069003, properties(0x0102, 0x1009, swollenRtf(size / 2)))])),
      ),
  },
]
