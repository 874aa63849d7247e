import type { AuditView } from '../../../../core/rpc/views.ts'
import { t } from '../../words/words.ts'

/** What was done to the queue, as a sentence without its end. */
export function askedWords({ what, who }: Pick<AuditView, 'what' | 'who'>): string {
  switch (what) {
    case 'hold':
      return t('{who, select, window {You held it} command {The command line held it} other {Posthorn held it}}', {
        who,
      })
    case 'release':
      return t(
        '{who, select, window {You let it go} command {The command line let it go} other {Posthorn let it go}}',
        { who },
      )
    case 'retry':
      return t(
        '{who, select, window {You tried it at once} command {The command line tried it at once} other {Posthorn tried it at once}}',
        { who },
      )
    case 'cancel':
      return t(
        '{who, select, window {You cancelled it} command {The command line cancelled it} other {Posthorn cancelled it}}',
        { who },
      )
    case 'edit':
      return t(
        '{who, select, window {You changed the address} command {The command line changed the address} other {Posthorn changed the address}}',
        { who },
      )
    case 'route':
      return t(
        '{who, select, window {You chose the route} command {The command line chose the route} other {Posthorn chose the route}}',
        { who },
      )
    case 'export':
      return t(
        '{who, select, window {You saved it as a file} command {The command line saved it as a file} other {Posthorn saved it as a file}}',
        { who },
      )
    case 'pause':
      return t(
        '{who, select, window {You paused the queue} command {The command line paused the queue} other {Posthorn paused the queue}}',
        { who },
      )
    case 'resume':
      return t(
        '{who, select, window {You let the queue go on} command {The command line let the queue go on} other {Posthorn let the queue go on}}',
        { who },
      )
    case 'undo':
      return t(
        '{who, select, window {You took it back} command {The command line took it back} other {Posthorn took it back}}',
        { who },
      )
    case 'decide':
      return t(
        '{who, select, window {You decided what became of it} command {The command line decided what became of it} other {Posthorn decided what became of it}}',
        { who },
      )
    default:
      return t(
        '{who, select, window {You changed it} command {The command line changed it} other {Posthorn changed it}}',
        { who },
      )
  }
}
