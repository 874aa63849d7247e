import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '../look/tokens.css'
import '../look/parts.css'
import '../look/controls.css'
import '../look/forms.css'
import '../look/lists.css'
import '../look/overlays.css'
import '../look/wire.css'
import '../look/shell.css'
import '../look/mail.css'
import '../look/reader.css'
import '../look/mail-table.css'
import '../look/conversation.css'
import '../look/mail-dialogs.css'
import '../look/queue.css'
import '../look/settings.css'
import '../look/compose.css'
import '../look/log.css'
import '../look/console.css'
import '../look/lab.css'
import '../look/people.css'
import '../look/trace.css'
import '../look/first-run.css'
import './gallery.css'
import { Gallery } from './gallery.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root element')
createRoot(root).render(
  <StrictMode>
    <Gallery />
  </StrictMode>,
)
