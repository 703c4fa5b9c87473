"""A person at the console's pages, without JavaScript: signs in, fills forms in, sends them."""

from __future__ import annotations

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

from tests.consoles import PASSWORD

# A console that was killed is started again by somebody, and the machine may be busy: its port waits meanwhile.
_PATIENCE_SECONDS = 60


class _Forms(HTMLParser):
    """The forms of a page: where each is sent, and what its fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._open = True
            self.forms.append((given.get("action") or "", {}))
        elif tag == "input" and self._open and given.get("name"):
            if given.get("type") in ("checkbox", "radio") and "checked" not in given:
                return
            self.forms[-1][1][str(given["name"])] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


class Browser:
    """One signed-in session."""

    def __init__(self, address: str, user: str, password: str = PASSWORD) -> None:
        self._address = address.rstrip("/")
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.submit("/sign-in/", username=user, password=password)

    def get(self, path: str) -> str:
        """Return a page."""
        with self._opener.open(self._address + path, timeout=_PATIENCE_SECONDS) as answer:
            return str(answer.read().decode())

    def prepared(self, path: str, **values: str) -> urllib.request.Request:
        """Fill in the form of a page that is sent to the page's own address; return it, not sent yet."""
        parser = _Forms()
        parser.feed(self.get(path))
        own = [fields for action, fields in parser.forms if action in ("", path)]
        assert own, f"{path} has no form: {[action for action, _ in parser.forms]}"
        data = urllib.parse.urlencode({**own[-1], **values}).encode()
        return urllib.request.Request(
            self._address + path, data=data, headers={"Referer": self._address + path}
        )

    def send(self, request: urllib.request.Request) -> str:
        """Send a form; return what comes then. Raises OSError or HTTPException where the console dies over it."""
        try:
            with self._opener.open(request, timeout=_PATIENCE_SECONDS) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            body = error.read().decode(errors="replace")
            raise AssertionError(
                f"{request.full_url} answered {error.code}: {body[-3000:]}"
            ) from error

    def submit(self, path: str, **values: str) -> str:
        """Fill in the form of a page that is sent to the page's own address, and send it; return what comes then."""
        return self.send(self.prepared(path, **values))
