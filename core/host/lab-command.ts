import { LAB_ANSWERS, LAB_CERTIFICATES, LAB_STEPS, type LabStep } from '../model/lab.ts'
import type { LabView } from '../rpc/lab-contract.ts'
import { EXIT, idOf, unserved, usage, type Command, type Context } from './command.ts'
import { harmlessLines, size, table, time } from './print.ts'

type Faults = Parameters<Context['api']['lab']['setFaults']>[0]

/** The rehearsal lab: a mail server on this computer that behaves as it is told. */
export const lab: Command = {
  options: { '--subject': 'value', '--bytes': 'value' },
  async run(context) {
    const { api, args, engine } = context
    const [what, ...words] = args.words
    // It ends with the engine: one that was opened for this command would have nothing to show.
    if (engine.alone) throw unserved()
    switch (what) {
      case 'status':
        return tell(context, await api.lab.get())
      case 'start':
        return tell(context, await api.lab.start())
      case 'stop':
        return tell(context, await api.lab.stop())
      case 'reset':
        return tell(context, await api.lab.reset())
      case 'set':
        if (words.length === 0) throw usage('lab set needs NAME=VALUE; posthorn help lab lists them')
        return tell(context, await api.lab.setFaults(faultsOf(words)))
      case 'send':
        return send(context, words)
      case 'received':
        return received(context)
      case 'show':
        return show(context, idOf(words[0], 'lab show'))
      default:
        throw usage('lab status, start, stop, set NAME=VALUE …, reset, send [NAME], received, show ID')
    }
  },
}

/** What is unusual about it, as `lab set` takes it. */
function unusual({ faults }: LabView): string[] {
  const { answers, greylist, greylistSeconds, slowSeconds, cutsOff, offersTls, certificate, demandsTls, sizeBytes } =
    faults
  return [
    ...LAB_STEPS.filter((step) => answers[step] !== 'fine').map((step) => `${step.toLowerCase()}=${answers[step]}`),
    ...(greylist ? [`greylist=${greylistSeconds === 0 ? 'on' : greylistSeconds}`] : []),
    ...(slowSeconds > 0 ? [`slow=${slowSeconds}`] : []),
    ...(cutsOff ? ['cuts-off=on'] : []),
    ...(offersTls ? [] : ['tls=off']),
    ...(certificate === 'good' ? [] : [`certificate=${certificate}`]),
    ...(demandsTls ? ['demands-tls=on'] : []),
    ...(sizeBytes === 52_428_800 ? [] : [`size=${sizeBytes}`]),
  ]
}

async function tell(context: Context, view: LabView): Promise<number> {
  await context.show(view, () => {
    const { isRunning, port, domain, received: count } = view
    const place = isRunning
      ? `The lab listens on 127.0.0.1 port ${port}.`
      : 'The lab is switched off: mail to it waits.'
    const odd = unusual(view)
    return [
      place,
      `Mail to ${domain} goes there and never leaves this computer; ${count} received.`,
      odd.length === 0 ? 'All is well with it.' : `It behaves badly: ${odd.join(' ')}`,
      '',
    ].join('\n')
  })
  return EXIT.ok
}

function faultsOf(words: readonly string[]): Faults {
  const answers: Partial<Record<LabStep, (typeof LAB_ANSWERS)[number]>> = {}
  const faults: Record<string, unknown> = {}
  for (const word of words) {
    const [, name = '', value = ''] = /^([a-z-]+)=(\S+)$/.exec(word) ?? []
    const step = LAB_STEPS.find((one) => one.toLowerCase() === name)
    if (step !== undefined) answers[step] = oneOf(LAB_ANSWERS, value, word)
    else if (name === 'greylist') {
      faults['greylist'] = value !== 'off'
      faults['greylistSeconds'] = /^\d+$/.test(value) ? Number(value) : 0
      if (!/^(?:on|off|\d+)$/.test(value))
        throw usage(`"${word}": it is on, off, or how many seconds it wants to be waited for`)
    } else if (name === 'slow') faults['slowSeconds'] = number(value, word)
    else if (name === 'cuts-off') faults['cutsOff'] = onOrOff(value, word)
    else if (name === 'tls') faults['offersTls'] = onOrOff(value, word)
    else if (name === 'certificate') faults['certificate'] = oneOf(LAB_CERTIFICATES, value, word)
    else if (name === 'demands-tls') faults['demandsTls'] = onOrOff(value, word)
    else if (name === 'size') faults['sizeBytes'] = number(value, word)
    else throw usage(`lab set knows nothing of "${word}"; posthorn help lab lists what there is`)
  }
  return { ...(faults as Faults), answers }
}

function oneOf<T extends string>(all: readonly T[], value: string, word: string): T {
  const found = all.find((one) => one === value)
  if (found !== undefined) return found
  throw usage(`"${word}": it is one of ${all.join(', ')}`)
}
function onOrOff(value: string, word: string): boolean {
  if (value === 'on' || value === 'off') return value === 'on'
  throw usage(`"${word}": it is on or off`)
}
function number(value: string, word: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw usage(`"${word}": it is a whole number`)
}

async function send({ api, args, show }: Context, [to]: readonly string[]): Promise<number> {
  const subject = args.value('--subject')
  const bytes = args.value('--bytes')
  const sent = await api.lab.send({
    ...(to !== undefined && { to: to.split('@')[0] ?? to }),
    ...(subject !== undefined && { subject }),
    ...(bytes !== undefined && { sizeBytes: number(bytes, `--bytes ${bytes}`) }),
  })
  await show(sent, () => `Message ${sent.entryId} to ${sent.to} is in the queue: posthorn queue show ${sent.entryId}\n`)
  return EXIT.ok
}

async function received({ api, show }: Context): Promise<number> {
  const messages = await api.lab.received()
  await show(
    messages,
    () =>
      table(
        ['ID', 'TIME', 'FROM', 'TO', 'TLS', 'SIZE', 'SUBJECT'],
        messages.map((one) => [
          one.id,
          time(one.atMs),
          one.from,
          one.to.join(', '),
          one.isSecure ? 'yes' : 'no',
          size(one.sizeBytes),
          one.subject,
        ]),
      ) || 'Nothing has come yet.\n',
  )
  return EXIT.ok
}

async function show({ api, show: print }: Context, id: number): Promise<number> {
  const message = await api.lab.message({ id })
  await print(
    message,
    () =>
      `${harmlessLines(message.text.replaceAll('\r\n', '\n'))}${message.isWhole ? '' : '\n(the rest is not kept)\n'}`,
  )
  return EXIT.ok
}
