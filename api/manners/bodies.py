"""Bodies that the OpenAPI document shows for each operation; see api/manners/examples.py."""

from typing import Any

_AREA = {
    "type": "Polygon",
    "coordinates": [
        [[118.86, 28.94], [118.88, 28.94], [118.88, 28.96], [118.86, 28.96], [118.86, 28.94]]
    ],
}
_WINDOW = {"earliest": "2026-05-12T02:00:00Z", "latest": "2026-05-12T06:00:00Z"}
_PASSWORD = "the river is calm today"  # noqa: S105 - an example's

_CITY: dict[str, dict[str, Any]] = {
    "ask": {
        "an area for a scenario": {"scenario": "water-01", "geometry": _AREA, **_WINDOW},
        "a place, sharp, for an emergency": {
            "geometry": {"type": "Point", "coordinates": [118.87, 28.95]},
            "sensor": "visible",
            "gsd_m": 0.03,
            "priority": 5,
            "purpose": "landslide at the road",
            "department": "emergency",
            **_WINDOW,
        },
    },
    "preview_request": {
        "would it fit?": {"scenario": "water-01", "geometry": _AREA, **_WINDOW},
    },
    "answers": {
        "within two days": {"scenario": "water-01", "geometry": _AREA, "hours": 48},
    },
    "request_geometry application/geo+json": {
        "an area": {"type": "Feature", "properties": {"name": "river bank"}, "geometry": _AREA},
    },
    "request_geometry application/vnd.google-earth.kml+xml": {
        "a place": '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><Point>'
        "<coordinates>118.87,28.95</coordinates></Point></Placemark></kml>",
    },
    "create_standing": {
        "every weekday morning": {
            "scenario": "water-01",
            "geometry": _AREA,
            "earliest": "2026-05-13T01:00:00Z",
            "latest": "2026-05-13T03:00:00Z",
            "recurrence": {
                "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=10",
                "zone": "Asia/Shanghai",
            },
        }
    },
    "send_signal": {
        "a sensor's readings": {
            "readings": [{"device": "WL-0001", "at": "2026-05-12T08:59:00+08:00", "value": 4.31}]
        },
        "a citizen's report": {
            "report": {
                "category": "flood",
                "text": "Water up to the knees under the bridge",
                "lon": 118.8726,
                "lat": 28.9417,
                "contact": {"name": "Zhou", "phone": "13800000000"},
                "department": "water",
                "external_id": "12345-2026-0512-118",
            }
        },
        "another system's find": {
            "find": {
                "label": "waste-heap",
                "score": 0.82,
                "camera": "street camera 4711",
                "lon": 118.8601,
                "lat": 28.9623,
                "department": "ecology",
            }
        },
    },
    "dismiss_signal": {"known": {"note": "known works, announced"}},
    "register_devices": {
        "a water gauge": {
            "devices": [
                {
                    "id": "WL-0002",
                    "kind": "water-level",
                    "lon": 118.8726,
                    "lat": 28.9417,
                    "name": "Qujiang at the old bridge",
                    "department": "water",
                    "limits": {"stage": {"limit": 5.2, "clear": 5.0}},
                }
            ]
        }
    },
    "set_device_state": {"at the workshop": {"state": "calibration", "note": "until Friday"}},
    "search_by_body": {
        "photographs of a box": {
            "bbox": [118.86, 28.94, 118.88, 28.96],
            "collections": ["visible", "thermal"],
            "limit": 10,
        }
    },
    "ask_product": {"one picture of a flight's": {"kind": "mosaic-visible", "flight": "flt-1"}},
    "begin_batch": {"a memory card": {"name": "card 7 of the river patrol", "expected": 120}},
}

_FLYING: dict[str, dict[str, Any]] = {
    "command": {"begin a planned flight now": {"command": "launch"}},
    "point": {
        "look there": {
            "lon": 118.87,
            "lat": 28.95,
            "height_m": 80,
            "purpose": "smoke seen from the tower",
        }
    },
    "take_control": {"to look closer": {"reason": "smoke seen on the ridge"}},
    "ask_for_control": {"from its holder": {"reason": "smoke seen on the ridge"}},
    "hand_back_control": {"go on with the plan": {"then": "resume", "reason": "it was fog"}},
    "preview_manoeuvre": {
        "once round": {"kind": "orbit", "lon": 118.87, "lat": 28.95, "radius_m": 60, "turns": 1},
        "over there": {"kind": "go_to", "lon": 118.872, "lat": 28.951, "height_m": 90},
        "higher": {"kind": "height", "height_m": 110},
        "home": {"kind": "return"},
    },
    "fly_manoeuvre": {"what was previewed": {"token": "3f9d2c41a7e05b68"}},
    "lock": {"out of service": {"reason": "cell voltages apart: to the workshop"}},
    "ground": {
        "a storm": {
            "reason": "thunderstorm warning",
            "starts": "2026-05-12T02:00:00Z",
            "ends": "2026-05-12T05:00:00Z",
        }
    },
    "answer_filing": {
        "approved": {"approved": True, "number": "ZJ-2026-0512-0017"},
        "refused": {"approved": False, "remark": "air show over the district"},
    },
    "revoke_filing": {"a rescue": {"remark": "rescue helicopter in the valley"}},
}

