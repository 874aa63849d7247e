import type { IconName } from '../parts/icons.ts'
import { shared } from './store.ts'

/** One line that comes, says what happened, and goes. */
export interface Toast {
  readonly id: number
  readonly text: string
  readonly icon: IconName
  readonly level: 'plain' | 'danger'
  /** Stays until then, where its action can be had only so long. */
  readonly untilMs?: number
  readonly action?: { readonly label: string; readonly run: () => void }
}

let last = 0
export const toasts = shared<readonly Toast[]>([])

/** Shows a toast; the last one and what went wrong stand at once. */
export function toast(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  last += 1
  const next: Toast = { icon: 'info', level: 'plain', ...options, id: last, text }
  toasts.set((before) => [...before.filter((one) => one.level === 'danger').slice(-2), next])
}

/** Takes a toast away. */
export function dropToast(id: number): void {
  toasts.set((before) => before.filter((one) => one.id !== id))
}
