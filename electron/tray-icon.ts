/*
 * resources/icon.svg at the sizes of a tray, as PNG (base64): in the code, so that a packaged application reads no file for it.
 */
const SMALL = [
  'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAYAAAAf8/9hAAAB5ElEQVR4nJySPWhTURTHf+cmtE0bSAWRokJTFJPUQczWOChiQdzchIJWBHHyax',
  'SkKXWy4iLEwUUKEZEMhnRu/eoLqEMJ2mpFKChUdKiLtqnmHe97r0JiqMb+h/vuOe98/P/n3LAqgpMYBrkAJBFp529QrdrzjY27KZn5CdFy4hxq',
  'btMiVteUjjb5bV4yuHKRlqFcuWvq2Qx7VrzV9FxJePDEsPBx3SHEw//UbPH5qzKaNxTLQfdHFdiz068QC2+U9PKd4swJT18ZyvPS8G+6Yjh7zP',
  'XvfoFaTfnwxfLpgccVl9xkiJm5kB9gREnscDm0Dzo7wHmNX3ClqkTaBVEnpUUHrhcMbbZcd9TlxUKI/X0u548rmZRL6bnh2n3h4VVl93ZY/KR4',
  '2++zDX1RB/Yq31aV8TM//eSBVI3SmDKYhq6I4cRBOD0IY/eCGcR7gmSfoXdsjQmzOWVpWexm4OTh5pkcTavVHsitR8MQu6NWk53Xti3NBVbW1j',
  'uaRn+Dmd4FsU4lPyVNBXKTwkDSKhfZmEFXBEaGXC7fCfHdPtlTR1yqPyA/LUzNCqVsDe/11MPbwqL99tY7C8+EW0Xh/VIQnOl3yQ4p/b1/0FJ9',
  'KzqTzFpeI2wGqqOGmLlhbwX+GzpBdHn8FwAAAP//Ydq4DAAAAAZJREFUAwBMqqKNvHd1qwAAAABJRU5ErkJggg==',
]
const LARGE = [
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAEUUlEQVR4nMRXa2wUVRT+zt0tW/qwukKrGEuaPqgFaWyj2UIxLRI0IYjRGCPBSP',
  'SPRBNJTIyvYI0h4QcajWiDBA1RS6glKQGiQWUxtQ9JunahiO0Wa42IFKi7drvZut053DsD+2iX2aXtwpdM5s7MufN9c+53z51rRQzYU2LDcMZm',
  '2awB8VKAijAr4EEwnZCNTuSHPqDSgfGrTygS8lPZCgjLbtksRXrhgRZ+nmr72yICuKN8mTzJGyRwQ8CazPCDVNPXTuwuyIbf7pZSipEmDHuB/F',
  'sna8AZ5IxUCgRuezKd5L8OMd5toqkPFKffvtYqlTiQFjCYGW/tsaD/LPQ2EU0W4RBpE8DA9v0Cx/sFvGMCvwwkyAJznTJdOWYVrB/bmgU+bLVE',
  '7h49QYmCy4XMiw2zSH7Rx3jtM4EdB+MnlLMnQbjktmJWeBm+AGPnYYFPv7EgGJr6te5BgUu+CdyeF/9sGgI4clKkXacFmtsEOk8T/guQac9jJw',
  'lP1GImAhgXvIz97RYc6YZusOvBUbcSwNMQIFMcCjHe2WvBlz8QJjTCdOCUAlgVwZjpGCcgNAGc+hMoKmDkZRPGJWnHKaBwPuPFTyzoHUr8xRWF',
  'GlYsARzlDHsOo7JYaSZ0D0CaEth7jPDjSaEPkcsDVJdF+xJ33BPJyaMNAi45Xx+pCmM8rDoRPt4UxravLRgajqrOsDIermIsq1Ckml5m23oJW/',
  'cR/rogsDBfQ/MbjLvmGdlTK87QeeArJ8GeS3hhDScWsHknoUUayp6rYWRUYMPKMHKzCI2Hol++1sHY/lwY2XNxZSmLChv4G1izRWAsSKguZRx4',
  'W4vJk0ET/B/InBPtE5fTVfcZQV4/4WDDBLY8DXx+JBr8zEMaGl+S5FmKl+LIFUoWAB9tMki7PYTDx2OfGvGx5FME1C1hmU7GYzUs0wi836oUGx',
  '1yMhkN67WYlyXG6mqgqsT4kCZncrPGmTBHptu1I0py7hLpi4jCwnyGzZaa+9fJYVJecp1R8WwaazqRrRbSp4w6Nq5GyijMN0hHpev9gRkIsGWY',
  'd74WAsHUY00LUfGCqIDeP5Ayen43hsp+C+vDagbTDKjichUHOkkaMnlGfGOMlnaD9P7S5PGmAioKgeWLDVN6x0jWCfParwz75h6Bf0cNARtWzl',
  'CAwtZnGXOueOHQzwIvNwqcvTg1zusHNr4n0NphvLJuqYb6SiQFcXv5b9Lmi8yCmpzAq7ujfze5WbIUVzPunm9cK39854oWpuI7GfteD+MOe5Jp',
  'y9wnTUjqX8VUwPp6INsWxiu7hP6zoaZXS1vil9fIyq6q5by8VGoG9VhlDqQAeipZ6Dq5daldHMaubwW+kEuyLxC/OD1Qxnh8uTrUdYrLteQm7i',
  'oqgJbplpcFuA4M/gOcG5HDMZdxb9G0/g/OQwQrja1Z16J6aPT9Dd2aCV5Fjj6nTqga0LQ6qI1j+uFRXDonJi1rN2N7fhkAAP//1g1EPAAAAAZJ',
  'REFUAwA2dJvDoALMRAAAAABJRU5ErkJggg==',
]

/** The tray's icon as data URLs, by its scale: for usual screens, and for those with twice as many points. */
export const TRAY_ICON = [
  { scaleFactor: 1, dataURL: `data:image/png;base64,${SMALL.join('')}` },
  { scaleFactor: 2, dataURL: `data:image/png;base64,${LARGE.join('')}` },
] as const
