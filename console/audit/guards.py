"""Database triggers that keep the audit log append-only.

They refuse every UPDATE, DELETE and (PostgreSQL) TRUNCATE of an event, and an INSERT that does not continue its chain.
A chain's head may only move one step forward, to an event that exists. What a database administrator can still do is
drop the triggers: `manage.py verify_audit` finds what was done then.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from console.triggers import drop_triggers, execute

_POSTGRESQL_INSTALL = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION audit_continue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM audit_auditchain c WHERE c.id = NEW.chain_id
      AND NEW.sequence = c.last_sequence + 1 AND NEW.previous_hash = c.last_hash
  ) OR length(NEW.hash) <> 64 THEN
    RAISE EXCEPTION 'an audit event must continue its chain'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION audit_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.team_id IS DISTINCT FROM OLD.team_id
     OR NEW.last_sequence <> OLD.last_sequence + 1
     OR NOT EXISTS (
       SELECT 1 FROM audit_auditevent e WHERE e.chain_id = NEW.id
         AND e.sequence = NEW.last_sequence AND e.hash = NEW.last_hash
     ) THEN
    RAISE EXCEPTION 'an audit chain only moves to its next event'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION audit_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.last_sequence <> 0 OR NEW.last_hash <> '' THEN
    RAISE EXCEPTION 'an audit chain begins empty'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_event_insert BEFORE INSERT ON audit_auditevent
  FOR EACH ROW EXECUTE FUNCTION audit_continue();
CREATE TRIGGER audit_event_change BEFORE UPDATE OR DELETE ON audit_auditevent
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_event_truncate BEFORE TRUNCATE ON audit_auditevent
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_chain_insert BEFORE INSERT ON audit_auditchain
  FOR EACH ROW EXECUTE FUNCTION audit_begin();
CREATE TRIGGER audit_chain_update BEFORE UPDATE ON audit_auditchain
  FOR EACH ROW EXECUTE FUNCTION audit_advance();
CREATE TRIGGER audit_chain_delete BEFORE DELETE ON audit_auditchain
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_chain_truncate BEFORE TRUNCATE ON audit_auditchain
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""

_POSTGRESQL_REMOVE = """
DROP TRIGGER IF EXISTS audit_event_insert ON audit_auditevent;
DROP TRIGGER IF EXISTS audit_event_change ON audit_auditevent;
DROP TRIGGER IF EXISTS audit_event_truncate ON audit_auditevent;
DROP TRIGGER IF EXISTS audit_chain_insert ON audit_auditchain;
DROP TRIGGER IF EXISTS audit_chain_update ON audit_auditchain;
DROP TRIGGER IF EXISTS audit_chain_delete ON audit_auditchain;
DROP TRIGGER IF EXISTS audit_chain_truncate ON audit_auditchain;
"""

_SQLITE_INSTALL = (
    """
    CREATE TRIGGER audit_event_insert BEFORE INSERT ON audit_auditevent
    WHEN length(NEW.hash) <> 64 OR NOT EXISTS (
      SELECT 1 FROM audit_auditchain c WHERE c.id = NEW.chain_id
        AND NEW.sequence = c.last_sequence + 1 AND NEW.previous_hash = c.last_hash)
    BEGIN SELECT RAISE(ABORT, 'an audit event must continue its chain'); END
    """,
    """
    CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_auditevent
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_auditevent
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_chain_insert BEFORE INSERT ON audit_auditchain
    WHEN NEW.last_sequence <> 0 OR NEW.last_hash <> ''
    BEGIN SELECT RAISE(ABORT, 'an audit chain begins empty'); END
    """,
    """
    CREATE TRIGGER audit_chain_update BEFORE UPDATE ON audit_auditchain
    WHEN NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.team_id IS NOT OLD.team_id
      OR NEW.last_sequence <> OLD.last_sequence + 1 OR NOT EXISTS (
        SELECT 1 FROM audit_auditevent e WHERE e.chain_id = NEW.id
          AND e.sequence = NEW.last_sequence AND e.hash = NEW.last_hash)
    BEGIN SELECT RAISE(ABORT, 'an audit chain only moves to its next event'); END
    """,
    """
    CREATE TRIGGER audit_chain_delete BEFORE DELETE ON audit_auditchain
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
)

_SQLITE_TRIGGERS = (
    "audit_event_insert",
    "audit_event_update",
    "audit_event_delete",
    "audit_chain_insert",
    "audit_chain_update",
    "audit_chain_delete",
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers; the tables must exist."""
    execute(connection, postgresql=_POSTGRESQL_INSTALL, sqlite=_SQLITE_INSTALL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for undoing the migration, and for emptying a test database."""
    execute(connection, postgresql=_POSTGRESQL_REMOVE, sqlite=drop_triggers(_SQLITE_TRIGGERS))
