"""A drill keeps the public address that was asked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("havip", "0006_drill_stop_is_its_job_s"),
    ]

    operations = [
        migrations.AddField(
            model_name="drill",
            name="eip_address",
            field=models.CharField(blank=True, default="", max_length=15),
            preserve_default=False,
        ),
    ]