_CASES: dict[str, dict[str, Any]] = {
    "step": {
        "hand over": {
            "step": "hand_over",
            "department": "emergency",
            "note": "beyond the forest's edge",
        },
        "report back": {"step": "report_back", "found": True, "note": "fire is out, embers remain"},
    },
    "create_inspection": {
        "two cases of one place": {
            "case_ids": ["cas-1", "cas-2"],
            "planned_for": "2026-05-13T01:30:00Z",
        }
    },
    "inspection_step": {
        "call the departments": {
            "step": "call",
            "planned_for": "2026-05-13T01:30:00Z",
            "note": "meet at the weir",
        }
    },
    "results": {
        "one case": {"results": [{"case_id": "cas-1", "found": False, "note": "it is cleared"}]}
    },
    "decide": {
        "mark what is seen": {
            "decision": "mark",
            "event_type": "02-01",
            "lon": 118.8702,
            "lat": 28.9501,
            "note": "floating waste at the weir",
        },
        "nothing more to see": {"decision": "done"},
    },
    "export_evidence": {
        "for the court": {
            "case": "QZ-20260512-0001",
            "recipient": "Quzhou Intermediate Court",
            "reason": "court file 2026-118",
        }
    },
    "place_hold": {"a case in court": {"subject": "cas-1", "reason": "court file 2026-118"}},
    "make_webhook": {
        "cases of the water office": {
            "url": "https://hooks.example.com/flyonce",
            "description": "the water office's duty system",
            "kinds": ["cases", "alerts"],
            "department": "water",
        }
    },
    "change_webhook": {"pause it": {"active": False}},
}

_PEOPLE: dict[str, dict[str, Any]] = {
    "sign_in": {"with a password": {"name": "wang.fang", "password": _PASSWORD}},
    "refresh": {"a new pair": {"refresh_token": "fr_the-refresh-token-of-the-answer-before"}},
    "tokens": {"back from the provider": {"code": "the-code-of-the-address-bar"}},
    "change_me": {
        "another password": {
            "old_password": _PASSWORD,
            "password": "seven herons stand by the weir",
        }
    },
    "make_account": {
        "a member": {"name": "li.na", "role": "member", "department": "water", "display": "李娜"}
    },
    "change_account": {
        "two counties": {"display": "Wang Fang", "counties": ["kecheng", "longyou"]},
        "no longer here": {"disabled": True},
    },
    "make_key": {
        "a sensor gateway": {
            "name": "gateway-1",
            "role": "machine",
            "addresses": ["203.0.113.0/24"],
        }
    },
    "change_key": {
        "until the year's end": {
            "expires_at": "2026-12-31T16:00:00Z",
            "addresses": ["203.0.113.0/24"],
        }
    },
    "make_role": {
        "a river watcher": {
            "name": "river-watch",
            "title": "River watcher",
            "title_zh": "巡河员",
            "permissions": ["request", "decide"],
        }
    },
    "change_role": {"also sends reports": {"permissions": ["request", "decide", "signal"]}},
    "set_quota": {"flood season": {"requests": 800, "reason": "flood season"}},
}

BODIES: dict[str, dict[str, Any]] = {**_CITY, **_FLYING, **_CASES, **_PEOPLE}
"""By operation (and type of the body, where it is not JSON): title -> body."""

CURL: dict[str, str] = {
    "deliver image/jpeg": "curl -X POST localhost:8000/api/v1/media -H 'Content-Type: image/jpeg' "
    "-H 'X-Vehicle: QZ-07' -H 'X-Camera: dt-wide' --data-binary @photo.jpg",
    "patch application/offset+octet-stream": "curl -X PATCH localhost:8000/api/v1/uploads/upl-1 "
    "-H 'Content-Type: application/offset+octet-stream' -H 'Tus-Resumable: 1.0.0' "
    "-H 'Upload-Offset: 0' --data-binary @photo.jpg",
    "request_geometry application/octet-stream": "curl -X POST "
    "'localhost:8000/api/v1/requests/geometry?name=area.zip' "
    "-H 'Content-Type: application/octet-stream' --data-binary @area.zip",
    "request_geometry multipart/form-data": "curl -X POST "
    "localhost:8000/api/v1/requests/geometry -F crs=GCJ02 -F file=@area.zip",
}
"""Bodies that are files: the command that sends one. The test reads the command and does it."""
