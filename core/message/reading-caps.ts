/**
 * How far the reader goes into mail that was made to have no end. Every bound on reading stands here. What is past one is
 * left out of what is shown, and a note says so; the message itself is stored whole.
 */
export const CAPS = {
  /** Multiparts within one another. */
  depth: 100,
  /** Parts of one message, all levels together. */
  parts: 10_000,
  /** Messages within one another that a part tree goes into. */
  nestedMessages: 20,
  /** Of one header block; past it only the fields that are shown are looked for. */
  headerBytes: 100 * 1024,
  /** Of one field in a header block that is longer than that. */
  fieldBytes: 64 * 1024,
  /** RFC 2046 §5.1.1 allows 70. */
  boundaryBytes: 2048,
  /** Parameters of one field, the pieces of continued ones counted (RFC 2231 §3). */
  parameters: 100,
  /** Encoded words of one value that are read as such (RFC 2047). */
  encodedWords: 5000,
  addresses: 2000,
  /** Message-IDs of References; the newest stay. */
  references: 100,
  /** Addressees and attachments that are noted of a message for lists and search. */
  listed: 100,
  /** Characters of the text that are shown; the HTML has as many. */
  textCharacters: 4 * 1024 * 1024,
  /** Encoded octets of one text part that are decoded to be shown. */
  textBytes: 16 * 1024 * 1024,
  /** Characters of the text that search knows. */
  indexedCharacters: 1024 * 1024,
  /** Encoded octets of a TNEF part (winmail.dat); a larger one stays a file. */
  tnefBytes: 64 * 1024 * 1024,
  /** Files in one TNEF part, and messages within messages there. */
  tnefFiles: 1000,
  tnefDepth: 5,
  /** MAPI properties of one list, and all octets that compressed RTF may become. */
  tnefProperties: 10_000,
  rtfBytes: 8 * 1024 * 1024,
  /** Groups within one another in RTF. */
  rtfDepth: 200,
  /** One picture put into the HTML in place of its link, and all of them, each use counted. */
  imageBytes: 1024 * 1024,
  imagesBytes: 5 * 1024 * 1024,
  /** Of a delivery report: its facts, one field of them, and recipients; a message of ours has no more of those. */
  reportBytes: 512 * 1024,
  reportRecipients: 1000,
  reportField: 2000,
  /** Characters of a subject, of a line of addressees, of a name, an address and what brackets around one may hold. */
  subject: 2000,
  addressees: 2000,
  name: 500,
  address: 1000,
  angle: 2000,
  /** Files written into the text by uuencode. */
  inlineFiles: 1000,
  /** Notes on one message. */
  notes: 100,
} as const
