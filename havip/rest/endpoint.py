"""What every address of the interface has in common: key, limits, strict inputs, conditional answers, problems."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, UnsupportedMediaType
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from console.operations.refusal import PERMISSION
from console.teams.models import Team
from console.teams.principal import Principal
from havip.rest import entity_tags, throttling
from havip.rest.authentication import Caller, KeyAuthentication
from havip.rest.documented import Spec
from havip.rest.parsing import StrictJSONParser
from havip.rest.problems import Fault, Problem, malformed, problem_of
from havip.rest.throttling import Allowance


class Endpoint(APIView):
    """An address: each of its methods is a `documented` handler, and only what that says is taken."""

    authentication_classes = [KeyAuthentication]
    permission_classes = []
    throttle_classes = []
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    metadata_class = None
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    _allowance: Allowance | None = None

    @property
    def principal(self) -> Principal:
        """The caller, in the key's team."""
        caller: Caller = self.request.user  # type: ignore[assignment]
        return caller.principal

    @property
    def team(self) -> Team:
        """The key's team: everything is read from there."""
        return self.principal.team

    @property
    def spec(self) -> Spec | None:
        """What the handler of this request says about itself; None for a method that is not known here."""
        handler = getattr(self, str(self.request.method).lower(), None)
        found: Spec | None = getattr(handler, "spec", None)
        return found

    # --- Before the handler ---------------------------------------------------------------------------------------

    def check_permissions(self, request: Request) -> None:
        """Refuse who bears no key, and a reader whose role may not read this; what writes is refused by its operation."""
        if not isinstance(request.user, Caller):
            raise NotAuthenticated
        self._allowance = throttling.spend(request.user.key.key_id)
        if self._allowance.remaining < 0:
            raise throttling.exceeded(self._allowance)
        if self.spec is None:
            raise MethodNotAllowed(str(request.method))
        if not self.spec.writes and not self.principal.may(self.spec.needs):
            raise PERMISSION.refuse()
        self._check_parameters(request, self.spec)
        self._check_preconditions(request, self.spec)
        if self.spec.writes or self.spec.body is not None:
            _check_length(request)
        if self.spec.writes and self.spec.body is None and request.data:
            detail = _("This request takes no body.")
            raise malformed([Fault("UnknownParameter", detail, pointer="#")])

    def _check_parameters(self, request: Request, spec: Spec) -> None:
        """Refuse parameters that mean nothing here, that come twice, or that are missing."""
        faults = []
        for name, values in request.query_params.lists():
            if name not in spec.known_parameters:
                detail = _("There is no such parameter here.")
                faults.append(Fault("UnknownParameter", detail, parameter=name[:60]))
            elif len(values) > 1 and name not in spec.repeatable_parameters:
                detail = _("It must be given once.")
                faults.append(Fault("InvalidParameter", detail, parameter=name))
            elif not all(values):
                detail = _("It must not be empty; leave it out instead.")
                faults.append(Fault("InvalidParameter", detail, parameter=name))
        for parameter in spec.parameters:
            if parameter.required and parameter.name not in request.query_params:
                detail = _("It is needed.")
                faults.append(Fault("MissingParameter", detail, parameter=parameter.name))
        if faults:
            raise malformed(faults)

    def _check_preconditions(self, request: Request, spec: Spec) -> None:
        """Refuse a precondition that nothing would look at: whoever asks for one must not get the change without it."""
        ignored = [] if spec.conditional else ["If-Match"]
        if request.method not in ("GET", "HEAD"):
            ignored.append("If-None-Match")
        faults = [
            Fault("InvalidParameter", _("This precondition means nothing here."), header=name)
            for name in ignored
            if name in request.headers
        ]
        if faults:
            raise malformed(faults)

    # --- The handler's tools --------------------------------------------------------------------------------------

    def body(self) -> dict[str, Any]:
        """Return the request's body, as the handler's shape has it. Raises ValidationError."""
        assert self.spec is not None
        assert self.spec.body is not None
        form = self.spec.body(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def shown(
        self, content: Any, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
    ) -> Response:
        """Answer with a representation and its entity tag; 304 where the caller has it already."""
        tag = entity_tags.entity_tag(content)
        reads = self.request.method in ("GET", "HEAD")
        known = self.request.headers.get("If-None-Match")
        if reads and known is not None and entity_tags.is_known(known, tag):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        return Response(content, status=status, headers={"ETag": tag, **(headers or {})})

    def still_matches(self, look: Callable[[], Any]) -> Callable[[], bool]:
        """Return the condition of an If-Match header: what `look` returns has one of its tags. None: the operation says that it is gone."""
        header = self.request.headers.get("If-Match")
        if header is None:
            return lambda: True
        tags = entity_tags.tags_of(header, "If-Match")

        def matches() -> bool:
            if tags == [entity_tags.ANY]:
                return True
            content = look()
            return content is None or entity_tags.entity_tag(content) in tags

        return matches

    # --- After it -------------------------------------------------------------------------------------------------

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]
        """Answer every error with a problem."""
        problem = problem_of(exc)
        if isinstance(exc, MethodNotAllowed):
            problem.headers = {"Allow": ", ".join(self.allowed_methods)}
        return problem.response(self.request._request)  # noqa: SLF001 - the plain request bears the identifier

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that have a handler."""
        return [name.upper() for name in self.http_method_names if hasattr(self, name)]

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Add what is said with every answer: what is left of the key's requests, and that caches ask again."""
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        if self._allowance is not None:
            remaining = max(0, self._allowance.remaining)
            Allowance(self._allowance.limit, remaining, self._allowance.reset).write(answer)
        if "Cache-Control" not in answer:
            answer["Cache-Control"] = "private, no-cache"
        patch_vary_headers(answer, ["Authorization", "Accept-Language", "Cookie"])
        return answer


def _check_length(request: Request) -> None:
    """Refuse a body whose length is not said, which the server would hand on as an empty one, and one that is packed."""
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise Problem(
            HTTPStatus.LENGTH_REQUIRED,
            "LengthRequired",
            _("The length of the body must be said."),
            remedy=_("Send Content-Length instead of Transfer-Encoding."),
        )
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType(
            coding,
            _("A body must not be encoded, but came as %(coding)s.") % {"coding": coding[:60]},
        )


class AnyAccept(BaseContentNegotiation):
    """For files that there is one form of: they are sent whatever the request accepts."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """Take no body."""
        return parsers[0]

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Render nothing: the file is sent past it."""
        return JSONRenderer(), JSONRenderer.media_type


class Nothing(Endpoint):
    """An address below the interface's at which nothing is."""

    authentication_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say so, whatever the method and whoever asks."""
        del args, kwargs
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "NotFound",
            _("There is nothing at %(path)s.") % {"path": request.path[:200]},
        )
