// An address that begins so is one that browsers try to load, and the page's policy forbids, wherever it stands.
const SRC = ' src="cid:'
const NAMED = ' data-cid="'

/** HTML of a message as the editor takes it. */
export const htmlForEditor = (html: string): string => html.replaceAll(SRC, NAMED)

/** HTML of the editor as it stands in a message. */
export const htmlFromEditor = (html: string): string => html.replaceAll(NAMED, SRC)
