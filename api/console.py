"""The console's files: hashed assets are kept for ever, everything else is asked for anew."""

from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>FlyOnce</title>
<h1>The console is not built yet</h1>
<p>Run <code>./scripts/build-console</code> and reload this page. The API works already:
<a href="/docs">its description</a>.</p></html>"""


class Console(StaticFiles):
    """A single-page application: every address without a file of its own is the index."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self.index = folder / "index.html"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4404, "reason": "no such socket"})
            return
        await super().__call__(scope, receive, send)

    async def check_config(self) -> None:
        """Nothing to check: a console that is not built yet is answered for in `get_response`."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        path = PurePosixPath(path.replace("\\", "/")).as_posix()
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404, "no such address")
        try:
            response = await super().get_response("index.html" if path == "." else path, scope)
        except HTTPException as error:
            if error.status_code != 404 or PurePosixPath(path).suffix:
                raise
            response = await self._index(scope)
        hashed = path.startswith("assets/") and response.status_code in {200, 206, 304}
        response.headers["Cache-Control"] = _FOREVER if hashed else "no-cache"
        return response

    async def _index(self, scope: Scope) -> Response:
        if not self.index.is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503)
        return await super().get_response("index.html", scope)
