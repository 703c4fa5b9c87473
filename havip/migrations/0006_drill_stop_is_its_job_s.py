"""Whether a drill is to end early is said by its job alone."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("havip", "0005_eip_internet_charge"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="drill",
            name="stop_requested",
        ),
    ]
