"""What a case's watch still lacks, said to a person in both languages."""

from missions.cases.recheck import Progress, Wait

_SAID = {
    Wait.FIRST: ("no look has been flown yet", "尚未复查"),
    Wait.UNSEEN: ("not every place could be seen yet", "部分地点尚未拍清"),
    Wait.WARM: (
        "the last look was warm: the passes begin anew",
        "上次复查偏暖，重新计数",
    ),
    Wait.RISING: (
        "the temperature rises: it is looked at sooner",
        "温度在上升，缩短复查间隔",
    ),
    Wait.PASSES: ("more cold looks are needed", "冷却次数不足"),
    Wait.NIGHT: (
        "cold looks at night are needed, when the sun hides nothing",
        "需夜间复查，避免日照掩盖",
    ),
    Wait.DAWN: ("a look after the next dawn is needed", "需次日黎明后复查"),
    Wait.SPAN: ("the cold looks do not span the time yet", "观察时长不足"),
}


def why(p: Progress) -> tuple[str, str]:
    """Why a watched case is not cold yet, in English and in Chinese; empty when it is."""
    if p.waits is None:
        return "", ""
    said, said_zh = _SAID[p.waits]
    count = f"{p.passes} of {p.needed_passes} cold looks"
    count_zh = f"冷却 {p.passes}/{p.needed_passes} 次"
    if p.needed_night_passes:
        count += f", {p.night_passes} of {p.needed_night_passes} at night"
        count_zh += f"，夜间 {p.night_passes}/{p.needed_night_passes} 次"
    if p.needed_hours:
        count += f", {p.hours:.1f} of {p.needed_hours:.1f} h"
        count_zh += f"，{p.hours:.1f}/{p.needed_hours:.1f} 小时"
    places = f"; {p.cold} of {p.places} places are cold" if p.places > 1 else ""
    places_zh = f"；{p.cold}/{p.places} 处已冷却" if p.places > 1 else ""
    return f"{said} ({count}{places})", f"{said_zh}（{count_zh}{places_zh}）"
