"""Template tags of the design system: the small pieces that pages are made of (see docs/design-system.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from django import template
from django.forms import CheckboxInput
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext

register = template.Library()

# State -> (tone, icon). Spelling counts: an instance is "Running", a job is "running".
STATE_LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    # HaVip, EIP
    "Creating": ("run", "spinner"),
    "Available": ("note", "circle"),
    "Associating": ("run", "spinner"),
    "InUse": ("ok", "check-circle"),
    "Unassociating": ("run", "spinner"),
    "Deleting": ("run", "spinner"),
    "Releasing": ("run", "spinner"),
    # instance
    "Pending": ("run", "spinner"),
    "Starting": ("run", "spinner"),
    "Running": ("ok", "play"),
    "Stopping": ("run", "spinner"),
    "Stopped": ("idle", "stop"),
    # network interface
    "Attaching": ("run", "spinner"),
    "Detaching": ("run", "spinner"),
    # binding
    "binding": ("run", "spinner"),
    "bound": ("ok", "bind"),
    "unbinding": ("run", "spinner"),
    "empty": ("idle", "circle"),
    # job
    "queued": ("idle", "clock"),
    "running": ("run", "spinner"),
    "succeeded": ("ok", "check-circle"),
    "failed": ("bad", "x-circle"),
    "cancelled": ("idle", "slash"),
    "cancelling": ("run", "spinner"),
    # audit result
    "refused": ("warn", "slash"),
    # what the network shows
    "MASTER": ("live", "hold"),
    "BACKUP": ("idle", "circle"),
    "FAULT": ("bad", "alert"),
    "SPLIT": ("bad", "alert"),
    "STOP": ("idle", "stop"),
    "unknown": ("idle", "help"),
    # applications, requests, keys, checks
    "pending": ("note", "clock"),
    "approved": ("ok", "check-circle"),
    "declined": ("bad", "x-circle"),
    "active": ("ok", "check-circle"),
    "expired": ("idle", "clock"),
    "revoked": ("idle", "slash"),
    "passed": ("ok", "check"),
    "warning": ("warn", "alert"),
}
_UNKNOWN_LOOK: Final = ("idle", "dot")
_SHORT_HEAD, _SHORT_TAIL = 9, 5
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@lru_cache(maxsize=1)
def _sprite_url() -> str:
    """Return the address of the icon sprite; it never changes while the process lives."""
    return static("img/icons.svg")


@lru_cache(maxsize=512)
def _icon(name: str, size: str, spin: bool) -> SafeString:
    """Draw one icon of the sprite; a handful of variants exist, so all of them stay cached."""
    modifiers = "".join((f" icon--{size}" if size else "", " icon--spin" if spin else ""))
    return format_html(
        '<svg class="icon{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        modifiers,
        _sprite_url(),
        name,
    )


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw the icon `name` of img/icons.svg; size: "", "s", "l" or "xl". Always decorative: a word stands beside it."""
    return _icon(name, size, spin=name == "spinner")


@register.simple_tag
def status_chip(state: object, label: object = "", title: object = "") -> SafeString:
    """Draw a state as colour, icon and word. `label` is the translated word; without it the state itself is shown."""
    name = str(state)
    tone, icon_name = STATE_LOOKS.get(name, _UNKNOWN_LOOK)
    tip = format_html(' title="{}"', title) if title else ""
    return format_html(
        '<span class="chip chip--{}" data-state="{}"{}>{}{}</span>',
        tone,
        name,
        tip,
        icon(icon_name),
        label or name,
    )


@register.simple_tag
def chip(label: object, tone: str = "idle", icon_name: str = "", title: object = "") -> SafeString:
    """Draw any other short fact as a chip; tone: ok, live, run, bad, note, warn, idle."""
    tip = format_html(' title="{}"', title) if title else ""
    drawn = icon(icon_name) if icon_name else ""
    return format_html('<span class="chip chip--{}"{}>{}{}</span>', tone, tip, drawn, label)


@register.simple_tag
def copy_button(value: object, what: object = "") -> SafeString:
    """Draw a button that copies `value`; `what` names it for a screen reader where the value itself would not do."""
    name = gettext("Copy %(what)s") % {"what": what or value}
    return format_html(
        '<button type="button" class="copy" data-copy="{}" aria-label="{}" title="{}">{}</button>',
        value,
        name,
        name,
        icon("copy", "s"),
    )


