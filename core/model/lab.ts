import type { Reply } from './reply.ts'

/** The rehearsal lab: a mail server on this computer that behaves as it is told. Shared by its machine, the engine and the window. */

/** Where the server can be told to behave otherwise. `message`: when it has the whole message. */
export const LAB_STEPS = ['greeting', 'EHLO', 'STARTTLS', 'MAIL', 'RCPT', 'DATA', 'message'] as const
export type LabStep = (typeof LAB_STEPS)[number]

/** What it does there: all is well, not now (4xx), never (5xx), 421 and the end, or the end without a word. */
export const LAB_ANSWERS = ['fine', 'later', 'never', 'busy', 'hang-up'] as const
export type LabAnswer = (typeof LAB_ANSWERS)[number]

/** What its certificate is: right, over, for another name, or made by nobody who is known. */
export const LAB_CERTIFICATES = ['good', 'expired', 'other-name', 'unknown'] as const
export type LabCertificate = (typeof LAB_CERTIFICATES)[number]

/** How the server behaves. */
export interface LabFaults {
  readonly answers: Readonly<Record<LabStep, LabAnswer>>
  /** A pair of sender and recipient that comes for the first time is asked to come again. */
  readonly greylist: boolean
  /** Before so many seconds it is too early. */
  readonly greylistSeconds: number
  /** It takes so long for each answer. */
  readonly slowSeconds: number
  /** It hangs up before the end of the message. */
  readonly cutsOff: boolean
  readonly offersTls: boolean
  readonly certificate: LabCertificate
  /** The domain demands verified TLS, as one with an MTA-STS policy does. */
  readonly demandsTls: boolean
  /** The largest message it takes. */
  readonly sizeBytes: number
}

/** 50 MiB, as servers that mean well take. */
export const LAB_SIZE_BYTES = 52_428_800
/** A server with which all is well. */
export const NO_FAULTS: LabFaults = {
  answers: {
    greeting: 'fine',
    EHLO: 'fine',
    STARTTLS: 'fine',
    MAIL: 'fine',
    RCPT: 'fine',
    DATA: 'fine',
    message: 'fine',
  },
  greylist: false,
  greylistSeconds: 0,
  slowSeconds: 0,
  cutsOff: false,
  offersTls: true,
  certificate: 'good',
  demandsTls: false,
  sizeBytes: LAB_SIZE_BYTES,
}

type Words = readonly [code: number, enhanced: string, text: string]
const LATER: Readonly<Record<LabStep, Words>> = {
  greeting: [450, '', 'too many connections from your address, try again later'],
  EHLO: [450, '', 'not now, try again later'],
  STARTTLS: [454, '4.7.0', 'TLS is not available for the moment'],
  MAIL: [451, '4.3.0', 'temporary failure, try again later'],
  RCPT: [450, '4.2.1', 'the mailbox is busy, try again later'],
  DATA: [451, '4.3.2', 'the system takes no messages now'],
  message: [452, '4.3.1', 'no room for the message now'],
}
const NEVER: Readonly<Record<LabStep, Words>> = {
  greeting: [554, '', 'no mail service for you here'],
  EHLO: [550, '', 'that name is not welcome here'],
  STARTTLS: [502, '5.5.1', 'no TLS here after all'],
  MAIL: [550, '5.7.1', 'mail from that sender is not taken here'],
  RCPT: [550, '5.1.1', 'no such user here'],
  DATA: [554, '5.7.1', 'no message is taken from you'],
  message: [554, '5.7.1', 'the message looks like spam'],
}

/** What the server says for a fault; undefined where it says nothing or all is well. */
export function labReply(step: LabStep, answer: LabAnswer): Reply | undefined {
  if (answer === 'fine' || answer === 'hang-up') return undefined
  const [code, enhanced, text] =
    answer === 'busy'
      ? ([421, '4.3.2', 'too busy, closing the connection'] as const)
      : (answer === 'later' ? LATER : NEVER)[step]
  return { code, ...(enhanced !== '' && { enhanced }), lines: [text] }
}

/** What a greylist says (RFC 6647 §2.1). */
export const GREYLISTED: Reply = { code: 451, enhanced: '4.7.1', lines: ['greylisted, please try again later'] }

/** Whether mail to a domain is for the lab: the domain itself, or one below it. */
export const isLabDomain = (domain: string, lab: string): boolean => domain === lab || domain.endsWith(`.${lab}`)
