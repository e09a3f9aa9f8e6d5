"""Where the LCD is in the camera's picture: measured on order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from appliance.api.access import assistant
from appliance.api.problems import documented, reader_of
from appliance.api.wire import CalibrationOrder, CalibrationOut, ProgressOut
from appliance.gateway import Gateway
from appliance.library import Language
from appliance.wording import in_language
from pipelines.calibration.report import Finding, Report
from pipelines.saying import Said, from_json, said

_ERRORS = documented(
    s401="No token, or a wrong one.",
    s403="A viewer's token.",
    s422="A field is wrong.",
    s503="The studio is being started: try again in a second.",
)


Share = Annotated[float, Field(ge=-0.5, le=1.5, allow_inf_nan=False)]
Point = tuple[Share, Share]


class CornersBody(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"corners": [[0.13, 0.12], [0.88, 0.13], [0.87, 0.89], [0.13, 0.88]]}]
        },
    )

    corners: tuple[Point, Point, Point, Point] = Field(
        description="Of the LCD's picture, not of its frame: top left, top right, bottom right, bottom left, "
        "as shares of the camera's picture (GET /pictures/camera)."
    )


def calibration_routes(gateway: Gateway) -> APIRouter:
    router = APIRouter(
        prefix="/calibration", tags=["calibration"], dependencies=[Depends(assistant)], responses=_ERRORS
    )

    @router.get("", summary="How the last calibration went")
    async def get_calibration(request: Request) -> CalibrationOut:
        """step, reason and findings are in the reader's language (Accept-Language, or ?lang=zh)."""
        return _out(gateway, reader_of(request))

    @router.post(
        "",
        status_code=202,
        summary="Find the LCD in the camera's picture",
        responses=documented(s409="A calibration is running.", s413="The body is too large."),
    )
    async def post_calibration(request: Request, body: CalibrationOrder) -> CalibrationOut:
        """Answers at once; GET tells how it goes. Takes about ten seconds."""
        if gateway.calibrations.news.state == "running":
            raise HTTPException(
                409,
                said(
                    "calibration_runs", "A calibration is running: GET /api/v1/calibration tells how it goes."
                ),
            )
        gateway.calibrations.start(body.kind)
        return _out(gateway, reader_of(request))

    @router.put(
        "/corners",
        status_code=202,
        summary="Say where the LCD's four corners are",
        responses=documented(s413="The body is too large."),
    )
    async def put_corners(request: Request, body: CornersBody) -> CalibrationOut:
        """Where neither pattern nor courseware can be found. They take the place of what was measured; a
        calibration that is accepted later takes theirs. GET tells whether they can be a screen's."""
        gateway.calibrations.use_corners(body.corners)
        return _out(gateway, reader_of(request))

    @router.get(
        "/picture",
        summary="The camera's picture with the page's grid and the errors of the points",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}, **documented(s404="There is no picture.")},
    )
    async def get_picture() -> Response:
        """Of the last calibration since the box was started. It shows who stood there: it is not stored."""
        if not gateway.calibrations.news.picture:
            raise HTTPException(404, said("no_calibration_picture", "There is no picture: calibrate first."))
        return Response(
            gateway.calibrations.news.picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"}
        )

    @router.delete("", status_code=204, summary="Forget what was measured; the settings decide again")
    async def delete_calibration() -> Response:
        gateway.calibrations.forget()
        return Response(status_code=204)

    return router


def _out(gateway: Gateway, language: Language) -> CalibrationOut:
    news = gateway.calibrations.news
    report = None if news.report is None else Report.model_validate(news.report)
    if report is not None:
        findings = [_told(finding, language) for finding in report.findings]
        report = report.model_copy(update={"findings": findings})
    return CalibrationOut(
        state=news.state,
        kind=news.kind,
        step=in_language(news.step, language),
        reason=in_language(news.reason, language),
        progress=None if news.progress is None else ProgressOut.model_validate(news.progress),
        report=report,
        has_picture=bool(news.picture),
    )


def _told(finding: Finding, language: Language) -> Finding:
    """Text and mend in the reader's language; what an earlier box stored has its English alone."""
    values = from_json(finding.values)
    text = in_language(Said(finding.text, finding.code, values), language)
    mend = in_language(Said(finding.mend, finding.mend_code, values), language)
    return finding.model_copy(update={"text": text, "mend": mend})
