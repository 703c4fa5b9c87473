import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("havip", "0003_drills"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=128, verbose_name="key")),
                ("value", models.CharField(blank=True, max_length=128, verbose_name="value")),
                (
                    "eip",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="havip.eip",
                    ),
                ),
                (
                    "havip",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="havip.havip",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="havip.instance",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
                (
                    "vpc",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="havip.vpc",
                    ),
                ),
                (
                    "vswitch",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="havip.vswitch",
                    ),
                ),
            ],
            options={
                "ordering": ("key",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("havip__isnull", False)),
                        fields=["team", "key", "value", "havip"],
                        name="tag_by_havip",
                    ),
                    models.Index(
                        condition=models.Q(("eip__isnull", False)),
                        fields=["team", "key", "value", "eip"],
                        name="tag_by_eip",
                    ),
                    models.Index(
                        condition=models.Q(("vpc__isnull", False)),
                        fields=["team", "key", "value", "vpc"],
                        name="tag_by_vpc",
                    ),
                    models.Index(
                        condition=models.Q(("vswitch__isnull", False)),
                        fields=["team", "key", "value", "vswitch"],
                        name="tag_by_vswitch",
                    ),
                    models.Index(
                        condition=models.Q(("instance__isnull", False)),
                        fields=["team", "key", "value", "instance"],
                        name="tag_by_instance",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("havip", "key"), name="tag_key_once_havip"),
                    models.UniqueConstraint(fields=("eip", "key"), name="tag_key_once_eip"),
                    models.UniqueConstraint(fields=("vpc", "key"), name="tag_key_once_vpc"),
                    models.UniqueConstraint(fields=("vswitch", "key"), name="tag_key_once_vswitch"),
                    models.UniqueConstraint(
                        fields=("instance", "key"), name="tag_key_once_instance"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("eip__isnull", True),
                                ("havip__isnull", False),
                                ("instance__isnull", True),
                                ("vpc__isnull", True),
                                ("vswitch__isnull", True),
                            ),
                            models.Q(
                                ("eip__isnull", False),
                                ("havip__isnull", True),
                                ("instance__isnull", True),
                                ("vpc__isnull", True),
                                ("vswitch__isnull", True),
                            ),
                            models.Q(
                                ("eip__isnull", True),
                                ("havip__isnull", True),
                                ("instance__isnull", True),
                                ("vpc__isnull", False),
                                ("vswitch__isnull", True),
                            ),
                            models.Q(
                                ("eip__isnull", True),
                                ("havip__isnull", True),
                                ("instance__isnull", True),
                                ("vpc__isnull", True),
                                ("vswitch__isnull", False),
                            ),
                            models.Q(
                                ("eip__isnull", True),
                                ("havip__isnull", True),
                                ("instance__isnull", False),
                                ("vpc__isnull", True),
                                ("vswitch__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="tag_one_bearer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("key", ""), _negated=True), name="tag_has_key"
                    ),
                ],
            },
        ),
    ]
