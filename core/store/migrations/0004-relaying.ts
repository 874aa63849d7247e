import type { Migration } from '../migrate.ts'

/** Routes with logins and rules; what is known of the TLS of other servers. */
export const migration: Migration = {
  version: 4,
  sql: `
-- A smarthost may want a login. The secret is in the table of secrets (kind route-login, name: route id), never here.
ALTER TABLE route ADD COLUMN login_user TEXT;
ALTER TABLE route ADD COLUMN login_kind TEXT CHECK (login_kind IN ('password', 'token'));
ALTER TABLE route ADD COLUMN trouble TEXT; -- why its login was refused; its mail waits until somebody mends that
ALTER TABLE route ADD COLUMN trouble_ms INTEGER;
-- Asked in order of position at each try; the first that fits decides. '' fits everything.
CREATE TABLE route_rule (
  id INTEGER PRIMARY KEY AUTOINCREMENT, position INTEGER NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
  after_tries INTEGER NOT NULL CHECK (after_tries >= 0), action TEXT NOT NULL CHECK (action IN ('direct', 'smarthost', 'hold')),
  route_id INTEGER REFERENCES route (id), created_ms INTEGER NOT NULL,
  CHECK ((action = 'smarthost') = (route_id IS NOT NULL))) STRICT;
CREATE INDEX route_rule_position ON route_rule (position, id);
CREATE INDEX route_rule_route ON route_rule (route_id) WHERE route_id IS NOT NULL;
ALTER TABLE attempt ADD COLUMN route TEXT; -- what chose its way, in words

-- What is known of the TLS of each domain mail goes to. sts_*: its MTA-STS policy (RFC 8461), sts_mode NULL where it has none;
-- sts_mx: JSON array of patterns; sts_error: why it could not be fetched the last time. verified_*: since when and until when
-- its servers were seen with verified TLS, the ratchet. last_*: the last session.
CREATE TABLE tls_domain (
  domain TEXT PRIMARY KEY, sts_id TEXT, sts_mode TEXT CHECK (sts_mode IN ('enforce', 'testing', 'none')), sts_mx TEXT, sts_fetched_ms INTEGER,
  sts_expires_ms INTEGER, sts_checked_ms INTEGER, sts_error TEXT, verified_since_ms INTEGER, verified_ms INTEGER,
  last_ms INTEGER, last_mx TEXT, last_tls TEXT) STRICT, WITHOUT ROWID; -- last_tls: JSON TlsFacts, NULL for clear text
-- How the session of a try was protected: JSON AttemptTls. NULL: it did not come to a session.
ALTER TABLE attempt ADD COLUMN tls TEXT;
`,
}
