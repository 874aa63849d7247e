import { useState } from 'react'
import type { FindingView } from '../../../../core/rpc/compose-contract.ts'
import { api, wordsOf } from '../../bridge/client.ts'
import { t, told } from '../../words/words.ts'
import { endsAfter } from './composer.ts'
import { withHandles } from './part-handle.ts'
import { tellSent } from './tell-sent.ts'
import { terms } from './terms.ts'
import type { DraftState } from './use-draft.ts'
import type { Written } from './written.ts'

/** What speaks against a message, and when it was to leave. */
export interface Asked {
  readonly findings: readonly FindingView[]
  readonly sendAtMs: number | null
  /** Only looked at: nobody wanted it sent. */
  readonly isLook: boolean
}

/** Sends what is written, after a look at it. */
export function useSending(draft: DraftState, onSent: () => void) {
  const [problem, setProblem] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [asked, setAsked] = useState<Asked | null>(null)

  const run = async (todo: () => Promise<void>) => {
    if (busy) return
    setProblem(undefined)
    setBusy(true)
    try {
      await endsAfter(todo())
    } catch (error) {
      setProblem(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  const send = (sendAtMs: number | null, despite = false) =>
    run(async () => {
      const { written, content } = await draft.content()
      const stop = reasonNotTo(written)
      if (stop !== undefined) return setProblem(stop)
      const attachments = await withHandles(content.attachments)
      if (!despite && terms.get().review) {
        const findings = await api.compose.review(content)
        if (findings.some(({ level }) => level === 'ask')) return setAsked({ findings, sendAtMs, isLook: false })
      }
      const { entryId, undoUntilMs } = await api.compose.send({ ...content, sendAtMs, attachments })
      await draft.forget()
      onSent()
      tellSent({ entryId, subject: content.subject.trim(), sendAtMs, undoUntilMs })
    })
  return {
    problem,
    busy,
    asked,
    send,
    /** Looks at it and says what there is, without sending. */
    look: () =>
      run(async () => {
        const { content } = await draft.content()
        setAsked({ findings: await api.compose.review(content), sendAtMs: null, isLook: true })
      }),
    /** What was asked has its answer. */
    answer: (despite: boolean) => {
      setAsked(null)
      if (asked !== null && despite) void send(asked.sendAtMs, true)
    },
  }
}

/** Why a message cannot be sent yet, or undefined. */
export function reasonNotTo({ lines, attached, identityId, hasReplyTo }: Written): string | undefined {
  const named = [lines.to, lines.cc, lines.bcc]
  const all = named.flatMap(({ list }) => list)
  const read = hasReplyTo ? [...all, ...lines.replyTo.list] : all
  const bad = read.find((one) => one.problem !== null || one.address === null)
  if (identityId === null) return t('There is no identity to write as. Add one in the settings.')
  if (bad !== undefined)
    return t('“{text}” needs a look: {problem}.', {
      text: bad.text,
      problem: told(bad.problem ?? 'it is not an address'),
    })
  if (all.length === 0)
    return named.every(({ typed }) => typed.trim() === '')
      ? t('Nobody is named in To, Cc or Bcc.')
      : t('The mail engine does not answer, so it has not read the addresses. Send again when it does.')
  if (attached.some((one) => one.problem !== null))
    return t('An attachment could not be taken. Remove it or try again.')
  if (attached.some((one) => one.handle === null))
    return t('An attachment is still on its way. Send again in a moment.')
  return undefined
}
