/**
 * Prints what is read, or saves it as PDF, by the browser's own dialog; the style sheet leaves out everything else. It is printed in the light
 * theme, whatever the window has, and under its subject.
 */
export function printMessage(subject: string): void {
  const { dataset } = document.documentElement
  const theme = dataset['theme']
  const { title } = document
  dataset['theme'] = 'light'
  if (subject !== '') document.title = subject
  const restore = () => {
    if (theme === undefined) delete dataset['theme']
    else dataset['theme'] = theme
    document.title = title
  }
  window.addEventListener('afterprint', restore, { once: true })
  // The frames of mail are told of the theme first.
  requestAnimationFrame(() => requestAnimationFrame(() => window.print()))
}
