"""Make the audit log append-only in the database itself."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from console.audit import guards


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    guards.install(schema_editor.connection)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """Triggers against UPDATE, DELETE, TRUNCATE, and INSERT that does not continue the chain."""

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
