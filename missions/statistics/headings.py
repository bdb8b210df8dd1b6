"""What figures are called in tables, in both languages, and how a spreadsheet shows them."""

from collections.abc import Mapping
from typing import NamedTuple


class Heading(NamedTuple):
    """A figure's names, and its number format in a spreadsheet."""

    en: str
    zh: str
    form: str = "#,##0"


_SHARE, _MIN, _KM = "0.00%", "#,##0.0", "#,##0.0"
HEADINGS: Mapping[str, Heading] = {
    "events": Heading("Events", "事件数"),
    "opened": Heading("Cases opened", "立案数"),
    "rejected": Heading("Rejected", "不予立案数"),
    "due": Heading("Due", "应处置数"),
    "handled": Heading("Handled", "处置数"),
    "on_time": Heading("On time", "按期处置数"),
    "handled_share": Heading("Handled share", "处置率", _SHARE),
    "on_time_share": Heading("On-time share", "按期处置率", _SHARE),
    "closed": Heading("Closed", "结案数"),
    "returned": Heading("Sent back", "返工数"),
    "escalated": Heading("Escalated", "升级督办数"),
    "recurring": Heading("Recurring", "重复发生数"),
    "rechecks": Heading("Re-checks", "复查数"),
    "rechecks_looked": Heading("Re-checks flown", "已复查数"),
    "answered": Heading("Answered", "已响应数"),
    "answer_median_min": Heading("Minutes to first answer, median", "首次响应分钟（中位数）", _MIN),
    "answer_p90_min": Heading("Minutes to first answer, p90", "首次响应分钟（90%）", _MIN),
    "close_median_min": Heading("Minutes to close, median", "结案分钟（中位数）", _MIN),
    "close_p90_min": Heading("Minutes to close, p90", "结案分钟（90%）", _MIN),
    "flights": Heading("Flights", "飞行架次"),
    "flights_failed": Heading("Flights failed", "失败架次"),
    "flights_cancelled": Heading("Flights cancelled", "取消架次"),
    "km": Heading("Km flown", "飞行公里", _KM),
    "minutes_flown": Heading("Minutes flown", "飞行分钟", _MIN),
    "photos": Heading("Photographs", "照片数"),
    "km_planned": Heading("Km planned", "计划公里", _KM),
    "km_separate": Heading("Km if flown separately", "各自飞行公里", _KM),
    "km_saved": Heading("Km saved", "节省公里", _KM),
    "saved_share": Heading("Saved share", "节省比例", _SHARE),
    "flights_separate": Heading("Flights if flown separately", "各自飞行架次"),
    "territory_share": Heading("Share of territory a day", "日均覆盖率", _SHARE),
    "requests": Heading("Requests", "需求数"),
    "requests_answered": Heading("Requests answered", "已答复需求数"),
    "requests_refused": Heading("Requests refused", "未受理需求数"),
    "signals": Heading("Requests by signals", "感知与上报需求数"),
    "signals_answered": Heading("Signals answered", "已答复感知与上报数"),
    "index": Heading("Index", "综合指数", "0.0"),
}
DIVISIONS: Mapping[str, tuple[str, str]] = {
    "total": ("Total", "合计"),
    "before": ("Period before", "上期"),
    "day": ("By day", "按日"),
    "week": ("By week", "按周"),
    "month": ("By month", "按月"),
    "department": ("By department", "按部门"),
    "county": ("By county", "按县市区"),
    "class": ("By class", "按大类"),
    "type": ("By type", "按小类"),
}
KEYS = (("Division", "分组"), ("Key", "代码"), ("Name", "名称（英文）"), ("Name (Chinese)", "名称"))
"""Headings of what a line is of."""
