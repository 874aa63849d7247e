import { eventIterator, oc, type ContractRouterClient } from '@orpc/contract'
import { z } from 'zod'
import { Id } from './views.ts'

/**
 * What the desktop shell does for its window, beside the engine's contract on the same port. In a browser none of it is there: a view
 * asks for `shell` first.
 */
const done = z.object({ ok: z.literal(true) })
const Mailto = z.object({
  to: z.string(),
  cc: z.string(),
  bcc: z.string(),
  subject: z.string(),
  text: z.string(),
  inReplyTo: z.string(),
})

/** What the desktop has. */
export const ShellView = z.object({
  /** As Node names it: `linux`, `darwin`, `win32`. */
  platform: z.string(),
  /** Whether something shows that Posthorn runs while no window is open. */
  hasTray: z.boolean(),
  /** Whether links to write to somebody open here; null where the system keeps that to itself. */
  writesMail: z.boolean().nullable(),
  /** Languages whose spelling can be checked; none where the system does it by itself. */
  spellLanguages: z.array(z.string()),
})
export type ShellView = z.infer<typeof ShellView>

/** Something that is asked of a window from outside of it: by a menu, a notification, another start of the program. */
export const Ask = z.discriminatedUnion('what', [
  /** A command of the table, by its name. */
  z.object({ what: z.literal('run'), id: z.string() }),
  /** A message to be written, as a link or another program asks for it. */
  z.object({ what: z.literal('compose'), mail: Mailto }),
  /** An answer to a message. */
  z.object({ what: z.literal('reply'), id: Id }),
  /** A place of the window, as its address has it behind the #. */
  z.object({ what: z.literal('show'), hash: z.string() }),
  /** Mail in a file of this computer, to be brought in. */
  z.object({ what: z.literal('import'), path: z.string() }),
  /** The window is about to end: what is written in it is to be kept, and then said to be (`kept`). */
  z.object({ what: z.literal('keep') }),
])
export type Ask = z.infer<typeof Ask>

export const shellContract = {
  about: oc.output(ShellView),
  /** What is asked of this window, what waited for it first. Whoever asks anew takes the place of who asked before. */
  asks: oc.output(eventIterator(Ask)),
  /** What this window can do now, by the names of the command table: what is not named is grey in its menus. */
  offers: oc.input(z.object({ commands: z.array(z.string().max(64)).max(200) })).output(done),
  /** Another window: a message by itself, the protocol log, or one to write in. The one that shows it already comes to the front. */
  open: oc
    .input(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('message'), id: Id }),
        z.object({ kind: z.literal('log'), sessionId: Id.nullable() }),
        z.object({ kind: z.literal('compose'), draftId: Id.nullable() }),
      ]),
    )
    .output(done),
  /** Prints what the window shows; false where the person thought better of it. */
  print: oc.output(z.object({ printed: z.boolean() })),
  /** Saves what the window shows as a PDF, where the person says. */
  savePdf: oc.input(z.object({ name: z.string().max(200) })).output(z.object({ saved: z.boolean() })),
  /** The system's own dialog for a folder, a file or a new one; nothing where the person thought better of it. */
  choose: oc
    .input(z.object({ kind: z.enum(['folder', 'file', 'new-file']), name: z.string().max(200).optional() }))
    .output(z.object({ paths: z.array(z.string()) })),
  /** Makes Posthorn the program that links to write to somebody open in. */
  writeMailHere: oc.output(z.object({ writesMail: z.boolean().nullable() })),
  /** What was written in this window is kept, as it was asked: the window may end. */
  kept: oc.output(done),
  /**
   * The languages that are checked while this window is in front, out of those of the settings: null for all of them, none for no
   * check.
   */
  spelling: oc.input(z.object({ languages: z.array(z.string().max(35)).max(20).nullable() })).output(done),
  /** The window's own view of the network: the engine looks at it again. */
  network: oc.input(z.object({ online: z.boolean() })).output(done),
}
export type ShellContract = typeof shellContract
/** The shell as a window calls it. */
export type ShellApi = ContractRouterClient<ShellContract>
