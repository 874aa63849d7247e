import { useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { ICONS, type IconName } from '../parts/icons.ts'

const SIZES = ['xs', 's', 'm', 'l', 'xl', '2xl']
const SPACES = ['half', '1', '2', '3', '4', '5', '6', '8', '10', '12']
/** Text, and what it may stand on: WCAG 2.2 asks 4.5 to 1 of it. */
const PAIRS: readonly (readonly [text: string, on: string])[] = [
  ['text', 'surface'],
  ['text', 'surface-sunk'],
  ['text-quiet', 'surface'],
  ['text-quiet', 'surface-sunk'],
  ['text-faint', 'surface'],
  ['text-on-selected', 'surface-selected'],
  ['on-accent', 'accent'],
  ['accent-text', 'surface'],
  ['ok', 'ok-surface'],
  ['warn', 'warn-surface'],
  ['danger', 'danger-surface'],
  ['held', 'held-surface'],
  ['unknown', 'unknown-surface'],
  ['wire-client', 'surface'],
  ['wire-server', 'surface'],
  ['wire-tls', 'wire-tls-surface'],
  ['wire-note', 'surface'],
  ['wire-fault', 'surface'],
]

/** The type scale. */
export function Type() {
  return (
    <div>
      {SIZES.map((size) => (
        <p key={size} style={{ fontSize: `var(--text-${size})` }}>
          {size}: Keys of the boathouse, 14:05, 2.4 MB <span className="mono">250 2.1.5 Ok</span>
        </p>
      ))}
    </div>
  )
}

/** The steps of space. */
export function Space() {
  return (
    <div>
      {SPACES.map((step) => (
        <p key={step}>
          <span className="mono">--s-{step}</span>
          <span className="space" style={{ display: 'block', inlineSize: `var(--s-${step})` }} />
        </p>
      ))}
    </div>
  )
}

/** Each pair of colours with its contrast, as the page has it now. */
export function Colours() {
  const [ratios] = useState(() => {
    const style = getComputedStyle(document.documentElement)
    const of = (name: string) => luminance(style.getPropertyValue(`--${name}`).trim())
    return PAIRS.map(([text, on]) => contrast(of(text), of(on)))
  })
  return (
    <div className="shelf">
      {PAIRS.map(([text, on], at) => (
        <figure key={`${text} ${on}`}>
          <div className="swatch" style={{ color: `var(--${text})`, background: `var(--${on})`, padding: '8px' }}>
            Aa 250 Ok
          </div>
          <figcaption data-ratio={ratios[at]?.toFixed(2)}>
            {text} on {on}
            <br />
            {ratios[at]?.toFixed(1)} to 1
          </figcaption>
        </figure>
      ))}
    </div>
  )
}

/** Relative luminance of `#rrggbb` (WCAG 2.2, "relative luminance"). */
function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
  const [r = 0, g = 0, b = 0] = channels.map((c) => (c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)

/** Every icon with its name. */
export function Icons() {
  return (
    <div className="icons">
      {(Object.keys(ICONS) as IconName[]).map((name) => (
        <span key={name}>
          <Icon name={name} /> {name}
        </span>
      ))}
    </div>
  )
}
