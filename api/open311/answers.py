"""How Open311 is answered: the same content as JSON or XML, and its own shape of errors."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import Response

from api.problems import Rejection, messages_of
from schemas.refusals import Refused

PREFIX = "/open311/"
Form = Literal["json", "xml"]

_ONE_OF = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "values": "value",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What an entry of a list is called in XML."""
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STATUS = {401: 403, 422: 400}
"""Where the standard has another status than we: 403 for the key, 400 for whatever is wrong with the content."""

Content = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def answer(root: str, content: Content, *, form: Form, status: int = 200, **headers: str) -> Response:
    """Return ``content``; ``root`` names the outermost element of XML."""
    if form == "json":
        return Response(
            json.dumps(content, ensure_ascii=False), status_code=status, media_type="application/json", headers=headers
        )
    element = Element(root)
    _fill(element, content)
    body = tostring(element, encoding="utf-8", xml_declaration=True)
    return Response(body, status_code=status, media_type="text/xml; charset=utf-8", headers=headers)


def refusal(refused: Refused, *, status: int, path: str) -> Response:
    """Return a refusal in the shape of the standard, in both languages; in XML where the address asks for that."""
    status = _STATUS.get(status, status)
    fields = refused.fields if isinstance(refused, Rejection) else ()
    told = [(field.code, f"{field.field}: {field.detail}") for field in fields] or [(refused.code, refused.detail)]
    errors = [{"code": str(status), "description": _sentence(code, detail)} for code, detail in told]
    return answer("errors", errors, form="xml" if path.endswith(".xml") else "json", status=status)


def _sentence(code: str, detail: str) -> str:
    messages = messages_of(code)
    return f"{code}: {messages.zh} {messages.en} {detail}".strip()


def _fill(element: Element, content: Any) -> None:
    if isinstance(content, Mapping):
        for name, value in content.items():
            _fill(SubElement(element, name), value)
    elif isinstance(content, list | tuple):
        for value in content:
            _fill(SubElement(element, _ONE_OF[element.tag]), value)
    elif isinstance(content, bool):
        element.text = str(content).lower()
    elif content is not None:
        element.text = _NO_XML.sub("\ufffd", str(content))
