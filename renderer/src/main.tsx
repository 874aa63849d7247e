import { StrictMode } from 'react'
import { I18nProvider } from 'react-aria-components'
import { createRoot } from 'react-dom/client'
import { PSEUDO } from '../../core/model/languages.ts'
import { App } from './app.tsx'
import { connect } from './bridge/client.ts'
import { chooseLanguage, keptLanguage, language } from './words/language.ts'
import './look/tokens.css'
import './look/parts.css'
import './look/controls.css'
import './look/forms.css'
import './look/lists.css'
import './look/overlays.css'
import './look/wire.css'
import './look/shell.css'
import './look/mail.css'
import './look/reader.css'
import './look/mail-table.css'
import './look/conversation.css'
import './look/mail-dialogs.css'
import './look/pdf.css'
import './look/compose.css'
import './look/people.css'
import './look/queue.css'
import './look/log.css'
import './look/trace.css'
import './look/console.css'
import './look/lab.css'
import './look/settings.css'
import './look/first-run.css'
import './look/desktop.css'

// react-aria adds a style element of its own unless one of that name is there; the page's policy would refuse it. Its
// one rule stands in parts.css.
const mark = document.createElement('meta')
mark.id = 'react-aria-pressable-style'
document.head.append(mark)

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root element')
connect()
await chooseLanguage(keptLanguage())
createRoot(root).render(
  <StrictMode>
    <Spoken />
  </StrictMode>,
)

/** The window in its language: another one means other words everywhere, so all of it is drawn anew. */
function Spoken() {
  const spoken = language.use()
  return (
    <I18nProvider locale={spoken === PSEUDO ? 'en' : spoken}>
      <App key={spoken} />
    </I18nProvider>
  )
}
