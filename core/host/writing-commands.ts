import type { DraftContent } from '../rpc/views.ts'
import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, harmlessLines, size, table, time } from './print.ts'

const LONGEST_TEXT = 1024 * 1024

/** Plain text from standard input. Throws `usage` for more than a message's worth. */
async function textFrom(context: Context): Promise<string> {
  const parts: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of context.io.stdin) {
    parts.push(Buffer.from(chunk))
    sizeBytes += chunk.length
    if (sizeBytes > LONGEST_TEXT) throw usage(`the text on standard input is longer than ${LONGEST_TEXT} bytes`)
  }
  return Buffer.concat(parts).toString().replaceAll(/\r\n?/g, '\n').trimEnd()
}

const blank: DraftContent = {
  identityId: null,
  to: '',
  cc: '',
  bcc: '',
  subject: '',
  text: '',
  inReplyTo: '',
  references: '',
  attachments: [],
}

async function templateOf(api: Api, name: string) {
  const found = (await api.compose.templates.list()).find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (found === undefined) throw usage(`there is no template "${name}"; posthorn template list`)
  return found
}

/** Messages to begin others with. */
export const template: Command = {
  options: { '--subject': 'value', '--to': 'value' },
  async run(context) {
    const { api, args, show } = context
    const [what, name] = args.words
    if (what === 'add' && name !== undefined) {
      const content = {
        ...blank,
        to: args.value('--to') ?? '',
        subject: args.value('--subject') ?? '',
        text: await textFrom(context),
      }
      const saved = await api.compose.templates.save({ id: null, name, content })
      await show(saved, () => `Template ${saved.id}: ${harmless(saved.name)}\n`)
      return EXIT.ok
    }
    if (what === 'show' && name !== undefined) {
      const found = await templateOf(api, name)
      const { to, subject, text } = found.content
      const head = [...(to === '' ? [] : [`To: ${harmless(to)}`]), `Subject: ${harmless(subject)}`]
      await show(found, () => `${head.join('\n')}\n\n${harmlessLines(text)}\n`)
      return EXIT.ok
    }
    if (what === 'remove' && name !== undefined) {
      const { id } = await templateOf(api, name)
      await api.compose.templates.remove({ id })
      await show({ id }, () => `The template "${harmless(name)}" is gone.\n`)
      return EXIT.ok
    }
    if (what !== 'list') throw usage('template list, add NAME [--subject S] [--to A,B], show NAME, or remove NAME')
    const templates = await api.compose.templates.list()
    await show(
      templates,
      () =>
        table(
          ['NAME', 'SUBJECT', 'CHANGED'],
          templates.map((one) => [one.name, one.content.subject, time(one.changedMs)]),
        ) || 'No templates yet: posthorn template add NAME, with its text on standard input\n',
    )
    return EXIT.ok
  },
}

/** The id of the identity of an address. Throws `usage`. */
async function identityId(api: Api, address: string | undefined): Promise<number | null> {
  if (address === undefined) return null
  const found = (await api.identity.list()).find((one) => one.address.toLowerCase() === address.toLowerCase())
  if (found === undefined) throw usage(`there is no identity "${address}"; posthorn identity list`)
  return found.id
}

/** Sends a stored message on as it is. */
export const redirect: Command = {
  options: { '--from': 'value' },
  async run({ api, args, show }) {
    const [message, ...to] = args.words
    if (to.length === 0) throw usage('redirect MESSAGE ADDRESS … [--from ADDRESS]')
    const { entryId } = await api.compose.redirect({
      messageId: idOf(message, 'redirect'),
      identityId: await identityId(api, args.value('--from')),
      to: to.join(', '),
    })
    await show({ entryId }, () => `Queue entry ${entryId}\n`)
    return EXIT.ok
  },
}

/** A request for a read receipt, and the answer to it. */
export const receipt: Command = {
  options: { '--send': 'flag', '--decline': 'flag' },
  async run({ api, args, show }) {
    const [message, ...more] = args.words
    const [send, decline] = [args.has('--send'), args.has('--decline')]
    if (message === undefined || more.length > 0 || (send && decline)) throw usage('receipt MESSAGE [--send|--decline]')
    const messageId = idOf(message, 'receipt')
    const view =
      send || decline
        ? await api.compose.receipt.answer({ messageId, send })
        : await api.compose.receipt.get({ messageId })
    await show(view, () => {
      const names = harmless(view.to.join(', '))
      if (view.to.length === 0) return 'Nobody asks for a receipt.\n'
      if (view.answer === 'sent') return `A receipt went to ${names}.\n`
      return view.answer === 'declined' ? `No receipt goes to ${names}.\n` : `${names} asks for a receipt.\n`
    })
    return EXIT.ok
  },
}

const FOUND: Readonly<Record<string, (about: readonly string[]) => string>> = {
  'no-text': () => 'there is nothing in it',
  'no-domain': (about) => `no such domain: ${about.join(', ')}`,
  'null-mx': (about) => `takes no mail (null MX): ${about.join(', ')}`,
  'no-server': (about) => `has neither MX nor address: ${about.join(', ')}`,
  'came-back': (about) => `mail came back before: ${about.join(', ')}`,
  'many-visible': ([count = '']) => `${count} people would see each other's addresses; name them in Bcc`,
  'too-large': ([bytes = '', most = '', host = '']) =>
    `${size(Number(bytes))} as sent; ${host === '' ? 'the most that is written here is' : `${host} takes no more than`} ${size(Number(most))}`,
  'large': ([bytes = '']) => `${size(Number(bytes))} as sent, which many servers refuse`,
  'no-spf': (about) => `publishes no SPF record: ${about.join(', ')}`,
  'no-dkim': (about) => `nothing signs its mail: ${about.join(', ')}`,
}

/** Looks at recipients as the window does before it sends. */
export const check: Command = {
  options: { '--from': 'value' },
  async run({ api, args, show }) {
    if (args.words.length === 0) throw usage('check ADDRESS … [--from ADDRESS]')
    const draft = { ...blank, identityId: await identityId(api, args.value('--from')), subject: 'x' }
    const to = args.words.join(', ')
    const wrong = (await api.compose.check({ addresses: to })).filter((one) => one.problem !== null)
    const found = await api.compose.review({ ...draft, to })
    const { servers } = await api.compose.limits({ ...draft, to })
    await show({ wrong, found, limits: servers }, () => {
      const lines = [
        ...wrong.map((one) => one.problem ?? ''),
        ...found.map(({ kind, about }) => FOUND[kind]?.(about) ?? kind),
      ]
      const verdict = lines.length === 0 ? ['Nothing speaks against it.'] : lines
      const limits = servers.map(({ host, largestBytes }) => `${host} takes messages of up to ${size(largestBytes)}`)
      return [...verdict, ...limits].map((line) => `${harmless(line)}\n`).join('')
    })
    return wrong.length > 0 || found.some(({ level }) => level === 'ask') ? EXIT.data : EXIT.ok
  },
}
