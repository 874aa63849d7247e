import type { Migration } from '../migrate.ts'

/** What a sender may ask of the queue, who changed what there, and how each destination is paced. */
export const migration: Migration = {
  version: 3,
  sql: `
-- What MAIL asked (RFC 3461, 4865, 2852, 8689); NULL where it said nothing.
ALTER TABLE queue_entry ADD COLUMN ret TEXT CHECK (ret IN ('full', 'headers'));
ALTER TABLE queue_entry ADD COLUMN envid TEXT;
ALTER TABLE queue_entry ADD COLUMN hold_until_ms INTEGER; -- nothing leaves before it
ALTER TABLE queue_entry ADD COLUMN deliver_by_ms INTEGER;
ALTER TABLE queue_entry ADD COLUMN deliver_by_mode TEXT CHECK (deliver_by_mode IN ('return', 'notify'));
ALTER TABLE queue_entry ADD COLUMN deliver_by_trace INTEGER NOT NULL DEFAULT 0 CHECK (deliver_by_trace IN (0, 1));
ALTER TABLE queue_entry ADD COLUMN deliver_by_told_ms INTEGER; -- when the sender was told that the time is over
ALTER TABLE queue_entry ADD COLUMN require_tls INTEGER NOT NULL DEFAULT 0 CHECK (require_tls IN (0, 1));
-- Until then the writer may take it back; draft: what the composer held (JSON), without its files.
ALTER TABLE queue_entry ADD COLUMN undo_until_ms INTEGER;
ALTER TABLE queue_entry ADD COLUMN draft TEXT;

-- What RCPT asked: 'never', or any of success, failure, delay with commas between them; NULL: nothing was said.
ALTER TABLE queue_recipient ADD COLUMN notify TEXT;
ALTER TABLE queue_recipient ADD COLUMN orcpt_type TEXT;
ALTER TABLE queue_recipient ADD COLUMN orcpt_address TEXT;
-- The address before somebody changed it here.
ALTER TABLE queue_recipient ADD COLUMN first_local TEXT;
ALTER TABLE queue_recipient ADD COLUMN first_domain TEXT;
-- The way somebody chose for it: NULL lets the rules decide.
ALTER TABLE queue_recipient ADD COLUMN way TEXT CHECK (way IN ('direct', 'smarthost'));
ALTER TABLE queue_recipient ADD COLUMN way_route_id INTEGER;
-- Why it is held: somebody said so, or a route waits for its user (and which).
ALTER TABLE queue_recipient ADD COLUMN held_by TEXT CHECK (held_by IN ('user', 'route', 'rule'));
ALTER TABLE queue_recipient ADD COLUMN held_route_id INTEGER;
ALTER TABLE queue_recipient ADD COLUMN hold_asked INTEGER NOT NULL DEFAULT 0 CHECK (hold_asked IN (0, 1)); -- held while a try was under way
ALTER TABLE queue_recipient ADD COLUMN cancel_report INTEGER NOT NULL DEFAULT 0 CHECK (cancel_report IN (0, 1)); -- its sender hears of the cancelling
CREATE INDEX queue_recipient_held ON queue_recipient (held_route_id, id) WHERE state = 'held';

-- Who did what to the queue, when and why. entry_id NULL: to all of it, or to all mail of a domain.
CREATE TABLE queue_audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL CHECK (who IN ('window', 'command', 'engine')),
  what TEXT NOT NULL, entry_id INTEGER REFERENCES queue_entry (id) ON DELETE CASCADE, recipient_id INTEGER,
  domain TEXT, detail TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE INDEX queue_audit_entry ON queue_audit (entry_id, id);

-- The pace somebody set for a destination; NULL: as the profile has it.
CREATE TABLE pace (
  destination TEXT PRIMARY KEY, connections INTEGER, gap_seconds INTEGER, per_connection INTEGER, per_minute INTEGER,
  per_hour INTEGER, per_day INTEGER, changed_ms INTEGER NOT NULL) STRICT;
-- Messages handed to a destination in each slot of five minutes, so that a restart does not forget what an hour and a day may hold.
CREATE TABLE pace_count (
  destination TEXT NOT NULL, slot INTEGER NOT NULL, messages INTEGER NOT NULL, PRIMARY KEY (destination, slot)) STRICT, WITHOUT ROWID;
CREATE INDEX pace_count_slot ON pace_count (slot);
`,
}