@register.simple_tag
def address(value: object, url: str = "", size: str = "", copy: bool = True) -> SafeString:
    """Draw an address or id in the monospaced face, copyable, linked if `url` is given.

    size: "" | "big" | "short" (the middle of a long id is left out on screen; copying gives all of it).
    """
    if not value:
        return format_html('<span class="dim">{}</span>', "—")
    whole = str(value)
    cut = size == "short" and len(whole) > _SHORT_HEAD + _SHORT_TAIL + 1
    text = format_html(
        "<code>{}</code>", f"{whole[:_SHORT_HEAD]}…{whole[-_SHORT_TAIL:]}" if cut else whole
    )
    if url:
        text = format_html('<a href="{}">{}</a>', url, text)
    modifier = f" address--{size}" if size else ""
    tip = format_html(' title="{}"', whole) if cut else ""
    button = copy_button(value) if copy else ""
    return format_html('<span class="address{}"{}>{}{}</span>', modifier, tip, text, button)


def _relative(seconds: float) -> str:
    """Say how long ago (or ahead) something is, in one unit."""
    distance = abs(int(seconds))
    if distance < _MINUTE:
        amount = ngettext("%(count)d second", "%(count)d seconds", distance) % {"count": distance}
    elif distance < _HOUR:
        minutes = distance // _MINUTE
        amount = ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    elif distance < _DAY:
        hours = distance // _HOUR
        amount = ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    else:
        days = distance // _DAY
        amount = ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    if seconds < 0:
        return pgettext("a point of time to come", "in %(amount)s") % {"amount": amount}
    return pgettext("a point of time that is past", "%(amount)s ago") % {"amount": amount}


def _lasting(span: timedelta) -> str:
    """Say how long something has lasted, in its two largest units."""
    total = max(0, int(span.total_seconds()))
    parts = {
        "days": total // _DAY,
        "hours": total % _DAY // _HOUR,
        "minutes": total % _HOUR // _MINUTE,
        "seconds": total % _MINUTE,
    }
    if parts["days"]:
        return gettext("for %(days)d d %(hours)d h") % parts
    if parts["hours"]:
        return gettext("for %(hours)d h %(minutes)d min") % parts
    if parts["minutes"]:
        return gettext("for %(minutes)d min %(seconds)d s") % parts
    return gettext("for %(seconds)d s") % parts


def _moment(value: datetime) -> tuple[str, str]:
    """Return the moment for machines, and for people in the current time zone."""
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    zone = local.tzname() or ""
    return value.isoformat(timespec="seconds"), f"{local:%Y-%m-%d %H:%M:%S} {zone}".rstrip()


@register.simple_tag(name="time")
def time_tag(value: datetime | None, style: str = "relative") -> SafeString:
    """Draw a moment as <time>.

    style: "relative" ("3 minutes ago") or "for" ("for 3 d 4 h"), with the moment as title; "absolute" or "clock"
    (time of day only), with "3 minutes ago" as title.
    """
    if value is None:
        return format_html('<span class="dim">{}</span>', "—")
    machine, absolute = _moment(value)
    now = timezone.now() if timezone.is_aware(value) else timezone.now().replace(tzinfo=None)
    relative = _relative((now - value).total_seconds())
    if style == "for":
        return format_html(
            '<time datetime="{}" title="{}" class="nowrap">{}</time>',
            machine,
            absolute,
            _lasting(now - value),
        )
    if style == "relative":
        return format_html(
            '<time datetime="{}" title="{}" data-relative class="nowrap">{}</time>',
            machine,
            absolute,
            relative,
        )
    shown = absolute[11:19] if style == "clock" else absolute
    return format_html(
        '<time datetime="{}" title="{}" class="mono nowrap">{}</time>', machine, relative, shown
    )


@register.filter
def seconds(value: float | None) -> str:
    """Say a duration in seconds with one digit after the point, in minutes from 100 seconds on."""
    if value is None:
        return "—"
    if value >= 100:
        return gettext("%(minutes)d min %(seconds)d s") % {
            "minutes": int(value) // 60,
            "seconds": int(value) % 60,
        }
    return gettext("%(seconds).1f s") % {"seconds": value}


@register.filter
def initials(name: object) -> str:
    """Shorten a person's name for the round badge: the first letters of two words, or one Chinese character."""
    words = str(name).replace("@", " ").replace(".", " ").split()
    if not words:
        return "?"
    return "".join(word[0] for word in (words if words[0].isascii() else words[:1])[:2])


def _part(refusal: object, name: str) -> str:
    """Read one part of a refusal that is an object, a mapping or just a sentence."""
    if isinstance(refusal, Mapping):
        return str(refusal.get(name) or "")
    return str(getattr(refusal, name, "") or "")


@register.filter
def refusal_text(refusal: object) -> SafeString:
    """Write a refusal as "B2 · what is wrong, what to do"; takes a Refusal, a mapping with its keys, or a sentence."""
    if not refusal:
        return SafeString("")
    message = _part(refusal, "message") or str(refusal)
    remedy = _part(refusal, "remedy")
    gap = "" if message.endswith("。") else " "  # a Chinese full stop brings its own
    text = f"{message}{gap}{remedy}".rstrip()
    number = _part(refusal, "number")
    if not number:
        return format_html("{}", text)
    return format_html('<span class="rule">{}</span> · {}', number, text)


