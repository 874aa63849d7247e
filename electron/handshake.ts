/** The page says that it listens for a port. */
export const READY = 'posthorn:ready'
/** The preload script gives the page its end of the port. */
export const PORT = 'posthorn:port'
/** The preload script gives the main process the other end. */
export const CONNECT = 'posthorn:connect'
