"""The API's description: the finishing of the OpenAPI document, and a page that people read.

The page is plain HTML made here, because the usual viewers load their scripts from elsewhere and
the service must work without a way out.
"""

import re
from functools import partial
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from api.errors import Problem
from api.manners.describing import describe

INTRODUCTION = """\
Times are ISO-8601 in UTC, positions WGS-84 degrees (longitude first in GeoJSON), heights metres
above ground. Errors are `application/problem+json` (RFC 9457) and name the field and the remedy.

`Authorization: Bearer TOKEN` says who is calling; the token holds role and department, and the
department decides what is seen. On the machine that runs the service no token is needed unless
`FLYONCE_REQUIRE_SIGN_IN` is set.

Every address may also answer 413 (body too large), 415 (body of a wrong type), 421 (the service is
not called so), 429 (too often: `Retry-After`) and 500 (our mistake: `instance` names it).
`Idempotency-Key`, `ETag`, `If-Match`, rates and quotas: docs/api.md.

Lists come in pages: give `next` of one page as `after` of the following one.

`/api/v1/live` is a WebSocket with the present state at most five times a second: `{"t", "speed",
"drones": [[id, lon, lat, height_m, heading_deg, speed_mps, battery, state, flight_id, progress,
heard_s_ago, photos, signed]], "counts", "alerts"}`. The token goes into `?token=` or, as
`{"token": TOKEN}`, into the first message. `alerts` holds only what is new since the last frame.
With `?after=` (a number of the feed, `latest`, or the id of an alert) frames also hold `changes`
and `seq`, and nothing that happened behind it is missing or told twice (docs/events.md).
`signed` is the share of the drone's last hundred packets that carried its own MAVLink signature.
"""

TAGS = [
    {"name": "city", "description": "The preset: what never changes while the service runs."},
    {"name": "access", "description": "Signing in, accounts, keys and roles."},
    {"name": "requests", "description": "What the departments want to see."},
    {
        "name": "signals",
        "description": "Sensor readings, citizens' reports and other systems' finds; devices.",
    },
    {"name": "flights", "description": "The day's plan and what flies."},
    {
        "name": "preflight",
        "description": "May it fly? Applications, groundings, the weather ahead, go and no-go.",
    },
    {"name": "media", "description": "Photographs."},
    {"name": "uploads", "description": "Files that people bring: resumable (tus 1.0), in batches."},
    {"name": "coverage", "description": "What was really photographed, and whether it will do."},
    {
        "name": "catalogue",
        "description": "Photographs and what is made of them: STAC, GeoTIFFs and map tiles.",
    },
    {"name": "evidence", "description": "Custody, signed exports, legal holds and retention."},
    {"name": "operation", "description": "Health, figures and monthly quotas of the service."},
    {"name": "findings", "description": "What was found, and the day's figures."},
    {"name": "cases", "description": "What departments have to settle."},
    {"name": "events", "description": "What changed: the feed, server-sent events, webhooks."},
    {"name": "features", "description": "OGC API Features, for QGIS and other systems."},
    {"name": "statistics", "description": "Figures as the city reports them, and the map of many."},
    {"name": "reviews", "description": "The officers' queue, labels, and how good detectors are."},
]


STYLE = """\
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
body { color: #1d2733; background: #fff; }
h2 { margin-top: 3rem; border-bottom: 1px solid #c9d3de; }
h3 { margin-top: 2rem; }
code { background: #eef2f6; padding: 0.1em 0.3em; border-radius: 3px; }
table { border-collapse: collapse; }
td, th { padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top; }
"""


def finish(document: dict[str, Any]) -> dict[str, Any]:
    """Add what FastAPI does not know of: the form of errors, and the token."""
    components = document.setdefault("components", {})
    reference = "#/components/schemas/{model}"
    problem = Problem.model_json_schema(ref_template=reference)
    schemas = components.setdefault("schemas", {})
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}, {}]
    describe(document)
    return document


_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ doc.info.title }} API</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs.css"></head>
<body>
<h1>{{ doc.info.title }} API</h1><p>{{ doc.info.summary }}</p>
{% for paragraph in doc.info.description.split("\n\n") %}<p>{{ code(paragraph) }}</p>{% endfor %}
<p><a href="/api/v1/openapi.json">OpenAPI document</a></p>
{% for tag in doc.tags %}
<h2 id="{{ tag.name }}">{{ tag.name }}</h2><p>{{ tag.description }}</p>
{% for path, methods in doc.paths.items() %}
{% for method, operation in methods.items() if tag.name in operation.tags %}
<h3 id="{{ operation.operationId }}"><code>{{ method|upper }} {{ path }}</code></h3>
<p>{{ operation.summary }}. {{ code(operation.description) }}</p>
{% if operation.parameters %}<ul>
{% for given in operation.parameters %}{% set p = of(given) %}
<li><code>{{ p.name }}</code> ({{ p["in"] }}{{ ", required" if p.required }}) \
{{ p.description or p.schema.description }}</li>
{% endfor %}</ul>{% endif %}
{% if operation.requestBody %}<p>Body:
{% for kind, content in operation.requestBody.content.items() %}
{% set name = (content.schema["$ref"] or "").split("/")[-1] %}
<code>{{ kind }}</code> {% if name %}<a href="#{{ name }}">{{ name }}</a>{% endif %}
{% endfor %}</p>{% endif %}
<ul>
{% for status, said in operation.responses.items()|sort if status not in always %}
{% set response = of(said) %}
{% set content = (response.content or {})["application/json"] or {} %}
{% set name = ((content.schema or {})["$ref"] or "").split("/")[-1] %}
<li><code>{{ status }}</code> {% if name %}<a href="#{{ name }}">{{ name }}</a>
{% else %}{{ code(response.description) }}{% endif %}</li>
{% endfor %}</ul>
{% endfor %}{% endfor %}{% endfor %}
<h2>Schemas</h2>
{% for name, schema in doc.components.schemas.items() %}
<h3 id="{{ name }}">{{ name }}</h3><p>{{ schema.description }}</p>
<table><tr><th>field</th><th>type</th><th></th></tr>
{% for field, value in (schema.properties or {}).items() %}
<tr><td><code>{{ field }}</code>{{ " *" if field in (schema.required or []) }}</td>
<td>{{ kind(value) }}</td><td>{{ value.description }}</td></tr>
{% endfor %}</table>
{% endfor %}
</body></html>
""")


_ALWAYS = frozenset({"413", "415", "421", "429", "500"})
"""Every address may answer so; the page says it once."""


def page(document: dict[str, Any]) -> str:
    """The OpenAPI document as a page to read."""
    return _PAGE.render(
        doc=document, kind=_kind, code=_code, of=partial(_of, document), always=_ALWAYS
    )


def _of(document: dict[str, Any], thing: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to; the thing itself where it is none."""
    found: Any = thing
    if "$ref" in thing:
        found = document
        for part in str(thing["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
    result: dict[str, Any] = found
    return result


def _code(text: str) -> Markup:
    """Text whose `quoted` parts are shown as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string`, `list of FlightRow`, `number or null`."""
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or schema.get("const", "anything"))