@register.simple_tag
def refusal_button(
    label: object,
    url: str = "",
    refusal: object = None,
    tone: str = "",
    icon_name: str = "",
    overlay: bool = False,
    small: bool = False,
    name: str = "",
    value: object = "",
) -> SafeString:
    """Draw an action: a link (`url` given) or the form's submit button; refused, it is drawn disabled with its reason.

    tone: "" | "primary" | "danger" | "destroy" | "quiet"; `overlay` opens the link's page as drawer or dialog over
    this one; `refusal`: see `refusal_text`; `name` and `value` are the submit button's.
    """
    classes = "btn" + (f" btn--{tone}" if tone else "") + (" btn--small" if small else "")
    drawn = icon(icon_name) if icon_name else ""
    if refusal:
        return format_html(
            '<button type="button" class="{}" aria-disabled="true">{}{}<span class="tip">{}</span></button>',
            classes,
            drawn,
            label,
            refusal_text(refusal),
        )
    if not url:
        extra = format_html(' name="{}" value="{}"', name, value) if name else ""
        return format_html(
            '<button type="submit" class="{}"{}>{}{}</button>', classes, extra, drawn, label
        )
    return format_html(
        '<a class="{}" href="{}"{}>{}{}</a>',
        classes,
        url,
        overlay_attributes(url, overlay),
        drawn,
        label,
    )


@register.simple_tag
def overlay_attributes(url: str, overlay: object = True) -> SafeString:
    """Write what opens a link's page over this one: `<a href="{{ url }}"{% overlay_attributes url %}>`."""
    if not overlay:
        return SafeString("")
    return format_html(
        ' hx-get="{}" hx-target="#overlay" hx-swap="innerHTML" data-opens-overlay', url
    )


@register.simple_tag(takes_context=True)
def sort_header(
    context: template.Context, key: str, label: object, default: str = "", numeric: bool = False
) -> SafeString:
    """Draw a `<th>` that sorts by `key`: links to ?sort=key, or ?sort=-key when that is the order now.

    The order now is `sort` of the query, or `default` ("key" or "-key"). Other parameters stay, but the place in the
    list (`cursor`) goes.
    """
    request = context.get("request")
    query: dict[str, Sequence[str]] = dict(request.GET.lists()) if request else {}
    current = (list(query.get("sort", [])) or [default])[-1]
    ascending, descending = current == key, current == f"-{key}"
    kept = {name: value for name, value in query.items() if name not in {"sort", "cursor"}}
    kept["sort"] = [f"-{key}" if ascending else key]
    order = "ascending" if ascending else "descending" if descending else ""
    arrow = "sort-up" if ascending else "sort-down" if descending else "sort"
    return format_html(
        '<th scope="col"{}{}><a href="?{}">{}{}</a></th>',
        SafeString(' class="num"' if numeric else ""),
        format_html(' aria-sort="{}"', order) if order else "",
        urlencode(kept, doseq=True),
        label,
        icon(arrow, "s"),
    )


@register.simple_tag
def field_attributes(field: Any) -> SafeString:
    """Return the widget of a bound field with ids of its help and errors as aria-describedby, and aria-invalid."""
    if field.is_hidden:
        return SafeString(field.as_widget())
    identity = field.auto_id or field.html_name
    described = [f"{identity}-help"] if field.help_text else []
    described += [f"{identity}-error"] if field.errors else []
    described += (
        [str(field.field.widget.attrs["aria-describedby"])]
        if "aria-describedby" in field.field.widget.attrs
        else []
    )
    attrs: dict[str, str] = {"aria-describedby": " ".join(described)} if described else {}
    if field.errors:
        attrs["aria-invalid"] = "true"
    return SafeString(field.as_widget(attrs=attrs))


@register.filter
def is_checkbox(field: Any) -> bool:
    """Tell whether a bound field is a single tick box, whose label stands behind it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_group(field: Any) -> bool:
    """Tell whether a bound field is a group of radio buttons or tick boxes, which needs a legend."""
    return bool(getattr(field.field.widget, "use_fieldset", False))


@register.inclusion_tag("components/_meter.html")
def meter(label: object, used: int, limit: int, unit: object = "") -> dict[str, object]:
    """Draw use against a limit as a bar; amber from 80 %, red when the limit is reached."""
    share = 100 if limit <= 0 else min(100, round(100 * used / limit))
    tone = "full" if used >= limit else "warn" if share >= 80 else ""
    return {
        "label": label,
        "used": used,
        "limit": limit,
        "unit": unit,
        "share": share,
        "tone": tone,
    }
