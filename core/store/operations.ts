import { accountOperations } from './account.ts'
import { aliasOperations } from './alias.ts'
import { appPasswordOperations } from './app-password.ts'
import { contactOperations } from './contact.ts'
import { contactGroupOperations } from './contact-group.ts'
import { dkimKeyOperations } from './dkim-key.ts'
import { draftCopyOperations } from './draft-copy.ts'
import { draftOperations } from './draft.ts'
import { folderOperations } from './folder.ts'
import { forwardOperations } from './forward.ts'
import { greylistOperations } from './greylist.ts'
import { imapFolderOperations } from './imap-folder.ts'
import { imapOperations } from './imap.ts'
import { identityOperations } from './identity.ts'
import { importBatchOperations } from './import-batch.ts'
import { importJobOperations } from './import-job.ts'
import { incomingReportOperations } from './incoming-report.ts'
import { junkOperations } from './junk.ts'
import { userOperations } from './local-user.ts'
import { logExpireOperations } from './log-expire.ts'
import { logQueryOperations } from './log-query.ts'
import { maildropOperations } from './maildrop.ts'
import { messageOperations } from './message.ts'
import { blobOperations } from './blob.ts'
import { paceOperations } from './pace.ts'
import { pop3AccountOperations } from './pop3-account.ts'
import { pop3SeenOperations } from './pop3-seen.ts'
import { queueBulkOperations } from './queue-bulk.ts'
import { queueOperations } from './queue-change.ts'
import { queueControlOperations } from './queue-control.ts'
import { queueRecoverOperations } from './queue-recover.ts'
import { queueRetireOperations } from './queue-retire.ts'
import { queueTellOperations } from './queue-tell.ts'
import { queueUndoOperations } from './queue-undo.ts'
import { receiptOperations } from './receipt.ts'
import { routeRuleOperations } from './route-rule.ts'
import { routeOperations } from './route.ts'
import { ruleApplyOperations } from './rule-apply.ts'
import { ruleHistoryOperations } from './rule-history.ts'
import { ruleSendOperations } from './rule-send.ts'
import { ruleTodoOperations } from './rule-todo.ts'
import { ruleOperations } from './rule.ts'
import { savedSearchOperations } from './saved-search.ts'
import { searchIndexOperations } from './search-index.ts'
import { searchPendingOperations } from './search-pending.ts'
import { secretOperations } from './secret.ts'
import { serverSizeOperations } from './server-size.ts'
import { sessionRecordOperations } from './session-record.ts'
import { sessionRemoveOperations } from './session-remove.ts'
import { settingOperations } from './setting.ts'
import { signInOperations } from './sign-in.ts'
import { snoozeOperations } from './snooze.ts'
import { suppressionOperations } from './suppression.ts'
import { tagOperations } from './tag.ts'
import { templateOperations } from './template.ts'
import { threadOperations } from './thread-fill.ts'
import { tlsDomainOperations } from './tls-domain.ts'
import { unsubscribedOperations } from './unsubscribed.ts'
import { uploadOperations } from './upload.ts'

/** Every write operation, by name. Each table's file has its own map; arguments and results must survive a structured clone. */
export const operations = {
  ...accountOperations,
  ...aliasOperations,
  ...appPasswordOperations,
  ...contactOperations,
  ...contactGroupOperations,
  ...dkimKeyOperations,
  ...draftCopyOperations,
  ...draftOperations,
  ...folderOperations,
  ...forwardOperations,
  ...greylistOperations,
  ...identityOperations,
  ...imapFolderOperations,
  ...imapOperations,
  ...importBatchOperations,
  ...importJobOperations,
  ...incomingReportOperations,
  ...junkOperations,
  ...logExpireOperations,
  ...logQueryOperations,
  ...maildropOperations,
  ...messageOperations,
  ...blobOperations,
  ...paceOperations,
  ...pop3AccountOperations,
  ...pop3SeenOperations,
  ...queueBulkOperations,
  ...queueOperations,
  ...queueControlOperations,
  ...queueRecoverOperations,
  ...queueRetireOperations,
  ...queueTellOperations,
  ...queueUndoOperations,
  ...receiptOperations,
  ...routeOperations,
  ...routeRuleOperations,
  ...ruleOperations,
  ...ruleApplyOperations,
  ...ruleHistoryOperations,
  ...ruleSendOperations,
  ...ruleTodoOperations,
  ...savedSearchOperations,
  ...searchIndexOperations,
  ...searchPendingOperations,
  ...secretOperations,
  ...serverSizeOperations,
  ...sessionRecordOperations,
  ...sessionRemoveOperations,
  ...settingOperations,
  ...signInOperations,
  ...snoozeOperations,
  ...suppressionOperations,
  ...tagOperations,
  ...templateOperations,
  ...threadOperations,
  ...tlsDomainOperations,
  ...unsubscribedOperations,
  ...uploadOperations,
  ...userOperations,
}
export type Operations = typeof operations
