/**
 * Of Node's `http` what is used here. To import it reads all that it exports, and some of that loads another HTTP client whole: nine
 * megabytes resident for nobody.
 */
export const { Agent, createServer, request } = process.getBuiltinModule('node:http')
