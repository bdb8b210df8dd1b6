"""Fetches the forecast from a service that speaks as Open-Meteo's does."""

import asyncio
import logging
from collections.abc import Sequence

import httpx

from core.clock import Clock
from core.errors import Unavailable
from missions.preflight.forecast import FIELDS, HourlyForecast, cell_of, centre_of, read
from missions.presets import Dock

EVERY_S = 1800.0
"""Models are run every one to six hours."""
AGAIN_S = 120.0
_TIMEOUT_S = 20.0
_DAYS = 3

logger = logging.getLogger("flyonce.forecast")


class Fetcher:
    """Keeps a forecast fresh, in the computer's own time.

    Args:
        url: of the service, such as https://api.open-meteo.com/v1/forecast.
    """

    def __init__(
        self,
        url: str,
        docks: Sequence[Dock],
        forecast: HourlyForecast,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._transport = transport
        self._url = url
        self._cells = sorted({cell_of(dock.position) for dock in docks})
        self._forecast = forecast
        self._clock = clock

    async def run(self) -> None:
        """Fetch for ever; what was known stays while the service does not answer."""
        while True:
            try:
                await self.fetch()
            except Unavailable as why:
                logger.warning("%s", why)
                await asyncio.sleep(AGAIN_S)
            else:
                await asyncio.sleep(EVERY_S)

    async def fetch(self) -> None:
        """Fetch once.

        Raises:
            Unavailable: the service does not answer, or not as it should.
        """
        places = [centre_of(cell) for cell in self._cells]
        query = {
            "latitude": ",".join(str(p.lat) for p in places),
            "longitude": ",".join(str(p.lon) for p in places),
            "hourly": ",".join(FIELDS),
            "wind_speed_unit": "ms",
            "timezone": "GMT",
            "forecast_days": str(_DAYS),
        }
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, transport=self._transport) as client:
                answer = await client.get(self._url, params=query)
                answer.raise_for_status()
                body = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as why:
            raise Unavailable(
                f"no forecast: {why}", where=self._url, remedy="check FLYONCE_FORECAST_URL"
            ) from why
        bodies = body if isinstance(body, list) else [body]
        if len(bodies) != len(self._cells):
            raise Unavailable(
                f"a forecast for {len(bodies)} of {len(self._cells)} places", where=self._url
            )
        now = self._clock.now()
        self._forecast.renew(
            {
                cell: read(one, now, f"forecast of {httpx.URL(self._url).host}")
                for cell, one in zip(self._cells, bodies, strict=True)
            }
        )
