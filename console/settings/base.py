"""Settings that every way of running the console shares."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from console.settings.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
environment = Environment(os.environ)

# --- Applications ---------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "console.apps.ConsoleConfig",
    "console.teams.apps.TeamsConfig",
    "console.audit.apps.AuditConfig",
    "console.jobs.apps.JobsConfig",
    "console.operations.apps.OperationsConfig",
    "havip.apps.HavipConfig",
    "havip.fabric.linux.apps.LinuxFabricConfig",
    "havip.rpc.apps.RpcConfig",
]

MIDDLEWARE = [
    "console.middleware.RequestContextMiddleware",
    # Signed requests of the cloud's SDKs at the path / have nothing to do with what follows.
    "havip.rpc.middleware.RpcMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
ASGI_APPLICATION = "console.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.context.frame",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Language, time, files ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# --- Sign-in and sessions -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Not in the cache: without it pages still work, and a session that has ended cannot come back with it.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Five wrong passwords lock one user name, seen from one address, for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "console.middleware.source_address"
AXES_LOCKOUT_CALLABLE = "console.teams.views.locked_out"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- What a browser may do ------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- The console's own settings -------------------------------------------------------------------------------

# Whether a team must have applied for the beta before it may create a HaVip.
HAVIP_BETA_GATE = environment.flag("HAVIP_BETA_GATE", default=True)
# How many instances or network interfaces may be bound to one HaVip.
HAVIP_BINDING_SLOTS = environment.integer("HAVIP_BINDING_SLOTS", default=2, minimum=1, maximum=10)
# A TOML file with regions of one's own, beside the documented ones; empty: none.
HAVIP_REGIONS_FILE = environment.text("HAVIP_REGIONS", "")
# The region where somebody arrives who has looked at none yet.
HAVIP_FIRST_REGION = environment.text("HAVIP_FIRST_REGION", "cn-hangzhou")
# Proxies (addresses or CIDR blocks) whose word about a request's origin counts.
HAVIP_TRUSTED_PROXIES: list[str] = []
# Which fabric makes the network match the records, by region; "*" stands for all others.
HAVIP_FABRICS = environment.mapping("HAVIP_FABRICS", {"*": "havip.fabric.record.RecordFabric"})
# After this time without a sign of life, another worker may take a job over.
HAVIP_JOB_LEASE_SECONDS = environment.integer("HAVIP_JOB_LEASE_SECONDS", default=30, minimum=5)
# Whether every worker runs on this machine: then one that is gone is known to be, and its lease is not waited for.
HAVIP_WORKERS_ARE_LOCAL = False
# A job is asked to stop after the soft limit, and its process is ended after the hard one.
HAVIP_JOB_SOFT_LIMIT = environment.integer("HAVIP_JOB_SOFT_LIMIT", default=120, minimum=1)
HAVIP_JOB_HARD_LIMIT = environment.integer("HAVIP_JOB_HARD_LIMIT", default=150, minimum=2)
# How often a job is tried, the pause after its first try (doubling), and when a job that waits is given up.
HAVIP_JOB_ATTEMPTS = environment.integer("HAVIP_JOB_ATTEMPTS", default=5, minimum=1, maximum=50)
HAVIP_JOB_BACKOFF_SECONDS = environment.integer("HAVIP_JOB_BACKOFF_SECONDS", default=1, minimum=1)
HAVIP_JOB_DEADLINE_SECONDS = environment.integer(
    "HAVIP_JOB_DEADLINE_SECONDS", default=600, minimum=1
)
# A queued job whose message nobody took for so long is sent again.
HAVIP_JOB_RESEND_SECONDS = environment.integer("HAVIP_JOB_RESEND_SECONDS", default=10, minimum=1)
# The public addresses that EIPs are taken from: RFC 5737's block for documentation, unless a deployment has its own.
HAVIP_EIP_POOL = environment.text("HAVIP_EIP_POOL", "203.0.113.0/24")
# How many agents may wait for a change in one web process; each holds a thread of it.
HAVIP_AGENT_WAITERS = environment.integer("HAVIP_AGENT_WAITERS", default=24, minimum=1)
# RPC API: how far a request's time may be off, and how many requests a minute a key may make, of all actions and of one (0: any).
HAVIP_RPC_WINDOW_SECONDS = environment.integer(
    "HAVIP_RPC_WINDOW_SECONDS", default=900, minimum=30, maximum=3600
)
HAVIP_RPC_REQUESTS_PER_MINUTE = environment.integer("HAVIP_RPC_REQUESTS_PER_MINUTE", default=1200)
HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE = environment.integer(
    "HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE", default=600
)
# How many requests one key of the REST API may make in a minute, in all web processes together.
HAVIP_REST_REQUESTS_PER_MINUTE = environment.integer(
    "HAVIP_REST_REQUESTS_PER_MINUTE", default=1200, minimum=1
)
# How many requests may wait for their job in one web process; each holds a thread of it.
HAVIP_REST_WAITERS = environment.integer("HAVIP_REST_WAITERS", default=4, minimum=0)
HAVIP_LOG_LEVEL = environment.choice(
    "HAVIP_LOG_LEVEL",
    "INFO",
    ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
)
if HAVIP_JOB_HARD_LIMIT <= HAVIP_JOB_SOFT_LIMIT:
    environment.fault("HAVIP_JOB_HARD_LIMIT must be greater than HAVIP_JOB_SOFT_LIMIT.")
if HAVIP_REGIONS_FILE and not Path(HAVIP_REGIONS_FILE).is_file():
    environment.fault(f"HAVIP_REGIONS names {HAVIP_REGIONS_FILE!r}, which is not a file.")

# --- The REST API ---------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    # Every endpoint of havip.rest says these for itself; here they hold for whatever else would be.
    "DEFAULT_AUTHENTICATION_CLASSES": ["havip.rest.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["havip.rest.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "HaVip console",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": ["havip.rest.schema.finish"],
    "DISABLE_ERRORS_AND_WARNINGS": False,
}

# --- Background work ------------------------------------------------------------------------------------------

CELERY_TASK_DEFAULT_QUEUE = "havip"
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
# A message counts as handled when its task is done, not when it is begun; a lost worker's message comes back.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = HAVIP_JOB_SOFT_LIMIT
CELERY_TASK_TIME_LIMIT = HAVIP_JOB_HARD_LIMIT
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 2
# A request that finds no broker goes on at once: the job row is there, and the sweeper sends it again.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    # Longer than a message can wait behind one running task and then run itself.
    "visibility_timeout": 2 * HAVIP_JOB_HARD_LIMIT + 60,
    "socket_connect_timeout": 1,
    "socket_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "max_retries": 0,
    "connect_retries_timeout": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # A tick that nobody fetched in time is dropped: the next one does its work.
    "sweep": {"task": "console.jobs.tasks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "silence": {
        "task": "havip.fabric.linux.tasks.look_for_silence",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "telling": {
        "task": "havip.fabric.linux.tasks.tell_anew",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "nonces": {
        "task": "havip.rpc.tasks.forget_nonces",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "cleanup": {
        "task": "console.jobs.tasks.cleanup",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = 10
DJANGO_STRUCTLOG_COMMAND_LOGGING_ENABLED = False
