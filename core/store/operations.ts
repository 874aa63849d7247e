import { accountOperations } from './account.ts'
import { draftOperations } from './draft.ts'
import { folderOperations } from './folder.ts'
import { identityOperations } from './identity.ts'
import { userOperations } from './local-user.ts'
import { messageOperations } from './message.ts'
import { blobOperations } from './blob.ts'
import { queueOperations } from './queue-change.ts'
import { routeOperations } from './route.ts'
import { secretOperations } from './secret.ts'
import { sessionOperations } from './session.ts'
import { settingOperations } from './setting.ts'

/** Every write operation, by name. Each table's file has its own map; arguments and results must survive a structured clone. */
export const operations = {
  ...accountOperations,
  ...draftOperations,
  ...folderOperations,
  ...identityOperations,
  ...messageOperations,
  ...blobOperations,
  ...queueOperations,
  ...routeOperations,
  ...secretOperations,
  ...sessionOperations,
  ...settingOperations,
  ...userOperations,
}
export type Operations = typeof operations
