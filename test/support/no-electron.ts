throw new Error('only electron/ imports Electron, and only in the application itself')
