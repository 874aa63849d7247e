import { api } from '../../bridge/client.ts'
import { visible } from '../../format/wire-text.ts'
import { Banner } from '../../parts/banner.tsx'
import { Button } from '../../parts/button.tsx'
import { act } from '../../state/act.ts'
import { useLive } from '../../state/use-live.ts'
import { t } from '../../words/words.ts'

/** Says that an author wants to know that the message was read. Nothing is sent unless somebody says so. */
export function ReceiptBanner({ messageId }: { readonly messageId: number }) {
  const live = useLive(`receipt ${messageId}`, () => api.compose.receipt.get({ messageId }))
  if (live.at !== 'ready' || live.value.to.length === 0 || live.value.answer === 'declined') return null
  const names = live.value.to.map(visible).join(', ')
  if (live.value.answer === 'sent')
    return (
      <Banner level="plain" icon="ok">
        {t('A read receipt went to {names}.', { names })}
      </Banner>
    )
  const answer = (send: boolean) =>
    void act(send ? t('Sending the receipt') : t('Declining the receipt'), () =>
      api.compose.receipt.answer({ messageId, send }),
    ).then(live.again)
  return (
    <Banner
      level={live.value.isElsewhere ? 'warn' : 'plain'}
      icon="eye"
      actions={
        <>
          <Button onClick={() => answer(true)}>{t('Send a receipt')}</Button>
          <Button kind="plain" onClick={() => answer(false)}>
            {t('Do not')}
          </Button>
        </>
      }
    >
      {live.value.isElsewhere
        ? t('{names}, who is not the author, asks to be told that you have read this.', { names })
        : t('{names} asks to be told that you have read this.', { names })}
    </Banner>
  )
}
