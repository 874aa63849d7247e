import { useEffect, useState } from 'react'
import { shell } from '../../bridge/shell.ts'
import { useStanding } from '../../state/use-live.ts'

/** Languages whose spelling the desktop checks; none in a browser, which does so by itself. */
export function useCheckedLanguages(): readonly string[] {
  const [languages, setLanguages] = useState<readonly string[]>([])
  useEffect(() => {
    shell?.about().then(
      (about) => setLanguages(about.spellLanguages),
      () => undefined, // the next composer asks again
    )
  }, [])
  return languages
}

/** Has the desktop check the spelling of the message in front in its language; without one in all that are set. */
export function useSpelling(language: string | null, isFront: boolean): void {
  const { generation } = useStanding()
  useEffect(() => {
    const desktop = shell
    if (desktop === undefined || !isFront || language === null) return undefined
    const check = (languages: string[] | null) => void desktop.spelling({ languages }).catch(() => undefined)
    check([language])
    return () => check(null)
  }, [language, isFront, generation])
}
