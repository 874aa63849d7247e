import { expect, test } from 'vitest'
import { announcedFile } from './attachment-words.ts'

test.each([
  'Please see the attached plan.',
  'Attachment follows',
  'anbei der Vertrag',
  'Die Rechnung ist beigefügt.',
  'Im Anhang findest du alles.',
  'Vous trouverez ci-joint le devis.',
  'Voir la pièce jointe',
  'ファイルを添付します。',
  'تجدون المرفقات أدناه',
  'أرسل لك الملف مرفقًا، انظر المرفق',
])('%j announces a file', (text) => {
  expect(announcedFile('', text)).toBeDefined()
})

test.each([
  'Nothing here.',
  'I am unattached and reattachable',
  '> see the attached plan\n\nThanks!',
  'Thanks\n-- \nOffice for attachments',
  'See below\n\n---------- Forwarded message ----------\nSubject: x\n\nattached is …',
  'Er hat Anhänger, der Vorhang ist rot',
])('%j announces none', (text) => {
  expect(announcedFile('', text)).toBeUndefined()
})

test('a subject may announce it, too', () => {
  expect(announcedFile('Rechnung anbei', 'Hallo')).toBe('anbei')
})
