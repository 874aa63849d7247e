import type { ContactView } from '../../../../core/rpc/reading-contract.ts'

/** What the engine gives at once. */
const A_PAGE = 200

/** All people of a group, however many: whoever writes to it means every one of them. */
export async function membersOf(
  groupId: number,
  list: (page: { after: number | null; limit: number; groupId: number }) => Promise<ContactView[]>,
): Promise<ContactView[]> {
  const members: ContactView[] = []
  for (let after: number | null = null; ;) {
    const page = await list({ after, limit: A_PAGE, groupId })
    members.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < A_PAGE) return members
    after = last.id
  }
}
