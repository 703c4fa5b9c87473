"""Database triggers for what no constraint can say: the bindings of one HaVip are all of one kind (2-domain B4)."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from console.triggers import drop_triggers, execute

_POSTGRESQL_INSTALL = """
CREATE OR REPLACE FUNCTION havip_binding_one_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The lock makes a second writer wait, and then see what the first one bound.
  PERFORM 1 FROM havip_havip WHERE id = NEW.havip_id FOR NO KEY UPDATE;
  IF EXISTS (
    SELECT 1 FROM havip_binding b
    WHERE b.havip_id = NEW.havip_id AND b.id <> NEW.id AND b.kind <> NEW.kind
  ) THEN
    RAISE EXCEPTION 'binding_one_kind' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER havip_binding_one_kind BEFORE INSERT OR UPDATE OF kind, havip_id ON havip_binding
  FOR EACH ROW EXECUTE FUNCTION havip_binding_one_kind();
"""
_POSTGRESQL_REMOVE = """
DROP TRIGGER IF EXISTS havip_binding_one_kind ON havip_binding;
DROP FUNCTION IF EXISTS havip_binding_one_kind();
"""
_SQLITE_INSTALL = (
    """
    CREATE TRIGGER havip_binding_one_kind_insert BEFORE INSERT ON havip_binding
    WHEN EXISTS (SELECT 1 FROM havip_binding b
                 WHERE b.havip_id = NEW.havip_id AND b.kind <> NEW.kind)
    BEGIN SELECT RAISE(ABORT, 'binding_one_kind'); END
    """,
    """
    CREATE TRIGGER havip_binding_one_kind_update BEFORE UPDATE OF kind, havip_id ON havip_binding
    WHEN EXISTS (SELECT 1 FROM havip_binding b
                 WHERE b.havip_id = NEW.havip_id AND b.id <> NEW.id AND b.kind <> NEW.kind)
    BEGIN SELECT RAISE(ABORT, 'binding_one_kind'); END
    """,
)
_SQLITE_TRIGGERS = ("havip_binding_one_kind_insert", "havip_binding_one_kind_update")


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers; the tables must exist."""
    execute(connection, postgresql=_POSTGRESQL_INSTALL, sqlite=_SQLITE_INSTALL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers, for undoing the migration."""
    execute(connection, postgresql=_POSTGRESQL_REMOVE, sqlite=drop_triggers(_SQLITE_TRIGGERS))
