"""Hold in the database that the bindings of one HaVip are all of one kind (2-domain B4)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from havip.models import guards


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create the triggers."""
    guards.install(schema_editor.connection)


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Drop the triggers."""
    guards.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """A trigger for what no constraint can say."""

    dependencies = [("havip", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
