import ar from '../resources/words/ar.json' with { type: 'json' }
import de from '../resources/words/de.json' with { type: 'json' }
import fr from '../resources/words/fr.json' with { type: 'json' }
import ja from '../resources/words/ja.json' with { type: 'json' }
import type { Catalogue } from '../core/model/words.ts'

/** The window's own catalogues, by language. In a file of its own: whoever reads English does without. */
export const CATALOGUES: Readonly<Record<string, Catalogue>> = { ar, de, fr, ja }
