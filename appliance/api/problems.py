"""Errors as application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from appliance.api.invalid import fault_of
from appliance.library import Language, language_of
from appliance.wording import in_language
from pipelines.saying import said

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, for a person."""

    type: str = Field("about:blank", description="about:blank: the status says it all (RFC 9457, 4.2.1).")
    title: str = Field(description="The status in words.", examples=["Unauthorized"])
    status: int = Field(description="The HTTP status.", examples=[401])
    detail: str = Field("", description="What to do about it.", examples=["This token is not valid."])


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = Problem(type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, dict(headers or {}), media_type=MEDIA_TYPE)


def refusal(scope: Scope, status: int, why: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A problem in the language of whoever sent this request. why: a Said."""
    return problem(status, in_language(why, reader_of(Request(scope))), headers)


def documented(**statuses: str) -> dict[int | str, dict[str, Any]]:
    """Problems of a route for OpenAPI: documented(s404="No such viewer.")."""
    return {
        int(name[1:]): {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for name, text in statuses.items()
    }


def install_handlers(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, in_language(error.detail, reader_of(request)), error.headers)


def reader_of(request: Request) -> Language:
    """The language to answer in: of the query, else of the browser."""
    return language_of(request.query_params.get("lang"), request.headers.get("accept-language", ""))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    language = reader_of(request)
    faults = [in_language(fault_of(fault), language) for fault in error.errors()]
    return problem(422, ("；" if language == "zh" else "; ").join(faults))


async def _bug(request: Request, _error: Exception) -> Response:
    return refusal(request.scope, 500, said("box_bug", "This is a bug of the box. Its log says more."))
