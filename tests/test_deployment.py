"""What is shipped for production: the image, the composition, and settings that refuse to start half-set."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()

COMPLETE = {
    "DJANGO_SETTINGS_MODULE": "console.settings.production",
    "HAVIP_SECRET_KEY": hashlib.sha256(b"one").hexdigest(),
    "HAVIP_AUDIT_KEY": hashlib.sha256(b"two").hexdigest(),
    "HAVIP_ENCRYPTION_KEY": hashlib.sha256(b"three").hexdigest(),
    "HAVIP_DATABASE_URL": "postgresql://console:x9@127.0.0.1:1/console",
    "HAVIP_REDIS_URL": "redis://127.0.0.1:1/0",
    "HAVIP_ALLOWED_HOSTS": "console.test",
    "HAVIP_CSRF_TRUSTED_ORIGINS": "https://console.test",
    "HAVIP_TRUSTED_PROXIES": "10.0.0.1,10.1.0.0/16",
}
REQUIRED = sorted(name for name in COMPLETE if name.startswith("HAVIP_"))


def run_python(*words: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run Python in the project with a complete production environment, but for ``variables``."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HAVIP_", "DJANGO_"))}
    environment = {**inherited, **COMPLETE, **variables}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def load_settings(**variables: str | None) -> subprocess.CompletedProcess[str]:
    return run_python("-c", "from django.conf import settings; settings.DEBUG", **variables)


class TestProductionSettings:
    def test_a_complete_environment_is_accepted(self) -> None:
        done = load_settings()
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.parametrize("name", REQUIRED)
    def test_each_required_variable_is_missed_by_name(self, name: str) -> None:
        done = load_settings(**{name: None})
        assert done.returncode == 1
        faults = [line for line in done.stderr.splitlines() if line.startswith("  - ")]
        assert faults == [f"  - {name} is not set."]

    def test_all_faults_are_told_at_once(self) -> None:
        done = load_settings(**dict.fromkeys(REQUIRED), HAVIP_BINDING_SLOTS="two")
        assert done.returncode == 1
        for name in [*REQUIRED, "HAVIP_BINDING_SLOTS"]:
            assert f"  - {name} " in done.stderr

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("HAVIP_SECRET_KEY", "changeme" * 8, "HAVIP_SECRET_KEY is a placeholder"),
            ("HAVIP_AUDIT_KEY", "ChangeMe-" + "x1y2z3" * 9, "HAVIP_AUDIT_KEY is a placeholder"),
            ("HAVIP_SECRET_KEY", "Zq7rT1", "HAVIP_SECRET_KEY is too weak"),
            ("HAVIP_SECRET_KEY", "ab" * 40, "HAVIP_SECRET_KEY is too weak"),
            ("HAVIP_AUDIT_KEY", COMPLETE["HAVIP_SECRET_KEY"], "must differ from HAVIP_SECRET_KEY"),
            (
                "HAVIP_ENCRYPTION_KEY",
                COMPLETE["HAVIP_AUDIT_KEY"],
                "must differ from HAVIP_SECRET_KEY and HAVIP_AUDIT_KEY",
            ),
            ("HAVIP_DATABASE_URL", "sqlite:////tmp/x", "HAVIP_DATABASE_URL must be a URL"),
            ("HAVIP_DATABASE_URL", "postgresql://a:changeme@h/d", "password in HAVIP_DATABASE_URL"),
            ("HAVIP_REDIS_URL", "amqp://localhost", "HAVIP_REDIS_URL must be a URL"),
            ("HAVIP_ALLOWED_HOSTS", "*", "HAVIP_ALLOWED_HOSTS must name the hosts"),
            ("HAVIP_CSRF_TRUSTED_ORIGINS", "http://console.test", "must begin with https://"),
            ("HAVIP_TRUSTED_PROXIES", "10.0.0.0/40", "neither an IP address nor a CIDR block"),
            ("HAVIP_BETA_GATE", "maybe", "HAVIP_BETA_GATE is 'maybe'"),
            ("HAVIP_BINDING_SLOTS", "0", "HAVIP_BINDING_SLOTS is '0'"),
            ("HAVIP_JOB_HARD_LIMIT", "100", "greater than HAVIP_JOB_SOFT_LIMIT"),
            ("HAVIP_REGIONS", "/nonexistent/regions.toml", "is not a file"),
            ("HAVIP_FABRICS", "cn-beijing", "KEY=VALUE"),
        ],
    )
    def test_a_wrong_value_is_refused_with_a_reason(
        self, name: str, value: str, sentence: str
    ) -> None:
        done = load_settings(**{name: value})
        assert done.returncode == 1
        assert sentence in done.stderr

    def test_a_first_region_that_nobody_knows_is_found_at_the_start(self) -> None:
        done = run_python("manage.py", "check", HAVIP_FIRST_REGION="dc-nowhere")
        assert done.returncode == 1
        assert "HAVIP_FIRST_REGION names 'dc-nowhere', which is not a region." in done.stderr

    def test_a_refused_secret_is_not_repeated(self) -> None:
        done = load_settings(HAVIP_SECRET_KEY="Zq7rT1-too-short")
        assert done.returncode == 1
        assert "Zq7rT1" not in done.stderr

    def test_no_proxy_is_said_with_none(self) -> None:
        done = run_python(
            "-c",
            "from django.conf import settings; print(settings.HAVIP_TRUSTED_PROXIES)",
            HAVIP_TRUSTED_PROXIES="none",
        )
        assert done.stdout == "[]\n"

    def test_the_deployment_check_has_no_warning(self) -> None:
        done = run_python("manage.py", "check", "--deploy", "--fail-level", "WARNING")
        assert done.returncode == 0, done.stderr
        assert "System check identified no issues (0 silenced)." in done.stdout


class TestComposition:
    def test_the_services(self) -> None:
        assert set(SERVICES) == {
            *("migrate", "web", "worker", "beat"),
            *("database", "broker", "proxy"),
        }

    @pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
    def test_each_service_says_how_it_is(self, name: str) -> None:
        assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}

    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_each_service_is_confined(self, name: str) -> None:
        service = SERVICES[name]
        assert service["read_only"] is True
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
        assert not re.search(r"docker\.sock", str(service))

    @pytest.mark.parametrize("name", sorted(set(SERVICES) - {"proxy"}))
    def test_only_the_proxy_is_reached_from_outside(self, name: str) -> None:
        assert "ports" not in SERVICES[name]
        assert all(COMPOSE["networks"][net]["internal"] for net in SERVICES[name]["networks"])

    def test_no_secret_has_a_default(self) -> None:
        text = (ROOT / "docker-compose.yml").read_text()
        used = re.findall(r"\$\{(\w*(?:KEY|PASSWORD|SECRET|TOKEN)\w*)([^}]*)\}", text)
        assert {name for name, _ in used} == {
            *("HAVIP_SECRET_KEY", "HAVIP_AUDIT_KEY", "HAVIP_ENCRYPTION_KEY"),
            *("POSTGRES_PASSWORD", "REDIS_PASSWORD"),
        }
        assert all(rest.startswith(":?") for _, rest in used)

    def test_the_sample_environment_is_empty_but_complete(self) -> None:
        text = (ROOT / "docker-compose.yml").read_text()
        lines = (ROOT / "deploy" / "env.sample").read_text().splitlines()
        pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        assert set(pairs) == set(re.findall(r"\$\{(\w+):\?", text))
        assert set(pairs.values()) == {""}

    @pytest.mark.parametrize("name", ["migrate", "web", "worker", "beat"])
    def test_the_console_has_everything_that_it_requires(self, name: str) -> None:
        assert set(REQUIRED) <= set(SERVICES[name]["environment"])

    def test_every_image_has_a_fixed_version(self) -> None:
        for service in SERVICES.values():
            tag = service["image"].partition(":")[2]
            assert tag not in {"", "latest"}

    def test_the_proxy_replaces_what_a_client_says_about_its_origin(self) -> None:
        text = (ROOT / "deploy" / "Caddyfile").read_text()
        assert "header_up X-Forwarded-For {remote_host}" in text
        assert "header_up Host" not in text  # Caddy passes it on unchanged


class TestImage:
    def test_it_does_not_run_as_root(self) -> None:
        users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
        assert users[-1:] == ["10001:10001"]
        assert DOCKERFILE.index("USER 10001") < DOCKERFILE.index('CMD ["gunicorn"')

    def test_it_says_how_it_is(self) -> None:
        assert re.search(r"^HEALTHCHECK .*\\\n +CMD \[", DOCKERFILE, re.MULTILINE)

    def test_its_base_has_a_fixed_version(self) -> None:
        assert re.findall(r"^ARG PYTHON=(.*)$", DOCKERFILE, re.MULTILINE) == [
            "python:3.11-slim-bookworm"
        ]
        assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON}"}

    def test_it_holds_no_secret(self) -> None:
        assert not re.search(r"^(ARG|ENV) .*(KEY|PASSWORD|SECRET|TOKEN)", DOCKERFILE, re.MULTILINE)

    def test_packages_are_checked_against_their_hashes(self) -> None:
        assert "--require-hashes" in DOCKERFILE
        for name in ("base", "dev"):
            lock = (ROOT / "requirements" / f"{name}.txt").read_text()
            pinned = re.findall(
                r"^[a-z][\w.-]*==\S+(?: ; [^\\]*)? \\\n +--hash=", lock, re.MULTILINE
            )
            assert len(pinned) == len(re.findall(r"^[a-z]", lock, re.MULTILINE)) > 20
            assert "://" not in lock

    def test_only_what_runs_goes_into_the_image(self) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        assert next(line for line in lines if not line.startswith("#")) == "*"

    def test_static_files_are_collected_without_a_secret(self, tmp_path: Path) -> None:
        done = run_python(
            "manage.py",
            "collectstatic",
            "--no-input",
            "--verbosity=0",
            **dict.fromkeys(REQUIRED),
            DJANGO_SETTINGS_MODULE="console.settings.collect",
            HAVIP_STATIC_ROOT=str(tmp_path / "files"),
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "files" / "staticfiles.json").is_file()
